/** From two samples to what the rules judge: the whole way that a look takes, without a kernel. */
import { describe, expect, test } from "bun:test"
import { defaultThresholds } from "../../../src/core/config/thresholds.ts"
import { riseOf } from "../../../src/core/model/counter-difference.ts"
import { deriveEvidence, type Scope } from "../../../src/core/model/evidence.ts"
import { deriveModel } from "../../../src/core/model/model.ts"
import { createRateTable } from "../../../src/core/model/rates.ts"
import type { SocketSurvey } from "../../../src/core/model/socket-survey.ts"
import type { Grounds } from "../../../src/core/sample/grounds.ts"
import { linkPrevious } from "../../../src/core/sample/link.ts"
import { missing, type ProtocolCounters, reading, type Sample } from "../../../src/core/sample/sample.ts"
import type { TcpInfo } from "../../../src/core/wire/tcp-info.ts"
import { owner, sampleOf } from "../../support/connections.ts"
import { type SocketSpec, tableOf } from "../../support/sockets.ts"

interface Spec extends SocketSpec {
  process?: string
  /** As it was in the look before; absent: born since. */
  was?: Partial<SocketSpec>
}

const info = (given: Partial<TcpInfo>): Pick<SocketSpec, "info"> => ({
  info: {
    sendMss: 1_448,
    pathMtu: 1_500,
    rtoUs: 200_000,
    rttUs: 1_000,
    minRttUs: 900,
    bytesSent: 0,
    bytesRetransmitted: 0,
    duplicateSacks: 0,
    reorderSeen: 0,
    ...given,
  },
})

function evidence(specs: readonly Spec[], more: (sample: Sample, isSecond: boolean) => Sample = (sample) => sample) {
  const withCookies = specs.map((spec, i) => ({ cookie: BigInt(i + 1), ...spec }))
  const socket = ({ process: _, was: _was, ...rest }: Spec) => rest
  const before = tableOf(
    withCookies.filter(({ was }) => was !== undefined).map((spec) => ({ ...socket(spec), ...spec.was })),
  )
  const table = tableOf(withCookies.map(socket))
  linkPrevious(table, before)
  const owners = withCookies.map(({ process = "" }, i) => owner(process, 100 + i))
  for (const [row, { process }] of withCookies.entries()) table.owner[row] = process === undefined ? -1 : row
  const previous = more(sampleOf(before, [], 1_000_000), false)
  const sample = more(sampleOf(table, owners, 1_001_000), true)
  const model = deriveModel({ sample, previous, into: createRateTable(), thresholds: defaultThresholds })
  return deriveEvidence({ sample, previous, model, thresholds: defaultThresholds })
}

function survey(specs: readonly Spec[]): SocketSurvey {
  const { survey: found } = evidence(specs).scopes[0]!
  if (!found.ok) throw new Error(found.reason)
  return found.value
}

