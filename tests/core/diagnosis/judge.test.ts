import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import {
  HOLD_MS,
  HOLD_ONE_WINDOW_MS,
  initialJudgement,
  type Judgement,
  judge,
  skip,
} from "../../../src/core/diagnosis/judge.ts"
import { limit } from "../../../src/core/diagnosis/rule.ts"

const limits = { warn: limit(70, 60), crit: limit(90, 80) }

/** The level after each value of the series, a second apart; `undefined` is a window without a value. */
function levels(series: readonly (number | undefined)[], holdMs = HOLD_MS): string {
  let judgement: Judgement = initialJudgement
  return series
    .map((value) => {
      judgement = value === undefined ? skip(judgement) : judge(judgement, value, limits, { elapsedMs: 1_000, holdMs })
      return judgement.level
    })
    .join(" ")
}

describe("a level", () => {
  test.each<[string, (number | undefined)[], string]>([
    ["rises when it has held for two windows", [75, 75, 95, 95], "ok warn warn crit"],
    ["rises at once to the worst that held", [95, 95], "ok crit"],
    ["is not raised by one window", [95, 10, 95, 10, 95], "ok ok ok ok ok"],
    ["holds between raise and clear", [75, 75, 65, 65, 61, 69], "ok warn warn warn warn warn"],
    ["clears after two windows at or under its clear value", [75, 75, 60, 60], "ok warn warn ok"],
    ["is not cleared by one window", [75, 75, 10, 75, 10, 75], "ok warn warn warn warn warn"],
    ["falls from critical to warning", [95, 95, 75, 75], "ok crit crit warn"],
    ["falls from critical to nothing", [95, 95, 10, 10], "ok crit crit ok"],
    ["keeps critical while it is not clearly below", [95, 95, 85, 85, 85], "ok crit crit crit crit"],
    ["rises at exactly its limit", [70, 70], "ok warn"],
    ["is neither raised nor cleared by a window without a value", [75, undefined, 75, 75], "ok ok ok warn"],
    [
      "is kept through windows without a value",
      [75, 75, undefined, undefined, 10, undefined, 10, 10],
      "ok warn warn warn warn warn warn ok",
    ],
  ])("%s", (_, series, expected) => expect(levels(series)).toBe(expected))

  test("is raised by the single window of a look of one second", () =>
    expect(levels([95, 10], HOLD_ONE_WINDOW_MS)).toBe("crit ok"))
})

test("never flaps: it changes only after the value has been on one side for the whole time", () => {
  const value = fc.integer({ min: 40, max: 110 })
  const window = fc.integer({ min: 200, max: 5_000 })
  fc.assert(
    fc.property(fc.array(fc.tuple(value, window), { maxLength: 200 }), (series) => {
      let judgement: Judgement = initialJudgement
      // For how long without a break each side has held, told anew here.
      let above = 0
      let below = 0
      for (const [value, elapsedMs] of series) {
        above = value >= limits.warn.raise ? above + elapsedMs : 0
        below = value <= limits.warn.clear ? below + elapsedMs : 0
        const next = judge(judgement, value, limits, { elapsedMs, holdMs: HOLD_MS })
        if (judgement.level === "ok" && next.level !== "ok") expect(above).toBeGreaterThanOrEqual(HOLD_MS)
        if (judgement.level !== "ok" && next.level === "ok") expect(below).toBeGreaterThanOrEqual(HOLD_MS)
        judgement = next
      }
    }),
  )
})

test("a value that trembles between raise and clear changes nothing, however long", () => {
  const trembling = fc.integer({ min: limits.warn.clear + 1, max: limits.crit.clear + 9 })
  fc.assert(
    fc.property(fc.array(trembling, { maxLength: 100 }), (series) => {
      let judgement = judge(judge(initialJudgement, 75, limits, { elapsedMs: 1_000, holdMs: HOLD_MS }), 75, limits, {
        elapsedMs: 1_000,
        holdMs: HOLD_MS,
      })
      for (const value of series) {
        judgement = judge(judgement, value, limits, { elapsedMs: 1_000, holdMs: HOLD_MS })
        expect(judgement.level).toBe("warn")
      }
    }),
  )
})
