import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import {
  type FlowPace,
  initialPace,
  learnCost,
  learnNarrowPart,
  lookCostMs,
  planLook,
  shareOfCore,
} from "../../../src/core/sample/flow-pace.ts"
import { ACCOUNTING_OFF, NOT_ACTIVE, whyWithoutBytes } from "../../../src/core/sample/flows.ts"
import { type FlowSpec, flowTableOf } from "../../support/flows.ts"

const narrow: FlowPace = { ...initialPace, narrowPart: 0.01 }

describe("a look at the flows", () => {
  test.each<{ name: string; pace?: FlowPace; count: number; intervalMs: number; share: number; plan: string }>([
    { name: "of an empty table is whole", count: 0, intervalMs: 1_000, share: shareOfCore.live, plan: "look all" },
    { name: "of 10,000 is whole", count: 10_000, intervalMs: 1_000, share: shareOfCore.live, plan: "look all" },
    {
      name: "of 200,000 every 30 s is whole",
      count: 200_000,
      intervalMs: 30_000,
      share: shareOfCore.daemon,
      plan: "look all",
    },
    {
      name: "of 200,000 every 5 s is narrow",
      pace: narrow,
      count: 200_000,
      intervalMs: 5_000,
      share: shareOfCore.live,
      plan: "look translated-and-udp",
    },
    {
      name: "of 600,000 every second comes less often",
      pace: { ...narrow, lookedAtMs: 0 },
      count: 600_000,
      intervalMs: 1_000,
      share: shareOfCore.live,
      plan: "keep",
    },
    {
      name: "of 600,000, when none was yet, is now",
      pace: narrow,
      count: 600_000,
      intervalMs: 1_000,
      share: shareOfCore.live,
      plan: "look translated-and-udp",
    },
    {
      name: "of 600,000 that are all translated is whole, and seldom",
      count: 600_000,
      intervalMs: 1_000,
      share: shareOfCore.live,
      plan: "look all",
    },
  ])("$name", ({ pace = initialPace, count, intervalMs, share, plan }) => {
    const made = planLook(pace, { count, nowMs: 1_000, intervalMs, share })
    expect(made.kind === "look" ? `look ${made.scope}` : made.kind).toBe(plan)
  })

  test("says it in words when it stretches", () => {
    const pace = { ...narrow, lookedAtMs: 0 }
    const made = planLook(pace, { count: 600_000, nowMs: 1_000, intervalMs: 1_000, share: shareOfCore.live })
    expect(made.stretched).toBe("600000 tracked flows: read every 14 s, for 5 % of a core, translated ones and UDP")
  })

  test("never takes more than its part of a core, whatever the table and however long", () => {
    const pace = fc.record({
      sentUs: fc.double({ min: 0.5, max: 10, noNaN: true }),
      passedUs: fc.double({ min: 0.02, max: 1, noNaN: true }),
      fixedMs: fc.double({ min: 0, max: 20, noNaN: true }),
      narrowPart: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    const share = fc.constantFrom(...Object.values(shareOfCore))
    const question = fc.tuple(
      pace,
      fc.integer({ min: 0, max: 2_000_000 }),
      fc.constantFrom(1_000, 5_000, 30_000),
      share,
    )
    fc.assert(
      fc.property(question, ([start, count, intervalMs, part]) => {
        let current: FlowPace = start
        let costMs = 0
        const ticks = 300
        for (let tick = 0; tick < ticks; tick++) {
          const nowMs = tick * intervalMs
          const plan = planLook(current, { count, nowMs, intervalMs, share: part })
          if (plan.kind === "keep") continue
          const cost = lookCostMs(current, count, plan.scope)
          // The first look is free: its cost is not known before.
          if (tick > 0) costMs += cost
          current = { ...current, lookedAtMs: nowMs }
        }
        expect(costMs / (ticks * intervalMs)).toBeLessThanOrEqual(part * 1.12)
      }),
    )
  })
})

test("learns what an entry costs", () => {
  let pace = initialPace
  for (let i = 0; i < 12; i++)
    pace = learnCost(pace, { scope: "all", costMs: 410, count: 100_000, rows: 100_000, nowMs: i })
  expect(pace.sentUs).toBeCloseTo(4, 2)
  expect(pace.lookedAtMs).toBe(11)
})

test("learns what an entry costs that the kernel leaves out, and how many it lets through", () => {
  let pace = learnNarrowPart(initialPace, 5_000, 100_000)
  expect(pace.narrowPart).toBe(0.05)
  for (let i = 0; i < 12; i++)
    pace = learnCost(pace, {
      scope: "translated-and-udp",
      costMs: 40 + 24 + 39.9,
      count: 100_000,
      rows: 10_000,
      nowMs: i,
    })
  expect(pace.narrowPart).toBe(0.1)
  expect(pace.passedUs).toBeCloseTo(0.1023, 2)
})

test("learns from small tables what it costs to walk the buckets", () => {
  let pace = initialPace
  for (let i = 0; i < 12; i++) pace = learnCost(pace, { scope: "all", costMs: 1, count: 10, rows: 10, nowMs: i })
  expect(pace.fixedMs).toBeCloseTo(1, 1)
})

describe("why flows have no bytes", () => {
  const older = "begun before nf_conntrack_acct was switched on, so the kernel does not count it"
  test.each<{
    name: string
    flows: FlowSpec[]
    accounting?: "on" | "off"
    isTracking?: boolean
    hasCounted?: boolean
    reason: string | undefined
  }>([
    { name: "they have", flows: [{ bytes: [1, 2] }, {}], reason: undefined },
    {
      name: "they have, though accounting is off by now",
      flows: [{ bytes: [1, 2] }],
      accounting: "off",
      reason: undefined,
    },
    { name: "accounting is off", flows: [{}], accounting: "off", reason: ACCOUNTING_OFF },
    { name: "accounting came later", flows: [{}], reason: older },
    {
      name: "the kernel says it does not track here",
      flows: [],
      isTracking: false,
      hasCounted: true,
      reason: NOT_ACTIVE,
    },
    { name: "the kernel tracks, and there is nothing", flows: [], isTracking: true, reason: undefined },
    { name: "there is nothing and never was", flows: [], reason: NOT_ACTIVE },
    { name: "there is nothing now", flows: [], hasCounted: true, reason: undefined },
  ])("$name", ({ flows, accounting = "on", isTracking, hasCounted = false, reason }) => {
    const table = flowTableOf(flows)
    expect(whyWithoutBytes({ accounting, table, from: 0, otherCount: 0, isTracking, hasCounted })).toBe(
      reason as string,
    )
  })
})