describe("sockets in trouble", () => {
  test("a listener whose queue is over its backlog, with its process", () => {
    const listeners = survey([
      { state: "LISTEN", local: "0.0.0.0:80", receiveQueue: 9, sendQueue: 8, process: "api" },
      { state: "LISTEN", local: "0.0.0.0:81", receiveQueue: 8, sendQueue: 8, process: "fine" },
    ]).fullListeners
    expect(listeners).toMatchObject([{ process: "api", port: 80, queued: 9, backlog: 8 }])
  })

  test("SYNs that were sent more than once, by destination", () => {
    const waiting = (remote: string): Spec => ({
      state: "SYN_SENT",
      remote,
      ...info({ retransmits: 1, backoff: 1 }),
      process: "app",
    })
    const { synSent } = survey([
      waiting("192.0.2.1:5432"),
      waiting("192.0.2.1:5432"),
      waiting("192.0.2.2:5432"),
      { state: "SYN_SENT", remote: "192.0.2.3:5432", ...info({}) },
    ])
    expect(synSent).toMatchObject({ count: 3, worst: { count: 2, peer: "192.0.2.1", peerPort: 5432 } })
  })

  test("a reader that does nothing with a full queue, and not one whose queue is short", () => {
    const reader = (receiveQueue: number, process: string): Spec => ({
      ...info({ bytesReceived: 200_000 }),
      memory: { receiveBuffer: 131_072, receiveAllocated: receiveQueue },
      receiveQueue,
      was: { receiveQueue },
      process,
    })
    expect(survey([reader(127_056, "stuck"), reader(900, "fine")]).localReaders).toMatchObject({
      count: 1,
      worst: { process: "stuck" },
    })
  })

  test("a reader that falls behind, and not one that keeps up at any rate", () => {
    const reader = (received: number, queue: number, process: string): Spec => ({
      ...info({ bytesReceived: received }),
      memory: { receiveBuffer: 6_000_000 },
      receiveQueue: queue,
      was: { ...info({ bytesReceived: 0 }), receiveQueue: 0 },
      process,
    })
    expect(survey([reader(100_000, 90_000, "slow"), reader(1e9, 90_000, "fast")]).localReaders).toMatchObject({
      count: 1,
      worst: { process: "slow" },
    })
  })

  test("a peer whose window is closed while nothing moves", () => {
    const { peerReaders } = survey([
      { remote: "192.0.2.1:9", timer: 4, ...info({ backoff: 2, bytesAcked: 5 }), was: {} },
      // It opens now and then.
      { remote: "192.0.2.2:9", timer: 4, ...info({ backoff: 2, bytesAcked: 50_000 }), was: info({ bytesAcked: 5 }) },
    ])
    expect(peerReaders).toMatchObject({ count: 1, worst: { peer: "192.0.2.1" } })
  })

  test("a bulk transfer that the peer's window holds at a high rate is no slow reader", () => {
    const fast = {
      ...info({ bytesAcked: 90e6, busyTimeUs: 1e6, receiveWindowLimitedUs: 9e5 }),
      was: info({ bytesAcked: 0 }),
    }
    const slow = {
      ...info({ bytesAcked: 90e3, busyTimeUs: 1e6, receiveWindowLimitedUs: 9e5 }),
      was: info({ bytesAcked: 0 }),
    }
    expect(survey([fast]).peerReaders.count).toBe(0)
    expect(survey([slow]).peerReaders.count).toBe(1)
  })

  test("peers that are gone, apart from paths that swallow full-size segments", () => {
    const stalled = { unacked: 5, retransmits: 4, backoff: 4, rtoUs: 3_200_000, lastAckReceivedMs: 6_000 }
    const { stalled: gone, blackHoles } = survey([
      { remote: "192.0.2.1:9", ...info({ ...stalled, bytesAcked: 9e6 }), sendQueue: 9_000 },
      { remote: "192.0.2.2:9", ...info({ ...stalled, bytesAcked: 300 }), sendQueue: 9_000 },
    ])
    expect(gone.worst).toMatchObject({ peer: "192.0.2.1" })
    expect(blackHoles.worst).toMatchObject({ peer: "192.0.2.2" })
  })

  test("loss by peer, connections born in the window included", () => {
    const { loss } = survey([
      {
        remote: "192.0.2.1:9",
        ...info({ bytesSent: 300_000, bytesRetransmitted: 30_000 }),
        was: info({ bytesSent: 100_000 }),
      },
      { remote: "192.0.2.1:9", ...info({ bytesSent: 100_000, bytesRetransmitted: 10_000 }) },
      { remote: "192.0.2.2:9", ...info({ bytesSent: 700_000 }), was: info({ bytesSent: 0 }) },
    ])
    expect(loss).toMatchObject({
      sentBytes: 1_000_000,
      retransmittedBytes: 40_000,
      lossyCount: 2,
      sendingCount: 3,
      worst: { peer: "192.0.2.1", share: 1 },
      peer: { sentBytes: 300_000, retransmittedBytes: 40_000 },
    })
  })

  test("many local ports to one destination", () => {
    const specs = Array.from(
      { length: 40 },
      (_, i): Spec => ({
        local: `10.0.0.1:${40_000 + i}`,
        remote: "192.0.2.1:443",
        state: i < 30 ? "TIME_WAIT" : "ESTABLISHED",
        process: "pool",
      }),
    )
    const narrow = grounds({ portRange: reading({ from: 40_000, to: 40_049, reservedCount: 0 }) })
    const found = evidence(specs, (sample) => ({ ...sample, grounds: narrow })).scopes[0]!.survey
    expect(found.ok && found.value.portUse).toMatchObject({ peer: "192.0.2.1", peerPort: 443, used: 40, timeWait: 30 })
  })

  test("a service's connections that have ended are told by its listener", () => {
    const { cameIn } = survey([
      { state: "LISTEN", local: "0.0.0.0:6379", process: "cache", was: {} },
      ...Array.from(
        { length: 5 },
        (_, i): Spec => ({ state: "TIME_WAIT", local: "10.0.0.1:6379", remote: `10.0.0.2:${50_000 + i}` }),
      ),
    ])
    expect(cameIn).toMatchObject({ count: 5, worst: { process: "cache", port: 6379, count: 5 } })
  })
})

