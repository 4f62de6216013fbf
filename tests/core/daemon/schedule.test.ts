import { expect, test } from "bun:test"
import { clockStep, missedTicks, nextTickAt, tickOf } from "../../../src/core/daemon/schedule.ts"
import { type Stretch, stretch, unstretched } from "../../../src/core/daemon/stretch.ts"

test.each([
  [0, 30_000, 30_000],
  [1, 30_000, 30_000],
  [29_979, 30_000, 30_000],
  // A timer that fires a little early belongs to the tick it was set for.
  [29_985, 30_000, 60_000],
  [30_000, 30_000, 60_000],
  [1_700_000_000_123, 7_000, 1_700_000_001_000],
])("after %p with %p comes %p", (now, interval, next) => expect(nextTickAt(now, interval)).toBe(next))

test.each([
  ["on time", 30_000, 0],
  ["a little late", 32_900, 0],
  ["just short of two", 56_000, 0],
  ["one passed", 60_000, 1],
  ["one passed, a little early", 59_990, 1],
  ["a minute of nothing", 120_500, 3],
])("missed: %s", (_, laterMs, missed) => {
  const before = tickOf(1_000_000 * 30_000, 500, 30_000)
  // The wall clock may say anything meanwhile.
  expect(missedTicks(before, { at: 7, monotonicMs: 500 + laterMs }, 30_000)).toBe(missed)
})

test("a look that began late counts from its tick", () => {
  expect(tickOf(60_400, 1_400, 30_000)).toEqual({ at: 60_000, monotonicMs: 1_000 })
  expect(tickOf(59_990, 1_400, 30_000)).toEqual({ at: 60_000, monotonicMs: 1_400 })
})

test.each([
  ["both go on alike", 5_000, 5_000, 0],
  ["a disciplined clock drifts", 5_900, 5_000, 0],
  ["set forward", 3_605_000, 5_000, 3_600_000],
  ["set back", -3_595_000, 5_000, -3_600_000],
])("the clock: %s", (_, wall, monotonic, step) => {
  const before = { at: 1_000_000, monotonicMs: 7 }
  expect(clockStep(before, { at: 1_000_000 + wall, monotonicMs: 7 + monotonic })).toBe(step)
})

const series = (costs: readonly number[], intervalMs: number): number[] => {
  const factors: number[] = []
  let now: Stretch = unstretched
  for (const cost of costs) {
    now = stretch(now, cost, intervalMs)
    factors.push(now.factor)
  }
  return factors
}

test.each([
  ["cheap looks keep the interval", [5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5], 5_000, 1],
  ["the first looks do not count", [900, 900, 900, 900, 900, 5, 5, 5, 5, 5], 5_000, 1],
  ["one expensive look is no reason", [5, 5, 5, 5, 5, 5, 5, 900, 5, 5, 5, 5], 5_000, 1],
  ["350 ms at 5 s is every 20 s", Array(12).fill(350), 5_000, 4],
  ["exactly 2 % is allowed", Array(12).fill(100), 5_000, 1],
  ["no interval is longer than 300 s", Array(12).fill(60_000), 30_000, 10],
  ["and one of 300 s stays", Array(12).fill(60_000), 300_000, 1],
] as const)("stretch: %s", (_, costs, intervalMs, factor) => {
  expect(series(costs, intervalMs).at(-1)).toBe(factor)
})

test("stretch: does not swing at the edge, and comes back", () => {
  const edge = series([...Array(10).fill(110), ...Array(20).fill(95)], 5_000)
  expect(new Set(edge.slice(10))).toEqual(new Set([2]))
  expect(series([...Array(10).fill(350), ...Array(10).fill(5)], 5_000).at(-1)).toBe(1)
})
