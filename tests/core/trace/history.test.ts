import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { installHint } from "../../../src/core/proc/os-release.ts"
import { findUser } from "../../../src/core/proc/password-file.ts"
import {
  compareRuns,
  expiredFiles,
  historyFileName,
  readEntry,
  sortEntries,
  type TraceEntry,
} from "../../../src/core/trace/history.ts"
import { captureName, expiredCaptures, isCaptureName } from "../../../src/core/trace/retention.ts"
import { readCounters, readReason } from "../../../src/core/trace/tcpdump-text.ts"

const line = {
  captured_at: "2026-03-22T01:33:57+07:00",
  interface: "eth0",
  peer_ip: "203.0.113.10",
  port: 443,
  mode: "General triage",
  scope: "Peer + Port",
  preset: "Peer + Port",
  direction: "ANY",
  duration_sec: 10,
  packet_cap: 2000,
  filter: "host 203.0.113.10",
  status: "completed",
  saved: false,
  captured: 42,
  received_by_filter: 42,
  dropped_by_kernel: 0,
  decoded_packets: 42,
  syn_count: 12,
  syn_ack_count: 10,
  rst_count: 1,
  severity: "INFO",
  confidence: "MEDIUM",
  issue: "No strong packet-level anomaly",
  signal: "Decoded 42",
  likely: "normal",
  check_next: "compare",
}
const entry = (spec: Partial<TraceEntry> = {}): TraceEntry => ({ ...line, ...spec })

describe("a line of history", () => {
  test("reads as it was written", () => {
    expect(readEntry(JSON.stringify(line))).toEqual(line)
  })

  test.each<readonly [string, object, object]>([
    ["an old key for the mode", { mode: undefined, profile: "Handshake" }, { mode: "Handshake" }],
    [
      "no time of capture",
      { captured_at: undefined, ended_at: "2026-03-22T01:00:00Z" },
      { captured_at: "2026-03-22T01:00:00Z" },
    ],
    [
      "the year 1 for no time",
      { captured_at: "0001-01-01T00:00:00Z", started_at: "2026-03-22T01:00:00Z" },
      { captured_at: "2026-03-22T01:00:00Z" },
    ],
    ["no preset", { preset: undefined, scope: "Custom (Peer+Port)" }, { preset: "Custom" }],
    ["no preset, peer only", { preset: "", scope: "Peer only" }, { preset: "Peer only" }],
    ["a mapped address", { peer_ip: "::ffff:10.0.0.1" }, { peer_ip: "10.0.0.1" }],
    ["counters of another kind", { captured: "many", syn_count: null }, { captured: -1, syn_count: 0 }],
    ["a severity in small letters", { severity: "warn" }, { severity: "WARN" }],
  ])("with %s", (_, changed, expected) => {
    expect(readEntry(JSON.stringify({ ...line, ...changed }))).toMatchObject(expected)
  })

  test.each(["", "{", "[]", "null", "7", '{"peer_ip":"10.0.0.1"}', '{"captured_at":"yesterday","peer_ip":"10.0.0.1"}'])(
    "%p is none",
    (text) => {
      expect(readEntry(text)).toBeUndefined()
    },
  )

  test("whatever a line is, reading it ends", () => {
    fc.assert(fc.property(fc.json(), (text) => void readEntry(text)))
    fc.assert(
      fc.property(
        fc.object(),
        (given) => void readEntry(JSON.stringify({ ...given, captured_at: line.captured_at, peer_ip: "x" })),
      ),
    )
  })

  test("entries are in the order of their capture, whatever their zone", () => {
    const early = entry({ captured_at: "2026-03-22T08:00:00+07:00" })
    const late = entry({ captured_at: "2026-03-22T02:00:00Z" })
    expect(sortEntries([late, early])).toEqual([early, late])
  })
})

describe("days", () => {
  const at = Date.parse("2026-03-22T20:30:00Z")
  test("are those of the host", () => {
    expect(historyFileName(at, 0)).toBe("trace-history-20260322.jsonl")
    expect(historyFileName(at, 420)).toBe("trace-history-20260323.jsonl")
  })
  test("go 168 hours after they ended, and nothing else goes", () => {
    const names = [
      "trace-history-20260315.jsonl",
      "trace-history-20260314.jsonl",
      "trace-history-20260322.jsonl",
      "connections-20260101.jsonl",
      "trace-history-2026.jsonl",
    ]
    expect(expiredFiles(names, at, 0)).toEqual(["trace-history-20260314.jsonl"])
    expect(expiredFiles(names, Date.parse("2026-03-23T00:00:00Z"), 0)).toEqual(["trace-history-20260314.jsonl"])
    expect(expiredFiles(names, Date.parse("2026-03-23T00:00:01Z"), 0)).toEqual([
      "trace-history-20260315.jsonl",
      "trace-history-20260314.jsonl",
    ])
  })
})

