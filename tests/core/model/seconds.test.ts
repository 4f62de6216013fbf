import { describe, expect, test } from "bun:test"
import {
  firstSince,
  KEPT_MS,
  meansOver,
  noSeconds,
  type Seconds,
  secondColumns,
  summarize,
  withSecond,
} from "../../../src/core/model/seconds.ts"

const SECOND = 1_000
const START = 1_700_000_000_000

/** One entry a second; undefined is a second that was not read. */
const carried = (...rx: readonly (number | undefined)[]): Seconds =>
  rx.reduce<Seconds>(
    (so, value, i) => (value === undefined ? so : withSecond(so, START + i * SECOND, { rx: value })),
    noSeconds,
  )

describe("an entry", () => {
  test("has its time in every column; what was not known is NaN", () => {
    const seconds = withSecond(noSeconds, START, { rx: 5, conntrack: 7 })
    expect(secondColumns.map((column) => [...seconds[column]])).toEqual([
      [5],
      [Number.NaN],
      [Number.NaN],
      [Number.NaN],
      [7],
    ])
    expect([...seconds.at]).toEqual([START])
  })

  test("makes new columns and leaves the old ones as they were", () => {
    const before = carried(1, 2)
    const after = withSecond(before, START + 2 * SECOND, { rx: 3 })
    expect([[...before.rx], [...after.rx]]).toEqual([
      [1, 2],
      [1, 2, 3],
    ])
  })

  test("that is not later than the last one is not taken", () => {
    const seconds = carried(1, 2)
    expect(withSecond(seconds, START + SECOND, { rx: 9 })).toBe(seconds)
    expect(withSecond(seconds, START, { rx: 9 })).toBe(seconds)
  })

  test("older than a quarter of an hour goes, and no clock makes it more than a thousand", () => {
    let seconds = noSeconds
    for (let i = 0; i < 1_000; i++) seconds = withSecond(seconds, START + i * SECOND, { rx: i })
    expect(seconds.at.length).toBe(901)
    expect(seconds.at[0]).toBe(START + 999 * SECOND - KEPT_MS)
    expect(seconds.rx.at(-1)).toBe(999)
    for (let i = 1; i <= 3_000; i++) seconds = withSecond(seconds, START + 999 * SECOND + i * 10, { rx: i })
    expect(seconds.at.length).toBe(1_000)
    expect(withSecond(seconds, START + 10 * KEPT_MS, { rx: 1 }).at.length).toBe(1)
  })
})

test.each([
  [START - 1, 0],
  [START, 0],
  [START + 1, 1],
  [START + 2 * SECOND, 2],
  [START + 99 * SECOND, 3],
])("the first entry since %d", (from, first) => expect(firstSince(carried(1, 2, 3), from)).toBe(first))

describe("a summary", () => {
  test("is of the stretch alone", () => {
    const seconds = carried(100, 1, 2, 3, 200)
    expect(summarize(seconds, "rx", START + SECOND, START + 3 * SECOND)).toEqual({ last: 3, peak: 3, mean: 2 })
  })

  test("leaves out what is not known, and is nothing where nothing is", () => {
    const seconds = withSecond(carried(4, 2), START + 2 * SECOND, {})
    expect(summarize(seconds, "rx", START, START + 9 * SECOND)).toEqual({ last: undefined, peak: 4, mean: 3 })
    expect(summarize(seconds, "tx", START, START + 9 * SECOND)).toEqual({
      last: undefined,
      peak: undefined,
      mean: undefined,
    })
  })
})

test("means of equal stretches: an entry belongs to the time before it, and a gap is undefined", () => {
  const seconds = carried(0, 1, 3, undefined, undefined, 5, 7)
  const stretch = { from: START, to: START + 6 * SECOND, parts: 3 }
  expect(meansOver(seconds, "rx", stretch)).toEqual([2, undefined, 6])
})
