import { describe, expect, test } from "bun:test"
import { defaultThresholds } from "../../../src/core/config/thresholds.ts"
import { deriveConntrack } from "../../../src/core/model/conntrack.ts"
import { deriveHealth } from "../../../src/core/model/health.ts"
import { deriveOwnLoad } from "../../../src/core/model/own-usage.ts"
import { deriveRetransmits } from "../../../src/core/model/retransmits.ts"
import { missing, type ProtocolCounters, reading } from "../../../src/core/sample/sample.ts"

interface Counts {
  retransmitted?: number
  out?: number
  data?: number
}
const counters = ({ retransmitted, out, data }: Counts): ProtocolCounters => ({
  Tcp: {
    ...(retransmitted !== undefined && { RetransSegs: retransmitted }),
    ...(out !== undefined && { OutSegs: out }),
  },
  TcpExt: data === undefined ? {} : { TCPOrigDataSent: data },
})

const retransmits = (given: {
  now: Counts
  before?: Counts
  elapsedMs?: number
  establishedCount?: number
  thresholds?: Partial<typeof defaultThresholds>
}) =>
  deriveRetransmits(
    {
      counters: counters(given.now),
      establishedCount: given.establishedCount ?? 20,
      ...(given.before !== undefined && {
        before: { counters: counters(given.before), elapsedMs: given.elapsedMs ?? 1000 },
      }),
    },
    { ...defaultThresholds, ...given.thresholds },
  )

describe("retransmits", () => {
  const before = { retransmitted: 100, out: 1000, data: 1000 }

  test("are a share of the data segments where the kernel counts them", () => {
    // 6 again of 200 with data; 1,000 segments in all, most of them bare acknowledgements.
    expect(retransmits({ before, now: { retransmitted: 106, out: 2000, data: 1200 }, elapsedMs: 2000 })).toEqual({
      kind: "judged",
      retransmitsPerSecond: 3,
      segmentsPerSecond: 100,
      establishedCount: 20,
      percent: 3,
      level: "warn",
    })
  })

  test("are a share of all segments on a kernel that does not", () => {
    const old = { retransmitted: 100, out: 1000 }
    expect(retransmits({ before: old, now: { retransmitted: 110, out: 1100 } })).toMatchObject({
      percent: 10,
      level: "crit",
    })
  })

  test.each([
    { name: "too few connections", establishedCount: 19, data: 1100, kind: "low-sample" },
    { name: "too few segments", establishedCount: 20, data: 1059, kind: "low-sample" },
    { name: "just enough of both", establishedCount: 20, data: 1060, kind: "judged" },
  ])("with $name are $kind", ({ establishedCount, data, kind }) => {
    expect(retransmits({ before, now: { retransmitted: 100, out: 2000, data }, establishedCount }).kind).toBe(
      kind as never,
    )
  })

  test.each([
    { name: "in the first look", now: { retransmitted: 1, out: 1 }, kind: "first" },
    { name: "in 100 ms", now: { retransmitted: 101, out: 2000, data: 1200 }, before, elapsedMs: 100, kind: "first" },
    {
      name: "when time went back",
      now: { retransmitted: 101, out: 2000, data: 1200 },
      before,
      elapsedMs: -1,
      kind: "first",
    },
    { name: "when the counter went back", now: { retransmitted: 99, out: 2000, data: 1200 }, before, kind: "unknown" },
    { name: "without the counter", now: { out: 2000, data: 1200 }, before, kind: "unknown" },
    { name: "without what was sent", now: { retransmitted: 101 }, before, kind: "unknown" },
  ] as const)("$name are $kind", ({ kind, ...given }) => {
    expect(retransmits(given).kind).toBe(kind)
  })

  test("with the gate off and nothing sent are 0 %, and no share at all when something was sent again", () => {
    const thresholds = { retransSample: { establishedMin: 0, segmentsPerSecondMin: 0 } }
    expect(retransmits({ before, now: before, thresholds })).toMatchObject({ percent: 0, level: "ok" })
    const now = { ...before, retransmitted: 103 }
    expect(retransmits({ before, now, thresholds }).kind).toBe("low-sample")
  })
})

describe("conntrack", () => {
  const band = defaultThresholds.conntrackPercent
  test.each([
    { count: 2318, max: 262144, level: "ok" },
    { count: 70, max: 100, level: "warn" },
    { count: 85, max: 100, level: "crit" },
    { count: 120, max: 100, level: "crit" },
  ] as const)("$count of $max is $level", ({ count, max, level }) => {
    expect(deriveConntrack({ count, max }, band)).toEqual({ count, max, usedPercent: (count / max) * 100, level })
  })
  test("without a limit has no percentage", () => {
    expect(deriveConntrack({ count: 5, max: 0 }, band)).toEqual({ count: 5, max: 0, level: "unknown" })
  })
})

describe("own load", () => {
  const usage = (cpuUs: number) => ({ cpuUs, rssBytes: 4096 })
  test("1.0 s to 2.8 s of CPU in 3 s are 0.6 cores", () => {
    expect(deriveOwnLoad(usage(2_800_000), { usage: usage(1_000_000), elapsedMs: 3000 }).cpuCores).toBeCloseTo(0.6, 10)
  })
  test.each([
    { name: "in the first look", before: undefined },
    { name: "when the time used went back", before: { usage: usage(200), elapsedMs: 3000 } },
    { name: "in no time", before: { usage: usage(0), elapsedMs: 0 } },
  ])("is unknown $name", ({ before }) => expect(deriveOwnLoad(usage(100), before)).toEqual({ rssBytes: 4096 }))
})

describe("health", () => {
  const rates = { retransmitsPerSecond: 1, segmentsPerSecond: 100, establishedCount: 30 }
  const judged = (percent: number, level: "ok" | "warn" | "crit") =>
    reading({ kind: "judged", percent, level, ...rates } as const)
  const conntrack = (count: number) =>
    reading(deriveConntrack({ count, max: 1000 }, defaultThresholds.conntrackPercent))
  const first = reading({ kind: "first" } as const)

  test.each([
    {
      name: "the worst of everything judged",
      retransmits: judged(0.21, "ok"),
      conntrack: conntrack(870),
      health: "crit: retrans 0.2%, conntrack 87.0%",
    },
    {
      name: "a figure too small to print is not 0",
      retransmits: judged(0.04, "ok"),
      conntrack: conntrack(0),
      health: "ok: retrans <0.1%, conntrack 0.0%",
    },
    {
      name: "a low sample hides nothing",
      retransmits: reading({ kind: "low-sample", ...rates } as const),
      conntrack: conntrack(700),
      health: "warn: retrans LOW SAMPLE, conntrack 70.0%",
    },
    {
      name: "what is missing is not judged",
      retransmits: judged(6, "crit"),
      conntrack: missing("nf_conntrack is not loaded"),
      health: "crit: retrans 6.0%, conntrack n/a",
    },
    {
      name: "unknown when nothing is judged",
      retransmits: first,
      conntrack: missing("x"),
      health: "unknown: retrans n/a, conntrack n/a",
    },
  ])("$name", (facts) => {
    const { level, parts } = deriveHealth(facts)
    expect(`${level}: ${parts.map((part) => part.text).join(", ")}`).toBe(facts.health)
  })

  test("says why a figure is missing", () => {
    const { parts } = deriveHealth({ retransmits: missing("cannot read snmp"), conntrack: missing("not loaded") })
    expect(parts.map((part) => part.reason)).toEqual(["cannot read snmp", "not loaded"])
  })
})