describe("two runs", () => {
  test("are compared by shares, the largest change first", () => {
    const baseline = entry({
      received_by_filter: 100,
      dropped_by_kernel: 1,
      decoded_packets: 50,
      rst_count: 1,
      syn_count: 10,
      syn_ack_count: 10,
    })
    const incident = entry({
      received_by_filter: 100,
      dropped_by_kernel: 10,
      decoded_packets: 50,
      rst_count: 10,
      syn_count: 10,
      syn_ack_count: 4,
    })
    const { ratios, flags, warnings } = compareRuns(baseline, incident)
    expect(ratios.map(({ name, delta }) => [name, Number(delta!.toFixed(3))])).toEqual([
      ["Drop ratio", 0.09],
      ["RST ratio", 0.18],
      ["SYN-ACK ratio", -0.6],
    ])
    expect(flags.map(({ name }) => name)).toEqual(["RST", "SYN-ACK", "OTHER", "SYN"])
    expect(warnings).toEqual([])
  })

  test("unknown stays unknown and comes last", () => {
    const { ratios, flags } = compareRuns(
      entry({ dropped_by_kernel: -1, syn_count: 0 }),
      entry({ decoded_packets: 0, syn_count: 0, syn_ack_count: 0, rst_count: 0 }),
    )
    expect(ratios[0]).not.toHaveProperty("delta")
    expect(ratios[2]).not.toHaveProperty("baseline")
    expect(flags.every((flag) => flag.delta === undefined)).toBe(true)
  })

  test("unlike runs are compared with a warning", () => {
    const { warnings } = compareRuns(entry(), entry({ peer_ip: "10.0.0.9", direction: "IN", status: "aborted" }))
    expect(warnings).toEqual(["the two have different peers, directions", "one of them was stopped early"])
  })
})

describe("saved captures", () => {
  const at = Date.parse("2026-03-22T20:30:00Z")
  const name = captureName({
    at,
    offsetMinutes: 420,
    slug: "syn-rst",
    peer: "2001:db8::1",
    port: 443,
    token: "0011aabb",
  })
  test("are named by time, filter, peer and chance", () => {
    expect(name).toBe("trace-20260323-033000-syn-rst-2001-db8--1-443-0011aabb.pcap")
    expect(isCaptureName(name)).toBe(true)
    expect(isCaptureName("../trace-1.pcap")).toBe(false)
  })
  test("go by age and by what they take together, the oldest first, never the one that is written", () => {
    const files = [1, 2, 3, 4].map((hours) => ({
      name: `trace-${hours}.pcap`,
      size: 100,
      modifiedAt: at - hours * 3_600_000,
    }))
    const limits = { ageHours: 3.5, total: 250 }
    expect(expiredCaptures(files, at, undefined, limits)).toEqual(["trace-3.pcap", "trace-4.pcap"])
    expect(expiredCaptures(files, at, "trace-4.pcap", limits)).toEqual(["trace-3.pcap"])
    expect(expiredCaptures([{ name: "notes.txt", size: 9_999, modifiedAt: 0 }], at, undefined, limits)).toEqual([])
  })
})

test("what tcpdump counts and why it stops", () => {
  const text =
    "tcpdump: listening on eth0, link-type EN10MB (Ethernet), snapshot length 512 bytes\n" +
    "tcpdump: 3 packets captured, 4 packets received by filter, 0 packets dropped by kernel\n" +
    "tcpdump: pcap_loop: The interface disappeared\n12 packets captured\n14 packets received by filter\n1 packet dropped by kernel\n"
  expect(readCounters(text)).toEqual({ captured: 12, received: 14, dropped: 1 })
  expect(readReason(text)).toBe("pcap_loop: The interface disappeared")
  expect(readCounters("")).toEqual({})
})

test.each([
  ['ID=debian\nVERSION_ID="12"', "apt-get install tcpdump"],
  ['ID="rocky"\nID_LIKE="rhel centos fedora"', "dnf install tcpdump"],
  ["ID=something\nID_LIKE='arch'", "pacman -S tcpdump"],
  ["ID=alpine", "apk add tcpdump"],
  ["", "install the package tcpdump"],
])("%j", (text, hint) => {
  expect(installHint(text, "tcpdump")).toBe(hint)
})

test("a user is found by name and is never root", () => {
  const text =
    "root:x:0:0::/:/bin/sh\npcap:x:77:78::/:/bin/false\ntcpdump:x:102:105::/nonexistent:/usr/sbin/nologin\nodd:x:-1:0\n"
  expect(findUser(text, ["tcpdump", "pcap"])).toEqual({ uid: 102, gid: 105 })
  expect(findUser(text, ["pcap"])).toEqual({ uid: 77, gid: 78 })
  expect(findUser(text, ["root"])).toBeUndefined()
  expect(findUser(text, ["odd"])).toBeUndefined()
})
