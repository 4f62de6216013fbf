/** Traces in a replay: marked on the timeline, told at their snapshot, listed for the window, and only read. */
import { describe, expect, test } from "bun:test"
import { reading } from "../../src/core/sample/sample.ts"
import type { TraceEntry } from "../../src/core/trace/history.ts"
import { frame, overlayFrame, panelFrame } from "../support/host.ts"
import { clockAt, type LineSpec, Replaying, type ReplaySpec } from "../support/replay.ts"
import { trace, unanswered } from "../support/traces.ts"

const lines: readonly LineSpec[] = Array.from({ length: 20 }, (_, i) => ({
  at: clockAt(i),
  in: [{ peer: "203.0.113.7", tx: 12_000, rx: 1_300 }],
}))

/** `seconds` after the first snapshot. */
const made = (seconds: number, entry: TraceEntry = trace({ now: 0 }).entry): TraceEntry => ({
  ...entry,
  captured_at: new Date(Date.parse("2026-03-08T10:00:00+01:00") + seconds * 1000).toISOString(),
})
const silent = trace({ now: 0 }, { steps: unanswered }).entry
const entries = [made(400, silent), made(95), made(92, silent), made(-90_000)]

const open = (spec: Partial<ReplaySpec> = {}) =>
  new Replaying({ lines, ...spec }).do({
    type: "trace/listed",
    history: reading({ dataDir: "/var/lib/holyf-network/snapshots", entries, notes: [] }),
  })
/** Three snapshots on: that of 90 seconds. */
const there = (spec: Partial<ReplaySpec> = {}) => open(spec).press("]", "]", "]")

describe("the timeline", () => {
  test("marks traces, and tells those of the snapshot that is shown", () => {
    expect(panelFrame(there().state, "timeline")).toMatchInlineSnapshot(`
      "
      ┌─ Timeline: bytes ──────────────────────────────────────────────────────────────────────────────────── most 13.0KB/s ─┐
      │ 2026-03-08 10:01:30 +01:00  2 traces WARN SYN without an answer 198.51.100.24:443 h  eth0  IN:1 OUT:0  BW:30s        │
      │ ████████████████████████████████████████████████████████████████████████████████████████████████████████████████████ │
      │ ████████████████████████████████████████████████████████████████████████████████████████████████████████████████████ │
      │ ████████████████████████████████████████████████████████████████████████████████████████████████████████████████████ │
      │ ████████████████████████████████████████████████████████████████████████████████████████████████████████████████████ │
      │                   TT                                                             T                                   │
      │ 10:00:00      10:01:30                                                                                      10:09:30 │
      └──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────┘
       eth0  REPLAY  Active 4/20  Raw 4/20  [ ] step  n N finding  t time  S search  ↑↓ row  Enter details  ? help  q quit
      "
    `)
  })

  test("says nothing of traces that are near no snapshot of it", () => {
    expect(panelFrame(open().state, "timeline")).not.toContain("trace")
  })

  test("masks them", () => {
    expect(frame(there({ isMasked: true }).state)).not.toContain("198.51")
    expect(frame(there({ isMasked: true }).state)).toMatch(/xxx\.[g-z]{3}\.100\.24:443/)
  })
})

describe("h lists the traces", () => {
  test("of the window, with the one nearest to the snapshot selected", () => {
    const text = overlayFrame(there({ window: { from: Date.parse("2026-03-08T00:00:00+01:00") } }).press("h").state)
    expect(text).toMatch(/▌ {2}2026-03-08 09:01:32 WARN SYN without an answer/)
    expect(text.match(/ (INFO|WARN) /g)).toHaveLength(3)
  })

  test("asks for them again, and only reads: nothing is deleted", () => {
    const replay = there().press("h", "enter", "escape", "o", "x", "y")
    expect(replay.asked.map(({ type }) => type).filter((type) => type.startsWith("trace/"))).toEqual([
      "trace/list",
      "trace/open",
    ])
    expect(replay.press("escape").state.overlays).toEqual([])
  })

  test("compares two of them", () => {
    const text = overlayFrame(there().press("h", "c", "up", "c").state)
    expect(text).toContain("SYN-ACK ratio")
  })
})
