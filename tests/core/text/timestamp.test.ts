import { expect, test } from "bun:test"
import { timestamp } from "../../../src/core/text/timestamp.ts"

const at = Date.UTC(2026, 2, 8, 5, 56, 30, 196)

test.each([
  ["seven hours east", at, 420, "2026-03-08T12:56:30.196+07:00"],
  ["half hours", at, 330, "2026-03-08T11:26:30.196+05:30"],
  ["west, the day before", at, -570, "2026-03-07T20:26:30.196-09:30"],
  ["UTC", at, 0, "2026-03-08T05:56:30.196Z"],
  ["no trailing zeros", at + 4, 0, "2026-03-08T05:56:30.2Z"],
  ["no fraction of nothing", at - 196, 0, "2026-03-08T05:56:30Z"],
  ["zeros in front stay", at - 190, 0, "2026-03-08T05:56:30.006Z"],
  ["parts of a millisecond are cut", at + 0.9, 0, "2026-03-08T05:56:30.196Z"],
])("%s", (_, instant, offsetMinutes, expected) => {
  const text = timestamp({ at: instant, offsetMinutes })
  expect(text).toBe(expected)
  expect(Date.parse(text)).toBe(Math.floor(instant))
})
