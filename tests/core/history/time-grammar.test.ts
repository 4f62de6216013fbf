import { describe, expect, test } from "bun:test"
import { parseDuration, parseTime, TIME_FORMS, wallText } from "../../../src/core/history/time-grammar.ts"
import { readWindow, type WindowAsk, type WindowContext, windowText } from "../../../src/core/history/window.ts"
import { zoneOf } from "../../support/zones.ts"

const berlin = zoneOf("Europe/Berlin")
const saigon = zoneOf("Asia/Ho_Chi_Minh")
const now = Date.parse("2026-03-08T12:56:30.196+01:00")

/** What is meant, in Berlin: first and last second; `!` and the reason where nothing is. */
function meant(text: string, context: { day?: string; twice?: "earlier" | "later" } = {}): string {
  const reading = parseTime(text, { now, zone: berlin, ...context })
  if (!reading.ok) return `!${reading.reason.split(";")[0]}`
  const { from, to, kind } = reading.time
  return `${kind} ${wallText(from, berlin)} +${to - from}`
}

describe("a time", () => {
  test.each([
    ["2026-03-05T20:10:20+07:00", "dated 2026-03-05 14:10:20 +999"],
    ["2026-03-05T20:10:20.5Z", "dated 2026-03-05 21:10:20 +0"],
    ["2026-03-05 20:00:30", "dated 2026-03-05 20:00:30 +999"],
    ["2026-03-05 20:00", "dated 2026-03-05 20:00:00 +59999"],
    ["2026-03-05   20:00", "dated 2026-03-05 20:00:00 +59999"],
    ["2026-03-05T20:10:30", "dated 2026-03-05 20:10:30 +999"],
    ["2026-03-05T9:05", "dated 2026-03-05 09:05:00 +59999"],
    ["2026/03/05 20:10", "dated 2026-03-05 20:10:00 +59999"],
    ["2026-03-05 20:10:30.25", "dated 2026-03-05 20:10:30 +0"],
    ["2026-03-05 20:10:30,25", "dated 2026-03-05 20:10:30 +0"],
    ["yesterday 20:10", "dated 2026-03-07 20:10:00 +59999"],
    ["YESTERDAY  9:05:07", "dated 2026-03-07 09:05:07 +999"],
    ["today 20:10", "dated 2026-03-08 20:10:00 +59999"],
    ["20:10", "clock 2026-03-08 20:10:00 +59999"],
    [" 9:05 ", "clock 2026-03-08 09:05:00 +59999"],
    ["2026-03-05", "dated 2026-03-05 00:00:00 +86399999"],
    ["2026/03/05", "dated 2026-03-05 00:00:00 +86399999"],
    ["today", "dated 2026-03-08 00:00:00 +86399999"],
    ["yesterday", "dated 2026-03-07 00:00:00 +86399999"],
    ["now", "relative 2026-03-08 12:56:30 +0"],
    ["-2h", "relative 2026-03-08 10:56:30 +0"],
    ["-1h30m", "relative 2026-03-08 11:26:30 +0"],
    ["-1d", "relative 2026-03-07 12:56:30 +0"],
  ])("%s", (text, expected) => expect(meant(text)).toBe(expected))

  test.each(["24:00", "23:60", "2026-02-30 10:00", "2026-02-30", "2026-13-01T10:00:00Z", "2026-02-30T10:00:00Z"])(
    "%s does not exist",
    (text) => expect(meant(text)).toBe("!there is no such time"),
  )

  test.each([
    "2026-03-05 20:1",
    "2026-3-5 20:10",
    "2026/03/05T20:10",
    "2026-03-05T20:10:20+0700",
    "2026-03-05t20:10:20z",
    "8pm",
    "20.10",
    "tomorrow",
    "-2",
    "--2h",
    "-0s",
    "-99999999d",
    "\u001b[31m",
  ])("%j is refused with the forms that are known", (text) => {
    const reading = parseTime(text, { now, zone: berlin })
    expect(reading).toEqual({ ok: false, reason: `that is no form of time; use one of: ${TIME_FORMS}` })
  })

  test("that is missing is refused", () => expect(meant("  ")).toBe("!a time is missing"))

  test("of day is of the day that is looked at", () =>
    expect(meant("20:10", { day: "20260301" })).toBe("clock 2026-03-01 20:10:00 +59999"))

  test("that the clock skips is after the jump", () =>
    expect(meant("2026-03-29 02:30")).toBe("dated 2026-03-29 03:30:00 +59999"))

  test("that comes twice is the one that is asked for", () => {
    const at = (twice: "earlier" | "later") => {
      const reading = parseTime("2026-10-25 02:30", { now, zone: berlin, twice })
      return reading.ok ? new Date(reading.time.from).toISOString() : ""
    }
    expect([at("earlier"), at("later")]).toEqual(["2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z"])
  })

  test("a day has the hours it has", () => {
    expect(meant("2026-03-29")).toBe(`dated 2026-03-29 00:00:00 +${23 * 3_600_000 - 1}`)
    expect(meant("2026-10-25")).toBe(`dated 2026-10-25 00:00:00 +${25 * 3_600_000 - 1}`)
  })

  test("is of the host's zone", () => {
    const reading = parseTime("20:10", { now, zone: saigon })
    expect(reading.ok && new Date(reading.time.from).toISOString()).toBe("2026-03-08T13:10:00.000Z")
  })
})

