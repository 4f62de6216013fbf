/** One series a rule: what is measured in each window of a second, and the level after it. */
import { describe, expect, test } from "bun:test"
import { diagnose, initialDiagnosisState } from "../../../src/core/diagnosis/diagnose.ts"
import type { Finding } from "../../../src/core/diagnosis/finding.ts"
import { rules } from "../../../src/core/diagnosis/rules/index.ts"
import type { Loss } from "../../../src/core/model/survey-loss.ts"
import { missing, reading } from "../../../src/core/sample/sample.ts"
import { type EvidenceSpec, evidenceOf, link, type Rises, udpSocket } from "../../support/evidence.ts"

/** The level after each window: `-` is nothing, `?` is not measured. With what the last window names. */
function judge(id: string, series: readonly EvidenceSpec[]): { levels: string; finding: Finding | undefined } {
  const only = rules.filter((rule) => rule.id === id)
  let state = initialDiagnosisState
  let at = 1_000_000
  let finding: Finding | undefined
  const levels = series.map((spec) => {
    at += spec.elapsedMs ?? 1_000
    const judged = diagnose(evidenceOf({ at, ...spec }), state, { rules: only })
    state = judged.state
    finding = judged.diagnosis.findings[0]
    return finding?.severity ?? (judged.diagnosis.unknown.length > 0 ? "?" : "-")
  })
  return { levels: levels.join(" "), finding }
}

const counters = (rises: Rises): EvidenceSpec => ({ rises })
const survey = (given: NonNullable<EvidenceSpec["survey"]>): EvidenceSpec => ({ survey: given })
const tally = (count: number, who: object = {}) => ({ count, ...(count === 0 ? {} : { worst: { count, ...who } }) })
const conntrack = (rates: object, count = 10, max = 100): EvidenceSpec => ({
  conntrack: reading({ count, max }),
  conntrackRates: reading({
    dropPerSecond: 0,
    earlyDropPerSecond: 0,
    insertFailedPerSecond: 0,
    invalidPerSecond: 0,
    ...rates,
  }),
})
const times = (n: number, spec: EvidenceSpec) => Array.from({ length: n }, () => spec)
const calm: EvidenceSpec = {}

const loss = (given: Partial<Loss>): Loss => ({
  sentBytes: 0,
  retransmittedBytes: 0,
  segmentCount: 0,
  lossyCount: 0,
  sendingCount: 0,
  ...given,
})

const established = (count: number) => ({ establishedCount: count })
const queue = (dropped: number) => ({
  queues: reading([
    {
      device: "eth0",
      kind: "tbf",
      drops: { before: 5, after: 5 + dropped },
      overlimits: 0,
      packets: 900,
      backlogBytes: 4_000,
    },
  ]),
})
const neighbours = (entryCount: number, refused = 0) => ({
  neighbours: reading([{ family: "IPv4" as const, entryCount, entriesMax: 1_024, refused }]),
})
const dropRule = (packets: number, waiting = 0): EvidenceSpec => ({
  dropRules: reading([
    { family: "inet", table: "filter", chain: "input", handle: 4, packets: { before: 10, after: 10 + packets } },
  ]),
  survey: { synSent: tally(waiting) },
})
const cpus = (first: number, second: number) => ({
  softirq: reading([
    { cpu: 0, percent: first },
    { cpu: 1, percent: second },
  ]),
})
const softnet = (dropped: number) => ({
  softnet: reading([
    { cpu: 0, dropped: { before: 0, after: 0 } },
    { cpu: 1, dropped: { before: 3, after: 3 + dropped } },
  ]),
})
const asked = { remoteAddress: "10.0.0.53", remotePort: 53, isWaiting: true }
const dns = (lookups: number, sent: number, received: number): EvidenceSpec => ({
  udp: reading(Array.from({ length: lookups }, (_, i) => udpSocket({ ...asked, cookie: String(i) }))),
  rises: { "Udp.OutDatagrams": sent, "Udp.InDatagrams": received },
})
const interfaceAt = (usedPercent: number): EvidenceSpec => ({
  interface: reading({
    name: "eth0",
    rxErrors: 0,
    txErrors: 0,
    rxDropped: 0,
    txDropped: 0,
    speedBitsPerSecond: 1e9,
    rates: { rxBytesPerSecond: 1, txBytesPerSecond: 1, rxPacketsPerSecond: 1, txPacketsPerSecond: 1, usedPercent },
  }),
})
const api = { process: "api", pid: 7, port: 8080 }
const note = { source: "processes", text: "some process names are missing" }

