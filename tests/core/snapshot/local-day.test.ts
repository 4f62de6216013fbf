import { describe, expect, test } from "bun:test"
import { dayEnd, isDay, localDay, nextDayStart } from "../../../src/core/snapshot/local-day.ts"
import { zoneOf } from "../../support/zones.ts"

const HOUR_MS = 3_600_000

test.each([
  ["UTC", "2026-03-08T23:59:59.999Z", "20260308"],
  ["Asia/Kolkata", "2026-03-08T18:29:59Z", "20260308"],
  ["Asia/Kolkata", "2026-03-08T18:30:00Z", "20260309"],
  ["America/New_York", "2026-03-09T03:59:59Z", "20260308"],
  ["America/New_York", "2026-03-09T04:00:00Z", "20260309"],
  ["Pacific/Kiritimati", "2026-12-31T10:00:00Z", "20270101"],
])("in %s %s is a moment of %s", (zone, at, day) => expect(localDay(Date.parse(at), zoneOf(zone))).toBe(day))

describe("days are as long as they are", () => {
  test.each([
    ["Europe/Berlin", "20260328", 24],
    ["Europe/Berlin", "20260329", 23],
    ["Europe/Berlin", "20261025", 25],
    ["America/New_York", "20260308", 23],
    ["America/New_York", "20261101", 25],
    ["Australia/Lord_Howe", "20260405", 24.5],
    ["UTC", "20260228", 24],
    // Midnight itself is left out: the day begins at 01:00.
    ["Africa/Cairo", "20260424", 23],
    ["America/Havana", "20260308", 23],
    // 00:00 to 01:00 comes twice.
    ["America/Havana", "20261101", 25],
  ])("%s %s: %p hours", (name, day, hours) => {
    const zone = zoneOf(name)
    const end = dayEnd(day, zone)
    expect(localDay(end - 1, zone)).toBe(day)
    expect(localDay(end, zone) > day).toBe(true)
    let start = end
    while (localDay(start - 900_000, zone) === day) start -= 900_000
    expect((end - start) / HOUR_MS).toBe(hours)
    expect(nextDayStart(start, zone)).toBe(end)
    expect(nextDayStart(end - 1, zone)).toBe(end)
  })
})

test("the next day begins within 25 hours, whatever the moment of the year", () => {
  for (const name of ["Europe/Berlin", "America/New_York", "Africa/Cairo", "Asia/Kathmandu"]) {
    const zone = zoneOf(name)
    for (let at = Date.parse("2026-01-01T00:07:00Z"); at < Date.parse("2027-01-01T00:00:00Z"); at += 13 * HOUR_MS) {
      const next = nextDayStart(at, zone)
      expect(next - at).toBeLessThanOrEqual(25 * HOUR_MS)
      expect([localDay(next - 1, zone), localDay(next, zone) > localDay(at, zone)]).toEqual([localDay(at, zone), true])
    }
  }
})

test.each([
  ["20260308", true],
  ["20240229", true],
  ["20260229", false],
  ["20261301", false],
  ["20260100", false],
  ["2026030", false],
  ["2026-3-8", false],
  ["", false],
])("%p is a day: %p", (text, expected) => expect(isDay(text)).toBe(expected))
