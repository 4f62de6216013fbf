import { describe, expect, test } from "bun:test"
import { chooseRemovals, dayOfFile, type KeptFile } from "../../../src/core/snapshot/retention.ts"
import { closedSegments, parseSegmentName, segmentName, segmentsOf } from "../../../src/core/snapshot/segments.ts"
import { zoneOf } from "../../support/zones.ts"

const utc = zoneOf("UTC")

test.each([
  ["connections-20260308.jsonl", "20260308", "plain"],
  ["connections-20260308.jsonl.zst", "20260308", "compressed"],
  ["connections-20260308.jsonl.idx", "20260308", "index"],
  ["connections-20260308.jsonl.lines", "20260308", "lines"],
] as const)("%s", (name, day, kind) => {
  expect(parseSegmentName(name)).toEqual({ name, day, kind })
  expect(segmentName(day, kind)).toBe(name)
})

test.each([
  "connections-20260230.jsonl",
  "connections-20260308-07.jsonl",
  "Connections-20260308.jsonl",
  "connections-20260308.jsonl.gz",
  "connections-20260308.jsonl.zst.tmp",
  "connections-20260308.JSONL",
  "xconnections-20260308.jsonl",
  "connections-20260308.jsonl\n",
  "",
])("%j is no segment", (name) => {
  expect(parseSegmentName(name)).toBeUndefined()
  expect(dayOfFile(name)).toBeUndefined()
})

test("segments stand in the order of their days, and only plain ones of days that are over are closed", () => {
  const names = ["connections-20260309.jsonl", "a", "connections-20260307.jsonl.zst", "connections-20260308.jsonl"]
  expect(segmentsOf(names).map(({ day }) => day)).toEqual(["20260307", "20260308", "20260309"])
  expect(closedSegments(names, "20260309").map(({ day }) => day)).toEqual(["20260308"])
})

describe("what is deleted", () => {
  const files = (...entries: readonly (string | readonly [string, number])[]): KeptFile[] =>
    entries.map((entry) => {
      const [day, size] = typeof entry === "string" ? [entry, 10] : entry
      return { name: day.includes("-") ? day : `connections-${day}.jsonl`, size }
    })
  const check = (kept: readonly KeptFile[], rule: Parameters<typeof chooseRemovals>[1], at: string, zone = utc) =>
    chooseRemovals(kept, rule, { now: Date.parse(at), zone }).map(
      ({ name, reason }) => `${name.replace(/^connections-|\.jsonl$/g, "")} ${reason}`,
    )

  test("a week leaves today and the seven whole days before", () => {
    const days = Array.from({ length: 12 }, (_, i) => `202603${String(i + 1).padStart(2, "0")}`)
    expect(check(files(...days), { hours: 168 }, "2026-03-12T00:00:01Z")).toEqual([
      "20260301 age",
      "20260302 age",
      "20260303 age",
      "20260304 age",
    ])
    // A day is over at its end: exactly then it is not too old yet.
    expect(check(files(...days), { hours: 168 }, "2026-03-12T00:00:00Z")).toHaveLength(3)
  })

  test("a day of 25 hours lives to its own end", () => {
    const berlin = zoneOf("Europe/Berlin")
    const kept = files("20261025", "20261030", "20261031")
    // It ended at 23:00 UTC.
    expect(check(kept, { hours: 24 }, "2026-10-26T23:00:00Z", berlin)).toEqual([])
    expect(check(kept, { hours: 24 }, "2026-10-26T23:00:00.001Z", berlin)).toEqual(["20261025 age"])
  })

  test("today, tomorrow and the newest day stay whatever happens", () => {
    const greedy = { hours: 1, maxSize: 0, minFree: 1e12, free: 0 }
    expect(check(files("20260310", "20260312", "20260313"), greedy, "2026-03-12T12:00:00Z")).toEqual(["20260310 age"])
    // The clock says 2036: what was written last is not given up for that.
    expect(check(files("20260310", "20260311"), { hours: 168 }, "2036-01-01T00:00:00Z")).toEqual(["20260310 age"])
  })

  test("the oldest go first until the size fits", () => {
    const kept = files(["20260308", 40], ["20260309", 30], ["20260310", 20], ["20260311", 10])
    const at = "2026-03-11T12:00:00Z"
    expect(check(kept, { hours: 999, maxSize: 100 }, at)).toEqual([])
    expect(check(kept, { hours: 999, maxSize: 99 }, at)).toEqual(["20260308 size"])
    expect(check(kept, { hours: 999, maxSize: 30 }, at)).toEqual(["20260308 size", "20260309 size"])
  })

  test("the oldest go until enough is free, counting what they give back", () => {
    const kept = files(["20260308", 40], ["20260309", 30], ["20260310", 20], ["20260311", 10])
    const at = "2026-03-11T12:00:00Z"
    expect(check(kept, { hours: 999, minFree: 50, free: 50 }, at)).toEqual([])
    expect(check(kept, { hours: 999, minFree: 50, free: 20 }, at)).toEqual(["20260308 free space"])
    expect(check(kept, { hours: 999, minFree: 50, free: 5 }, at)).toHaveLength(2)
  })

  test("compressed days, indexes and traces go with their day; other files never", () => {
    const kept = files(
      "connections-20260301.jsonl.zst",
      "connections-20260301.jsonl.idx",
      "trace-history-20260301.jsonl",
      "trace-20260301-101500.pcap",
      "notes-20260301.txt",
      "daemon-20260301.log",
      "20260310",
    )
    expect(check(kept, { hours: 24 }, "2026-03-10T12:00:00Z")).toEqual([
      "20260301.jsonl.idx age",
      "20260301.jsonl.zst age",
      "trace-history-20260301 age",
    ])
  })
})
