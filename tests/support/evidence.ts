/** Builder: the evidence of one window, in which nothing happens but what a test names. */
import { defaultThresholds, type Thresholds } from "../../src/core/config/thresholds.ts"
import type { CounterName } from "../../src/core/diagnosis/measure.ts"
import { EMPTY_SURVEY, type Evidence, type LinkRise, type Scope, type UdpRise } from "../../src/core/model/evidence.ts"
import type { SocketSurvey } from "../../src/core/model/socket-survey.ts"
import { reading } from "../../src/core/sample/sample.ts"

/** Every counter that a rule reads stands at this before the window. */
const BEFORE = 1_000

const known: readonly CounterName[] = [
  "Ip.FragFails",
  "Ip.OutNoRoutes",
  "Ip.ReasmFails",
  "IpExt.InNoRoutes",
  "IcmpMsg.InType3",
  "Tcp.ActiveOpens",
  "Tcp.AttemptFails",
  "Tcp.EstabResets",
  "Tcp.InCsumErrors",
  "Tcp.OutRsts",
  "Tcp.OutSegs",
  "Tcp.PassiveOpens",
  "Tcp.RetransSegs",
  "TcpExt.IPReversePathFilter",
  "TcpExt.ListenDrops",
  "TcpExt.ListenOverflows",
  "TcpExt.PruneCalled",
  "TcpExt.TCPBacklogDrop",
  "TcpExt.TCPDSACKRecv",
  "TcpExt.TCPLossProbes",
  "TcpExt.TCPOrigDataSent",
  "TcpExt.TCPRcvQDrop",
  "TcpExt.TCPReqQFullDoCookies",
  "TcpExt.TCPReqQFullDrop",
  "TcpExt.TCPSynRetrans",
  "TcpExt.TCPTimeWaitOverflow",
  "TcpExt.TCPToZeroWindowAdv",
  "TcpExt.TCPWqueueTooBig",
  "TcpExt.TCPMTUPFail",
  "TcpExt.TCPMemoryPressures",
  "TcpExt.TCPFromZeroWindowAdv",
  "TcpExt.TCPTimeouts",
  "TcpExt.TCPAbortOnMemory",
  "Udp.InDatagrams",
  "Udp.NoPorts",
  "Udp.OutDatagrams",
  "Udp.RcvbufErrors",
  "Udp.SndbufErrors",
]

export type Rises = Readonly<Partial<Record<CounterName, number>>>

function counters(given: Rises): Scope["counters"] {
  const now: Record<string, Record<string, number>> = {}
  const before: Record<string, Record<string, number>> = {}
  for (const name of new Set([...known, ...(Object.keys(given) as CounterName[])])) {
    const [group = "", counter = ""] = name.split(".")
    const rise = given[name] ?? 0
    now[group] = { ...now[group], [counter]: BEFORE + rise }
    before[group] = { ...before[group], [counter]: BEFORE }
  }
  return reading({ now, before })
}

export interface ScopeSpec extends Partial<Omit<Scope, "counters" | "survey">> {
  rises?: Rises
  survey?: Partial<SocketSurvey>
  /** In place of what `rises` makes. */
  counters?: Scope["counters"]
}

export function scopeOf({ rises = {}, survey = {}, ...rest }: ScopeSpec = {}): Scope {
  return {
    netns: "host",
    isOwn: true,
    counters: counters(rises),
    survey: reading({ ...EMPTY_SURVEY, ...survey }),
    portRange: reading({ from: 32_768, to: 60_999, reservedCount: 0 }),
    links: reading([]),
    queues: reading([]),
    conntrack: reading({ count: 0, max: 262_144 }),
    conntrackRates: reading({
      dropPerSecond: 0,
      earlyDropPerSecond: 0,
      insertFailedPerSecond: 0,
      invalidPerSecond: 0,
    }),
    dropRules: reading([]),
    udp: reading([]),
    unansweredDns: [],
    ...rest,
  }
}

export interface EvidenceSpec extends Partial<Omit<Evidence, "scopes">>, ScopeSpec {
  /** Namespaces besides our own. */
  others?: readonly ScopeSpec[]
}

const scopeFields = [
  "netns",
  "isOwn",
  "counters",
  "rises",
  "survey",
  "portRange",
  "links",
  "queues",
  "conntrack",
  "conntrackRates",
  "dropRules",
  "udp",
  "unansweredDns",
] as const satisfies readonly (keyof ScopeSpec)[]

export function evidenceOf({ others = [], ...spec }: EvidenceSpec = {}): Evidence {
  const own = Object.fromEntries(
    Object.entries(spec).filter(([name]) => (scopeFields as readonly string[]).includes(name)),
  )
  const host = Object.fromEntries(
    Object.entries(spec).filter(([name]) => !(scopeFields as readonly string[]).includes(name)),
  )
  return {
    at: 1_000_000,
    elapsedMs: 1_000,
    thresholds: defaultThresholds,
    interface: reading({ name: "eth0", rxErrors: 0, txErrors: 0, rxDropped: 0, txDropped: 0 }),
    scopes: [scopeOf(own), ...others.map((other) => scopeOf({ isOwn: false, ...other }))],
    socketStatistics: reading({ TCP: { mem: 0, orphan: 0 } }),
    softnet: reading([]),
    softirq: reading([]),
    tcpMemory: reading({ pressurePages: 1_000, highPages: 1_500 }),
    isTcpPressed: reading(false),
    orphansMax: reading(1_000),
    neighbours: reading([]),
    clock: reading({ isKept: true, offsetUs: 0 }),
    files: reading({ openCount: 10, openMax: 1_000_000 }),
    descriptors: reading([]),
    devices: {},
    notes: [],
    socketsReading: reading(true),
    ...host,
  }
}

export const rule = (id: string, given: Thresholds["rules"][string]): Thresholds => ({
  ...defaultThresholds,
  rules: { [id]: given },
})

export const link = (rises: LinkRise["rises"], name = "eth0"): LinkRise => ({
  index: 2,
  name,
  isLoopback: false,
  mtu: 1_500,
  rises,
})

export const udpSocket = (given: Partial<UdpRise>): UdpRise => ({
  cookie: "1",
  localAddress: "10.0.0.1",
  localPort: 40_000,
  remoteAddress: "0.0.0.0",
  remotePort: 0,
  receiveQueue: 0,
  inode: 1,
  drops: 0,
  dropsBefore: 0,
  isWaiting: false,
  ...given,
})
