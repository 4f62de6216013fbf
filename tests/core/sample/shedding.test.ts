import { expect, test } from "bun:test"
import { estimateEnds, judgeShedding, type Shedding, startListening } from "../../../src/core/sample/shedding.ts"

/** The state after each second, for ends per second as given. The totals of the two sources are not comparable. */
function states(rates: readonly number[]): string[] {
  let shedding: Shedding = startListening
  let total = 0
  return rates.map((rate, second) => {
    total += rate
    shedding = judgeShedding(shedding, { atMs: second * 1000, total })
    return shedding.isListening ? "hears" : "off"
  })
}

const seconds = (count: number, rate: number) => Array.from({ length: count }, () => rate)
const firstOf = (list: readonly string[], state: string) => list.indexOf(state)

test("up to 2,000 closes a second it goes on", () => {
  expect(states([0, ...seconds(60, 2000)])).not.toContain("off")
})

test("above 2,000 a second over five seconds it lets go", () => {
  expect(firstOf(states([0, ...seconds(60, 2100)]), "off")).toBe(5)
})

test("a storm is told before five seconds have passed", () => {
  expect(firstOf(states([0, ...seconds(60, 5000)]), "off")).toBe(3)
})

test("one burst is no storm", () => {
  expect(states([0, 9000, ...seconds(20, 0)])).not.toContain("off")
})

test("it is back when the rate was below 1,000 for ten seconds, and not sooner", () => {
  const list = states([0, ...seconds(5, 5000), ...seconds(30, 900)])
  const off = firstOf(list, "off")
  const back = list.indexOf("hears", off)
  // The mean needs a moment to forget the storm, then ten seconds must pass.
  expect(back - off).toBeGreaterThanOrEqual(11)
  expect(back - off).toBeLessThanOrEqual(18)
  expect(list.slice(back)).not.toContain("off")
})

test("between 1,000 and 2,000 it does not come back", () => {
  const list = states([0, ...seconds(5, 5000), ...seconds(60, 1500)])
  expect(list.slice(firstOf(list, "off"))).not.toContain("hears")
})

test("a rise in the ten seconds starts them anew", () => {
  const calm = seconds(8, 900)
  const list = states([0, ...seconds(5, 5000), ...calm, 9000, ...seconds(4, 900), ...seconds(8, 900)])
  expect(list.slice(firstOf(list, "off"))).not.toContain("hears")
})

test("a clock or a total that goes back begins anew and decides nothing", () => {
  let shedding = judgeShedding(startListening, { atMs: 10_000, total: 1_000_000 })
  shedding = judgeShedding(shedding, { atMs: 11_000, total: 5 })
  expect(shedding).toMatchObject({ isListening: true, closesPerSecond: 0, marks: [{ total: 5 }] })
})

test.each([
  { name: "opened and gone", before: [0, 0, 0], now: [100, 100, 0], ends: 200 },
  { name: "opened and still there", before: [0, 0, 0], now: [100, 100, 200], ends: 0 },
  { name: "closed what was there", before: [100, 100, 200], now: [100, 100, 50], ends: 150 },
  { name: "counters that went back", before: [100, 100, 0], now: [0, 0, 0], ends: 0 },
] as const)("estimates ends: $name", ({ before, now, ends }) => {
  const turnover = ([activeOpens, passiveOpens, established]: readonly [number, number, number]) => ({
    activeOpens,
    passiveOpens,
    established,
  })
  expect(estimateEnds(turnover(before), turnover(now))).toBe(ends)
})