test.each([
  ["30m", 1_800_000],
  ["2h", 7_200_000],
  ["1h30m", 5_400_000],
  ["7d", 604_800_000],
  ["45S", 45_000],
  ["0m", undefined],
  ["30", undefined],
  ["m", undefined],
  ["1h 30m", undefined],
])("a length of %s", (text, ms) => expect(parseDuration(text)).toBe(ms as number))

describe("a window", () => {
  const read = (ask: WindowAsk, context: Partial<WindowContext> = {}) => {
    const reading = readWindow(ask, { now, zone: berlin, isFile: false, ...context })
    return reading.ok ? windowText(reading.window, berlin) : `!${reading.reason}`
  }

  test.each([
    ["nothing asked: today, and what comes", {}, "since 2026-03-08 00:00:00"],
    ["begin alone: to the end of its day", { begin: "yesterday 20:00" }, "2026-03-07 20:00:00 to 2026-03-07 23:59:59"],
    ["begin counted from now: what comes too", { begin: "-2h" }, "since 2026-03-08 10:56:30"],
    ["end alone: from the start of its day", { end: "2026-03-05 20:10" }, "2026-03-05 00:00:00 to 2026-03-05 20:10:59"],
    ["the last minute is inside", { begin: "00:00", end: "23:59" }, "2026-03-08 00:00:00 to 2026-03-08 23:59:59"],
    ["a whole day", { begin: "2026-03-05", end: "2026-03-05" }, "2026-03-05 00:00:00 to 2026-03-05 23:59:59"],
    ["one instant", { begin: "10:00:00", end: "10:00:00" }, "2026-03-08 10:00:00 to 2026-03-08 10:00:00"],
    [
      "across midnight: the night that was",
      { begin: "22:00", end: "02:00" },
      "2026-03-07 22:00:00 to 2026-03-08 02:00:59",
    ],
    ["across midnight that is ahead", { begin: "10:00", end: "02:00" }, "2026-03-08 10:00:00 to 2026-03-09 02:00:59"],
    ["since", { since: "30m" }, "since 2026-03-08 12:26:30"],
  ] as const)("%s", (_, ask, expected) => expect(read(ask)).toBe(expected))

  test.each([
    ["a file: all of it", {}, "everything"],
    ["a time of day is of its day", { begin: "02:50", end: "03:20" }, "2026-03-05 02:50:00 to 2026-03-05 03:20:59"],
    ["a dated one keeps its day", { begin: "2026-03-04 10:00" }, "2026-03-04 10:00:00 to 2026-03-04 23:59:59"],
    [
      "yesterday is not the day before its own",
      { end: "yesterday 10:00" },
      "2026-03-07 00:00:00 to 2026-03-07 10:00:59",
    ],
    [
      "across midnight begins on its day",
      { begin: "22:00", end: "02:00" },
      "2026-03-05 22:00:00 to 2026-03-06 02:00:59",
    ],
  ] as const)("of %s", (_, ask, expected) => expect(read(ask, { isFile: true, fileDay: "20260305" })).toBe(expected))

  test("that ends before it begins is refused with both ends", () =>
    expect(read({ begin: "2026-03-05 10:00", end: "2026-03-04" })).toBe(
      "!the window ends before it begins: 2026-03-05 10:00:00 to 2026-03-04 23:59:59 (UTC+01:00)",
    ))

  test("names the flag whose time is wrong", () => {
    expect(read({ begin: "8pm" })).toStartWith('!--begin "8pm": that is no form of time; use one of: 20:10')
    expect(read({ end: "25:00" })).toBe('!--end "25:00": there is no such time')
    expect(read({ since: "yesterday" })).toStartWith("!--since takes a length of time")
    expect(read({ since: "1h", end: "now" })).toStartWith("!--since stands alone")
  })

  test("holds both of an hour that comes twice", () => {
    const reading = readWindow(
      { begin: "2026-10-25 02:00", end: "2026-10-25 02:59" },
      { now, zone: berlin, isFile: false },
    )
    expect(reading.ok && reading.window.to! - reading.window.from! + 1).toBe(2 * 3_600_000)
  })
})