const unread = missing("not part of this test")

function grounds(own: Partial<Grounds["namespaces"][number]> = {}, more: Partial<Grounds> = {}): Grounds {
  return {
    namespaces: [
      {
        index: 0,
        name: "host",
        counters: unread,
        portRange: unread,
        links: unread,
        queues: unread,
        conntrack: unread,
        conntrackCpus: unread,
        dropRules: unread,
        udp: unread,
        unansweredDns: [],
        ...own,
      },
    ],
    cpuTimes: unread,
    tcpMemory: unread,
    isTcpPressed: unread,
    orphansMax: unread,
    neighbours: unread,
    clock: unread,
    files: unread,
    descriptors: unread,
    ...more,
  }
}

describe("counters of two looks", () => {
  const counters = (value: number): ProtocolCounters => ({ TcpExt: { ListenOverflows: value } })
  const rise = ({ counters: found }: Scope) =>
    found.ok ? riseOf(found.value, "TcpExt", "ListenOverflows") : found.reason

  test("of every namespace, each against itself", () => {
    const looks = (first: number, second: number) => (sample: Sample, isSecond: boolean) => ({
      ...sample,
      grounds: {
        ...grounds({ counters: reading(counters(isSecond ? 7 : 5)) }),
        namespaces: [
          ...grounds({ counters: reading(counters(isSecond ? 7 : 5)) }).namespaces,
          {
            ...grounds().namespaces[0]!,
            index: 3,
            name: "pod",
            counters: reading(counters(isSecond ? second : first)),
          },
        ],
      },
    })
    const { scopes } = evidence([], looks(100, 140))
    expect(scopes.map((scope) => [scope.netns, scope.isOwn, rise(scope)])).toEqual([
      ["host", true, 2],
      ["pod", false, 40],
    ])
    // A namespace that came again counts from zero: what it did is not known for this window.
    expect(rise(evidence([], looks(100, 3)).scopes[1]!)).toBeUndefined()
  })

  test("where nothing else is read, the protocol counters of the look itself", () => {
    const { scopes } = evidence([], (sample, isSecond) => ({
      ...sample,
      counters: reading(counters(isSecond ? 9 : 4)),
    }))
    expect(scopes.map(rise)).toEqual([5])
  })

  test("a source that failed keeps its reason", () => {
    const { scopes } = evidence([], (sample) => ({ ...sample, grounds: grounds({ dropRules: missing("EPERM") }) }))
    expect(scopes[0]!.dropRules).toEqual(missing("EPERM"))
  })
})
