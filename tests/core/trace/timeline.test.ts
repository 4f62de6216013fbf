/** Traces on a timeline: where each belongs. */
import { describe, expect, test } from "bun:test"
import type { TraceEntry } from "../../../src/core/trace/history.ts"
import { placeTraces, reachMs } from "../../../src/core/trace/timeline.ts"
import { trace } from "../../support/traces.ts"

const START = Date.UTC(2026, 2, 8, 2, 0, 0)
const at = (seconds: number) => START + seconds * 1000
const made = (seconds: number): TraceEntry => ({
  ...trace({ now: 0 }).entry,
  captured_at: new Date(at(seconds)).toISOString(),
})
const places = (times: readonly number[], ...entries: readonly TraceEntry[]) =>
  [...placeTraces({ at: times.map(at), length: times.length, usualStepMs: 30_000 }, entries)].map(([place, list]) => [
    place,
    ...list.map(({ captured_at }) => (Date.parse(captured_at) - START) / 1000),
  ])

test.each([
  { stepSeconds: 0, reach: 45 },
  { stepSeconds: 30, reach: 60 },
  { stepSeconds: 5, reach: 15 },
  { stepSeconds: 3_600, reach: 900 },
])("snapshots every $stepSeconds s reach $reach s", ({ stepSeconds, reach }) =>
  expect(reachMs(stepSeconds * 1000)).toBe(reach * 1000),
)

describe("a trace belongs", () => {
  test("to the snapshot nearest in time, of two equally near to the earlier", () => {
    expect(places([0, 30, 60], made(14), made(15), made(16), made(59))).toEqual([
      [2, 59],
      [1, 16],
      [0, 15, 14],
    ])
  })

  test("to none when that is too far away", () => {
    expect(places([0, 30, 60], made(120), made(121), made(-60), made(-61))).toEqual([
      [2, 120],
      [0, -60],
    ])
    expect(places([], made(0))).toEqual([])
  })
})