interface Series {
  readonly windows: readonly EvidenceSpec[]
  readonly levels: string
  /** What the last window must name; nothing where it names nobody. */
  readonly culprit?: Readonly<Record<string, unknown>>
}

const series: Readonly<Record<string, readonly Series[]>> = {
  "accept-queue-overflow": [
    {
      windows: [
        ...times(2, {
          ...counters({ "TcpExt.ListenOverflows": 2 }),
          ...survey({ fullListeners: [{ ...api, queued: 9, backlog: 8 }] }),
        }),
        ...times(2, {
          ...counters({ "TcpExt.ListenOverflows": 9 }),
          ...survey({ fullListeners: [{ ...api, queued: 9, backlog: 8 }] }),
        }),
      ],
      levels: "- warn warn crit",
      culprit: api,
    },
    // Nobody knocks any more, and the queue is still full.
    {
      windows: times(2, survey({ fullListeners: [{ ...api, queued: 9, backlog: 8 }] })),
      levels: "- warn",
      culprit: api,
    },
    {
      windows: [counters({ "TcpExt.ListenOverflows": 9 }), calm, counters({ "TcpExt.ListenOverflows": 9 })],
      levels: "- - -",
    },
  ],
  "syn-flood": [
    {
      windows: [...times(2, counters({ "TcpExt.TCPReqQFullDoCookies": 3 })), ...times(2, calm)],
      levels: "- warn warn -",
    },
    // The original's condition: more than 100 half-open connections.
    {
      windows: times(2, survey({ synReceived: { ...tally(101, { port: 443 }), peerCount: 90 } })),
      levels: "- crit",
      culprit: { port: 443 },
    },
    { windows: times(2, survey({ synReceived: { ...tally(100), peerCount: 90 } })), levels: "- -" },
  ],
  "conntrack-full": [
    { windows: times(2, conntrack({ dropPerSecond: 0.5 })), levels: "- warn" },
    { windows: times(2, conntrack({ dropPerSecond: 60 })), levels: "- crit" },
    { windows: times(2, conntrack({}, 100, 100)), levels: "- warn" },
    { windows: times(2, { conntrackRates: missing("the kernel refused (EPERM)") }), levels: "? ?" },
  ],
  "conntrack-near-full": [
    {
      windows: [60, 75, 75, 86, 86, 82, 79, 79, 66, 64, 64].map((count) => conntrack({}, count)),
      levels: "- - warn warn crit crit crit warn warn warn -",
    },
    { windows: times(2, conntrack({}, 5, 0)), levels: "? ?" },
  ],
  "conntrack-insert-race": [
    {
      windows: times(2, { ...conntrack({ insertFailedPerSecond: 2 }), udp: reading([udpSocket(asked)]) }),
      levels: "- warn",
      culprit: { peerPort: 53 },
    },
    { windows: times(2, conntrack({ insertFailedPerSecond: 2 }, 100, 100)), levels: "- -" },
  ],
  "conntrack-invalid": [
    { windows: times(2, { ...conntrack({ invalidPerSecond: 12 }), rises: { "Tcp.OutRsts": 12 } }), levels: "- warn" },
    { windows: times(2, conntrack({ invalidPerSecond: 12 })), levels: "- -" },
  ],
  "path-loss": [
    // The original's gate and levels: 20 established and 60 segments a second; 2 and 5 percent.
    {
      windows: [
        ...times(2, { rises: { "Tcp.RetransSegs": 3, "TcpExt.TCPOrigDataSent": 100 }, survey: established(20) }),
        ...times(2, { rises: { "Tcp.RetransSegs": 6, "TcpExt.TCPOrigDataSent": 100 }, survey: established(20) }),
      ],
      levels: "- warn warn crit",
    },
    // LOW SAMPLE.
    {
      windows: times(2, { rises: { "Tcp.RetransSegs": 9, "TcpExt.TCPOrigDataSent": 100 }, survey: established(19) }),
      levels: "- -",
    },
    {
      windows: times(2, { rises: { "Tcp.RetransSegs": 9, "TcpExt.TCPOrigDataSent": 59 }, survey: established(20) }),
      levels: "- -",
    },
    // A SYN that is sent again is no loss on a path.
    {
      windows: times(2, {
        rises: { "Tcp.RetransSegs": 9, "TcpExt.TCPSynRetrans": 9, "TcpExt.TCPOrigDataSent": 100 },
        survey: established(20),
      }),
      levels: "- -",
    },
    // Few connections, seen to the byte; the loss is one peer's.
    {
      windows: times(
        2,
        survey({
          establishedCount: 3,
          loss: loss({
            sentBytes: 600_000,
            retransmittedBytes: 10_000,
            segmentCount: 400,
            lossyCount: 1,
            sendingCount: 3,
            worst: { peer: "192.0.2.9", share: 1 },
            peer: { sentBytes: 200_000, retransmittedBytes: 10_000, segmentCount: 140 },
          }),
        }),
      ),
      levels: "- crit",
      culprit: { peer: "192.0.2.9" },
    },
    // One of three segments is an accident.
    {
      windows: times(2, survey({ loss: loss({ sentBytes: 3_000, retransmittedBytes: 1_000, segmentCount: 3 }) })),
      levels: "- -",
    },
  ],
  "upstream-unreachable": [
    {
      windows: [4, 5, 5, 3, 1, 1].map((n) => survey({ synSent: tally(n, { peer: "192.0.2.1", peerPort: 5432 }) })),
      levels: "- - warn warn warn -",
    },
    {
      windows: times(2, survey({ synSent: tally(9, { peer: "192.0.2.1", peerPort: 5432 }) })),
      levels: "- warn",
      culprit: { peer: "192.0.2.1", peerPort: 5432 },
    },
  ],
  reordering: [
    { windows: times(2, counters({ "Tcp.RetransSegs": 60, "TcpExt.TCPDSACKRecv": 55 })), levels: "- warn" },
    { windows: times(2, counters({ "Tcp.RetransSegs": 60, "TcpExt.TCPDSACKRecv": 5 })), levels: "- -" },
    // Probes of the tail that came too early.
    {
      windows: times(2, counters({ "Tcp.RetransSegs": 60, "TcpExt.TCPDSACKRecv": 60, "TcpExt.TCPLossProbes": 60 })),
      levels: "- -",
    },
    { windows: times(2, counters({ "Tcp.RetransSegs": 5, "TcpExt.TCPDSACKRecv": 5 })), levels: "- -" },
  ],
  bufferbloat: [
    {
      windows: times(2, {
        survey: { inflated: { ...tally(6, { localAddress: "10.0.0.1" }), activeCount: 8 } },
        devices: { "10.0.0.1": "eth0" },
      }),
      levels: "- warn",
      culprit: { interface: "eth0" },
    },
    { windows: times(2, survey({ inflated: { ...tally(6), activeCount: 100 } })), levels: "- -" },
  ],
  "peer-reads-slowly": [
    {
      windows: [...times(2, survey({ peerReaders: tally(1, { peer: "192.0.2.2" }) }))],
      levels: "- warn",
      culprit: { peer: "192.0.2.2" },
    },
    { windows: times(2, counters({ "TcpExt.TCPFromZeroWindowAdv": 900 })), levels: "- -" },
  ],
  "local-reads-slowly": [
    { windows: times(2, survey({ localReaders: tally(1, api) })), levels: "- warn", culprit: api },
    // Counters without a socket that is behind are no finding.
    { windows: times(2, counters({ "TcpExt.TCPToZeroWindowAdv": 1_484, "TcpExt.PruneCalled": 900 })), levels: "- -" },
  ],
  "send-buffer-limited": [
    { windows: [...times(2, survey({ sendBuffers: tally(1, api) })), ...times(2, calm)], levels: "- warn warn -" },
  ],
  "close-wait-leak": [
    // The original's condition: more than 100.
    { windows: times(2, survey({ closeWait: tally(101, api) })), levels: "- crit", culprit: api },
    { windows: times(3, survey({ closeWait: tally(100, api) })), levels: "- - -" },
    // Growing and never falling, for half a minute.
    {
      windows: Array.from({ length: 30 }, (_, i) => survey({ closeWait: tally(1 + i, api) })),
      levels: `${"- ".repeat(25)}warn warn warn warn warn`,
      culprit: api,
    },
    // Up and down is how a busy program looks.
    {
      windows: Array.from({ length: 40 }, (_, i) => survey({ closeWait: tally(20 + (i % 7) * 5, api) })),
      levels: Array(40).fill("-").join(" "),
    },
    // Half of its descriptors.
    {
      windows: times(2, {
        ...survey({ closeWait: tally(60, api) }),
        descriptors: reading([{ pid: 7, process: "api", openCount: 80, openMax: 100 }]),
      }),
      levels: "- warn",
    },
  ],
  "time-wait-pileup": [
    { windows: times(2, counters({ "TcpExt.TCPTimeWaitOverflow": 40 })), levels: "- warn" },
    // By itself it is harmless, however many there are.
    { windows: times(2, survey({ timeWaitCount: 30_000 })), levels: "- -" },
    {
      windows: times(
        2,
        survey({ timeWaitCount: 20_000, portUse: { peer: "192.0.2.1", peerPort: 80, used: 20_000, timeWait: 20_000 } }),
      ),
      levels: "- warn",
    },
  ],
  "ephemeral-ports-exhausted": [
    {
      windows: [15_000, 20_000, 20_000, 26_000, 26_000].map((used) =>
        survey({ portUse: { peer: "192.0.2.1", peerPort: 5432, used, timeWait: 0 } }),
      ),
      levels: "- - warn warn crit",
      culprit: { peer: "192.0.2.1", peerPort: 5432 },
    },
    { windows: times(2, { portRange: missing("no /proc") }), levels: "? ?" },
  ],
  "reset-storm": [
    // What is usual has to be known first.
    { windows: times(2, counters({ "Tcp.OutRsts": 500 })), levels: "? ?" },
    {
      windows: [...times(20, counters({ "Tcp.OutRsts": 1 })), ...times(9, counters({ "Tcp.OutRsts": 200 }))],
      levels: `${"? ".repeat(4)}${"- ".repeat(19)}warn warn warn warn warn warn`,
    },
    // As many as ever.
    {
      windows: times(30, counters({ "Tcp.OutRsts": 200 })),
      levels: `${"? ".repeat(4)}${Array(26).fill("-").join(" ")}`,
    },
  ],
  "half-open-peers": [
    {
      windows: times(2, survey({ establishedCount: 10, stalled: tally(2, { peer: "192.0.2.3" }) })),
      levels: "- warn",
      culprit: { peer: "192.0.2.3" },
    },
    // Every public service has some.
    { windows: times(2, survey({ establishedCount: 10_000, stalled: tally(9) })), levels: "- -" },
  ],
  "orphan-pressure": [
    {
      windows: [240, 260, 260, 220, 190, 190].map((orphan) => ({
        socketStatistics: reading({ TCP: { orphan, mem: 0 } }),
      })),
      levels: "- - warn warn warn -",
    },
    { windows: times(2, { socketStatistics: reading({ TCP: { orphan: 600, mem: 0 } }) }), levels: "- crit" },
    // The original's condition: more than 100 in FIN_WAIT1.
    {
      windows: times(2, survey({ finWait1: tally(101, { peer: "192.0.2.4" }) })),
      levels: "- warn",
      culprit: { peer: "192.0.2.4" },
    },
    { windows: times(2, { orphansMax: missing("only in the host's own namespace") }), levels: "? ?" },
  ],
  "tcp-memory-pressure": [
    {
      windows: [990, 1_000, 1_000, 1_360, 1_360].map((mem) => ({ socketStatistics: reading({ TCP: { mem } }) })),
      levels: "- - warn warn crit",
    },
    {
      windows: times(2, {
        tcpMemory: missing("another namespace"),
        isTcpPressed: reading(true),
        ...survey({ memory: { process: "api", pid: 7, bytes: 9e6 } }),
      }),
      levels: "- warn",
      culprit: { process: "api", pid: 7 },
    },
    {
      windows: times(2, { tcpMemory: missing("another namespace"), isTcpPressed: missing("no /proc") }),
      levels: "? ?",
    },
  ],
  "softnet-drops": [{ windows: [softnet(20), softnet(20), softnet(0), softnet(0)], levels: "- warn warn -" }],
  "softirq-one-cpu": [
    { windows: times(2, cpus(97, 3)), levels: "- warn", culprit: { cpu: 0 } },
    { windows: times(2, cpus(97, 60)), levels: "- -" },
  ],
  "nic-receive-loss": [
    {
      windows: times(2, { links: reading([link({ rxMissed: 5, rxPackets: 100 })]) }),
      levels: "- warn",
      culprit: { interface: "eth0" },
    },
    { windows: times(2, { links: reading([link({ rxDropped: 50, rxPackets: 1_000 })]) }), levels: "- warn" },
    // Stray protocols on a quiet network.
    { windows: times(2, { links: reading([link({ rxDropped: 2, rxPackets: 40 })]) }), levels: "- -" },
  ],
  "link-errors": [
    {
      windows: times(2, { links: reading([link({ rxErrors: 30, rxPackets: 1_000 })]) }),
      levels: "- warn",
      culprit: { interface: "eth0" },
    },
    { windows: times(2, { links: reading([link({ rxErrors: 1, rxPackets: 1_000 })]) }), levels: "- -" },
    { windows: times(3, { links: reading([link({ carrierChanges: 2 })]) }), levels: "- - warn" },
    // Switched off once is no trouble of the link.
    {
      windows: [{ links: reading([link({ carrierChanges: 1 })]) }, ...times(3, { links: reading([link({})]) })],
      levels: "- - - -",
    },
  ],
  "interface-saturated": [
    { windows: [80, 91, 91, 87, 84, 84].map(interfaceAt), levels: "- - warn warn warn -" },
    { windows: times(2, calm), levels: "? ?" },
  ],
  "egress-queue-drops": [{ windows: [queue(50), queue(50), queue(0), queue(0)], levels: "- warn warn -" }],
  "cloud-allowance-exceeded": [{ windows: times(2, calm), levels: "? ?" }],
  "udp-receive-loss": [
    {
      windows: times(2, {
        ...counters({ "Udp.RcvbufErrors": 40 }),
        udp: reading([udpSocket({ process: "statsd", pid: 9, localPort: 8125, drops: 50, dropsBefore: 10 })]),
      }),
      levels: "- warn",
      culprit: { process: "statsd", pid: 9, port: 8125 },
    },
    { windows: times(2, counters({ "Udp.RcvbufErrors": 4 })), levels: "- -" },
  ],
  "udp-no-port": [
    { windows: times(2, counters({ "Udp.NoPorts": 20, "Udp.InDatagrams": 20 })), levels: "- warn" },
    { windows: times(2, counters({ "Udp.NoPorts": 20, "Udp.InDatagrams": 900 })), levels: "- -" },
    { windows: times(2, counters({ "Udp.SndbufErrors": 20 })), levels: "- warn" },
  ],
  "neighbour-table-overflow": [
    { windows: [700, 800, 800, 1_000, 1_000].map((n) => neighbours(n)), levels: "- - warn warn crit" },
    { windows: times(2, neighbours(100, 3)), levels: "- crit" },
  ],
  "path-mtu-black-hole": [
    {
      windows: times(2, survey({ blackHoles: tally(1, { peer: "192.0.2.5" }) })),
      levels: "- warn",
      culprit: { peer: "192.0.2.5" },
    },
  ],
  "mtu-mismatch": [
    { windows: times(2, counters({ "Ip.FragFails": 4 })), levels: "- warn" },
    { windows: times(2, survey({ smallPaths: { ...tally(5), comparedCount: 6 } })), levels: "- warn" },
    // A few clients behind tunnels.
    { windows: times(2, survey({ smallPaths: { ...tally(5), comparedCount: 60 } })), levels: "- -" },
  ],
  "fragments-lost": [{ windows: times(2, counters({ "Ip.ReasmFails": 3 })), levels: "- warn" }],
  "no-route": [
    { windows: times(2, counters({ "Ip.OutNoRoutes": 5 })), levels: "- warn" },
    { windows: times(2, counters({ "TcpExt.IPReversePathFilter": 5 })), levels: "- warn" },
  ],
  "socket-backlog-drops": [
    { windows: times(2, counters({ "TcpExt.TCPBacklogDrop": 5 })), levels: "- warn" },
    { windows: times(2, counters({ "TcpExt.TCPRcvQDrop": 5 })), levels: "- -" },
    {
      windows: times(2, { ...counters({ "TcpExt.TCPRcvQDrop": 5 }), ...survey({ localReaders: tally(1, api) }) }),
      levels: "- warn",
      culprit: api,
    },
  ],
  "checksum-errors": [{ windows: times(2, counters({ "Tcp.InCsumErrors": 2 })), levels: "- warn" }],
  "traffic-spike": [
    { windows: times(2, { links: reading([link({ rxPackets: 90_000 })]) }), levels: "? ?" },
    {
      windows: [
        ...times(20, { links: reading([link({ rxPackets: 20 })]) }),
        ...times(10, { links: reading([link({ rxPackets: 4_000 })]) }),
      ],
      levels: `${"? ".repeat(14)}${"- ".repeat(9)}warn warn warn warn warn warn warn`,
    },
    // The loopback is nobody's traffic.
    {
      windows: times(20, { links: reading([{ ...link({ rxPackets: 90_000 }, "lo"), isLoopback: true }]) }),
      levels: `${"? ".repeat(14)}- - - - - -`,
    },
  ],
  "connection-churn": [
    {
      windows: times(2, {
        ...counters({ "Tcp.PassiveOpens": 1_500 }),
        ...survey({ cameIn: { count: 100, worst: { ...api, count: 95 } } }),
      }),
      levels: "- warn",
      culprit: api,
    },
    // The same opens spread over many services.
    {
      windows: times(2, {
        ...counters({ "Tcp.PassiveOpens": 1_500 }),
        ...survey({ cameIn: { count: 100, worst: { ...api, count: 30 } } }),
      }),
      levels: "- -",
    },
    { windows: [counters({ "Tcp.PassiveOpens": 5_000 }), calm, calm], levels: "- - -" },
  ],
  "dns-failing": [
    { windows: times(3, dns(3, 4, 0)), levels: "- warn warn", culprit: { peer: "10.0.0.53", peerPort: 53 } },
    // Sockets that a forwarder keeps open, and that are answered.
    { windows: times(3, dns(3, 50, 50)), levels: "- - -" },
    { windows: times(3, dns(3, 0, 0)), levels: "- - -" },
    {
      windows: times(3, { ...dns(0, 10, 0), unansweredDns: [{ server: "10.0.0.53", count: 40 }] }),
      levels: "- warn warn",
    },
  ],
  "firewall-drops": [
    { windows: times(2, dropRule(12)), levels: "- warn", culprit: { rule: "inet filter input handle 4" } },
    // Some packets of scans are dropped on every public host.
    { windows: times(3, dropRule(3)), levels: "- - -" },
    // The repetitions of a SYN come seconds apart.
    { windows: [dropRule(1, 1), dropRule(0, 1), dropRule(1, 1), dropRule(0, 1)], levels: "- warn warn warn" },
    { windows: times(2, { dropRules: missing("the kernel refused (EPERM)") }), levels: "? ?" },
  ],
  "descriptor-limit": [
    {
      windows: [70, 85, 85, 96, 96].map((openCount) => ({
        descriptors: reading([{ pid: 7, process: "api", openCount, openMax: 100 }]),
      })),
      levels: "- - warn warn crit",
      culprit: { pid: 7, process: "api" },
    },
    { windows: times(2, { files: reading({ openCount: 96, openMax: 100 }) }), levels: "- crit" },
  ],
  "clock-wrong": [
    { windows: times(2, { clock: reading({ isKept: true, offsetUs: -60_000 }) }), levels: "- warn" },
    // A clock that nobody keeps has no measured offset.
    { windows: times(2, { clock: reading({ isKept: false, offsetUs: 90_000 }) }), levels: "- -" },
  ],
  "observer-degraded": [
    { windows: times(2, { notes: [note], ...survey({ heldCount: 20, knownCount: 9 }) }), levels: "- warn" },
    { windows: times(2, { notes: [note], ...survey({ heldCount: 100, knownCount: 99 }) }), levels: "- -" },
    { windows: times(2, { notes: [{ source: "sockets", text: "3 sockets could not be read" }] }), levels: "- warn" },
    // Accounting that is switched off is a note beside the figures.
    { windows: times(2, { notes: [{ source: "conntrack", text: "accounting is off" }] }), levels: "- -" },
  ],
}

describe.each(rules.map(({ id }) => id))("%s", (id) => {
  test.each((series[id] ?? []).map((each, i) => [i + 1, each] as const))(
    "series %d",
    (_, { windows, levels, culprit }) => {
      const judged = judge(id, windows)
      expect(judged.levels).toBe(levels)
      if (culprit !== undefined) expect(judged.finding?.culprit).toMatchObject({ netns: "host", ...culprit })
    },
  )
})

test("every rule has a series", () => expect(Object.keys(series).sort()).toEqual(rules.map(({ id }) => id).sort()))

test("without any counter every rule that reads one says so", () => {
  const { diagnosis } = diagnose(evidenceOf({ counters: missing("no /proc") }), initialDiagnosisState, { rules })
  const reasons = diagnosis.unknown.filter(({ reason }) => reason === "no /proc").map(({ id }) => id)
  expect(reasons).toContain("accept-queue-overflow")
  expect(reasons.length).toBeGreaterThan(12)
})
