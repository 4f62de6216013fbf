import { describe, expect, test } from "bun:test"
import { isMade, isRight, type Outcome, score } from "./outcome.ts"
import { judge, type Truth, type Verdict } from "./verdict.ts"

const truth: Truth = {
  expects: [{ id: "path-loss", culprit: { peer: "10.80.0.2", port: 80 } }],
  tolerates: ["reordering", "syn-flood"],
  mustNot: ["syn-flood"],
}
const right = { id: "path-loss", culprit: { peer: "10.80.0.2", port: 80, netns: "host" } }

describe("the verdict", () => {
  test.each([
    ["takes what is named with its culprit", [right], { hits: ["path-loss"] }],
    ["misses what is not named", [], { misses: ["path-loss"] }],
    [
      "tells a wrong culprit from a miss",
      [{ id: "path-loss", culprit: { peer: "10.80.0.3", port: 80 } }],
      { wrongCulprits: ['path-loss: peer is "10.80.0.3", not 10.80.0.2'] },
    ],
    [
      "wants the culprit to be there",
      [{ id: "path-loss" }],
      { wrongCulprits: ["path-loss: peer is missing, not 10.80.0.2, port is missing, not 80"] },
    ],
    [
      "is content when one of two findings of a kind has the culprit",
      [{ id: "path-loss", culprit: { peer: "10.80.0.9", port: 80 } }, right],
      { hits: ["path-loss"] },
    ],
    ["takes what is true as well", [right, { id: "reordering" }], { hits: ["path-loss"] }],
    [
      "calls everything else a false alarm, once",
      [right, { id: "link-errors" }, { id: "link-errors" }],
      { hits: ["path-loss"], falseAlarms: ["link-errors"] },
    ],
    [
      "lets no tolerance through for what must not be",
      [right, { id: "syn-flood" }],
      { hits: ["path-loss"], falseAlarms: ["syn-flood"] },
    ],
  ])("%s", (_, findings, expected) => {
    expect(judge(truth, findings)).toEqual({ hits: [], misses: [], wrongCulprits: [], falseAlarms: [], ...expected })
  })
})

const clean: Verdict = { hits: [], misses: [], wrongCulprits: [], falseAlarms: [] }
const outcome = (verdict: Partial<Verdict>, more: Partial<Outcome> = {}): Outcome => ({
  readings: [{ what: "x", before: 0, after: 9, goal: "rise by 5", isProven: true }],
  looks: 1,
  said: [],
  wallMs: 0,
  verdict: { ...clean, ...verdict },
  ...more,
})

describe("an outcome", () => {
  test("is right when nothing is missed, wrong or invented", () => {
    expect(isRight(outcome({ hits: ["a"] }))).toBe(true)
    expect(isRight(outcome({ hits: ["a"], falseAlarms: ["b"] }))).toBe(false)
    expect(isRight(outcome({ misses: ["a"] }))).toBe(false)
    expect(isRight(outcome({ wrongCulprits: ["a: …"] }))).toBe(false)
  })

  test("counts for nothing when the fault was not there", () => {
    const readings = [{ what: "x", before: 0, after: 2, goal: "rise by 5", isProven: false }]
    expect(isMade(outcome({ hits: ["a"] }, { readings }))).toBe(false)
    expect(isRight(outcome({ hits: ["a"] }, { readings }))).toBe(false)
    expect(isRight(outcome({ hits: ["a"] }, { problem: "no such file" }))).toBe(false)
  })

  test("goes into the score: kinds once, times by their middle", () => {
    const outcomes = [
      outcome({ hits: ["a"] }, { detectionMs: 3000 }),
      outcome({ hits: ["a"] }, { detectionMs: 9000 }),
      outcome({ hits: ["b"], falseAlarms: ["c"] }, { detectionMs: 4000 }),
      outcome({ misses: ["d"], wrongCulprits: ["e: …"] }),
      { problem: "broken", readings: [], looks: 0, said: [], wallMs: 0 },
    ]
    expect(score(outcomes)).toEqual({
      scenarios: 5,
      expected: 5,
      hits: 3,
      misses: 1,
      falseAlarms: 1,
      wrongCulprits: 1,
      notMade: 1,
      kinds: 2,
      detectionMedianMs: 4000,
      detectionWorstMs: 9000,
    })
  })
})
