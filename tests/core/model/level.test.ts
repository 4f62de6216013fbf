import { describe, expect, test } from "bun:test"
import { judgeLevel, type Level, worstLevel } from "../../../src/core/model/level.ts"

describe("a figure against its band", () => {
  test.each([
    { value: 1.99, warn: 2, crit: 5, level: "ok" },
    { value: 2, warn: 2, crit: 5, level: "warn" },
    { value: 4.99, warn: 2, crit: 5, level: "warn" },
    { value: 5, warn: 2, crit: 5, level: "crit" },
    { value: 0, warn: 2, crit: 5, level: "ok" },
    { value: undefined, warn: 2, crit: 5, level: "unknown" },
    { value: Number.NaN, warn: 2, crit: 5, level: "unknown" },
    { value: 1e9, warn: 0, crit: 0, level: "unknown" },
    { value: 0, warn: 0, crit: 0, level: "unknown" },
    { value: 0, warn: 0, crit: 5, level: "ok" },
    { value: 4, warn: 0, crit: 5, level: "ok" },
    { value: 5, warn: 0, crit: 5, level: "crit" },
  ])("$value of $warn/$crit is $level", ({ value, warn, crit, level }) => {
    expect(judgeLevel(value, { warn, crit })).toBe(level as Level)
  })
})

test.each([
  { given: [], worst: "unknown" },
  { given: ["unknown", "ok"], worst: "ok" },
  { given: ["ok", "warn", "unknown"], worst: "warn" },
  { given: ["crit", "ok", "warn"], worst: "crit" },
] as const)("the worst of $given is $worst", ({ given, worst }) => {
  expect(worstLevel(given)).toBe(worst)
})
