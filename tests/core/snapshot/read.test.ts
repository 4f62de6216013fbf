import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { measureFrame, readFrameIndex, writeFrameIndex } from "../../../src/core/snapshot/frame-index.ts"
import { type SnapshotOptions, writeEventLine, writeSnapshotLine } from "../../../src/core/snapshot/line.ts"
import { readSnapshotLine, readSnapshots } from "../../../src/core/snapshot/read.ts"
import { SCHEMA } from "../../../src/core/snapshot/schema.ts"
import { type ConnectionSpec, connectionsOf } from "../../support/connections.ts"

const fixture = (name: string) =>
  readFileSync(join(import.meta.dir, `../../fixtures/original/${name}.connections-20261124.jsonl`), "utf8")

const options: SnapshotOptions = {
  capturedAt: "2026-03-08T12:56:30.196+07:00",
  interfaceName: "eth0",
  topLimitPerSide: 500,
  version: "1.0.0",
  ownPid: 4242,
  more: {
    epochMs: 1_772_949_390_196,
    worker: { run: "r", seq: 7, intervalSeconds: 30 },
    events: [{ at: "2026-03-08T12:56:30+07:00", kind: "start" }],
  },
}

describe("files of the older program", () => {
  test("are read, line by line", () => {
    const recorded = readSnapshots(fixture("recorded"))
    expect([recorded.lines.length, recorded.skipped]).toEqual([12, 0])
    expect(recorded.lines.every(({ schema }) => schema === undefined)).toBe(true)
    expect(recorded.lines.some(({ incoming_groups }) => incoming_groups.length > 0)).toBe(true)
  })

  test("skip what is torn", () => {
    const { lines, skipped } = readSnapshots(fixture("edge-cases"))
    expect([lines.length, skipped]).toEqual([9, 1])
  })
})

describe("a line", () => {
  const good = {
    captured_at: "2026-03-08T12:56:30.196962352+07:00",
    top_limit_per_side: 500,
    incoming_groups: [],
    outgoing_groups: null,
  }
  const read = (change: object) => readSnapshotLine(JSON.stringify({ ...good, ...change }))

  test("needs its time, its limit and its two sides", () => {
    expect(read({})).toMatchObject({ incoming_groups: [], outgoing_groups: [], sample_seconds: 0, interface: "" })
    for (const key of Object.keys(good)) expect(read({ [key]: undefined })).toBeUndefined()
  })

  test.each([
    ["a time that is none", { captured_at: "2026-13-08T12:56:30Z" }],
    ["a time without a zone", { captured_at: "2026-03-08T12:56:30" }],
    ["a fraction for a count", { top_limit_per_side: 1.5 }],
    ["a text for a count", { top_limit_per_side: "500" }],
    ["a text for a number", { sample_seconds: "30" }],
    ["an object for rows", { incoming_groups: {} }],
    ["a row without its peer", { incoming_groups: [{ port: 1 }] }],
    ["a schema that is a text", { schema: "2" }],
  ])("is no snapshot with %s", (_, change) => expect(read(change)).toBeUndefined())

  test("keeps what newer programs added", () => {
    expect(read({ added_in_2031: { a: 1 } })).toMatchObject({ added_in_2031: { a: 1 } })
  })

  test("is nothing as any part of itself", () => {
    const line = writeSnapshotLine(connectionsOf([{ local: "10.0.0.1:1", remote: "192.0.2.1:80" }]), options).trimEnd()
    expect(readSnapshotLine(line)).toBeDefined()
    for (let cut = 0; cut < line.length; cut++) expect(readSnapshotLine(line.slice(0, cut))).toBeUndefined()
    expect(readSnapshotLine(`${line}${line}`)).toBeUndefined()
  })
})

const moved = (acked: number, received: number) => ({ acked, received, before: { acked: 0, received: 0 } })
const out = (host: number, more: ConnectionSpec = {}): ConnectionSpec => ({
  local: `10.0.0.1:${2000 + host}`,
  remote: `192.0.2.${host}:80`,
  process: "curl",
  ...more,
})

describe("what was added", () => {
  test("comes back as it was written", () => {
    const line = readSnapshotLine(writeSnapshotLine(connectionsOf([out(1, moved(5, 6))]), options))
    expect(line).toMatchObject({
      schema: SCHEMA,
      epoch_ms: 1_772_949_390_196,
      run: "r",
      seq: 7,
      interval_seconds: 30,
      events: [{ kind: "start" }],
      totals: { outgoing: { rows: 1, conn_count: 1, total_bytes_delta: 11, cut_rows: 0, cut_bytes_delta: 0 } },
    })
    expect(line).not.toHaveProperty("others")
    expect(line).not.toHaveProperty("findings")
    expect(line).not.toHaveProperty("coverage_percent")
    expect(line).not.toHaveProperty("stretched_from_seconds")
  })

  test("rows and others add up to the totals, whatever the cut", () => {
    const specs = Array.from({ length: 40 }, (_, i) =>
      out(i + 1, { ...moved(i * i, 3 * i), sendQueue: i, ...(i % 3 === 0 ? { state: "CLOSE_WAIT" } : {}) }),
    )
    const connections = connectionsOf(specs, { elapsedMs: 2000 })
    const whole = readSnapshotLine(writeSnapshotLine(connections, options))!.totals!.outgoing!
    for (const topLimitPerSide of [1, 7, 39, 40, 41]) {
      const line = readSnapshotLine(writeSnapshotLine(connections, { ...options, topLimitPerSide }))!
      const others = line.others?.outgoing
      const parts = [...line.outgoing_groups, ...(others === undefined ? [] : [others])]
      const sum = (key: "conn_count" | "total_bytes_delta" | "tx_bytes_delta") =>
        parts.reduce((total, part) => total + part[key], 0)
      const { cut_rows, cut_conn_count, cut_bytes_delta, ...uncut } = line.totals!.outgoing!
      expect([sum("conn_count"), sum("total_bytes_delta"), sum("tx_bytes_delta")]).toEqual([
        uncut.conn_count,
        uncut.total_bytes_delta,
        uncut.tx_bytes_delta,
      ])
      expect(uncut).toMatchObject({ rows: whole.rows, total_bytes_delta: whole.total_bytes_delta })
      expect([cut_rows, cut_conn_count, cut_bytes_delta]).toEqual([
        others?.rows ?? 0,
        others?.conn_count ?? 0,
        others?.total_bytes_delta ?? 0,
      ])
      const states = parts.flatMap((part) => Object.entries(part.states ?? {}))
      expect(states.reduce((total, [, count]) => total + count, 0)).toBe(40)
    }
  })

  test("a row says where it belongs when that is not the host", () => {
    // Four connections to one peer: one of the host, three of a pod, of which two are in one unit.
    const connections = connectionsOf([out(1), out(1), out(1), out(1), out(2, { ...moved(9, 9), process: "nginx" })])
    connections.table.namespace.set([0, 1, 1, 1, 1])
    connections.table.cgroupId.set([0, 5, 5, 6, 6])
    const units = new Map([5, 6].map((id) => [id, { path: `/${id}`, unit: `${id}.service` }]))
    const placed = {
      ...connections,
      namespaces: ["host", "pod"].map((name) => ({ id: 1, name, isComplete: true })),
      units: { byCgroupId: units, byPid: new Map() },
    }
    const line = readSnapshotLine(writeSnapshotLine(placed, options))!
    const places = line.outgoing_groups?.map(({ conn_count, netns, unit }) => [conn_count, netns, unit])
    expect(places).toEqual([
      [1, "pod", "6.service"],
      [3, "pod", undefined],
      [1, undefined, undefined],
    ])
  })

  test("an event without a look has no rows and says so", () => {
    const line = readSnapshotLine(writeEventLine({ ...options, more: options.more! }))
    expect(line).toMatchObject({ look: false, incoming_groups: [], outgoing_groups: [], events: [{ kind: "start" }] })
  })
})

describe("frames", () => {
  test("are measured by their lines and times", () => {
    const raw = new TextEncoder().encode(fixture("recorded"))
    const { lines } = readSnapshots(fixture("recorded"))
    const times = lines.map(({ captured_at }) => Date.parse(captured_at))
    expect(measureFrame(raw)).toEqual({ lines: 12, first_ms: Math.min(...times), last_ms: Math.max(...times) })
    expect(measureFrame(new TextEncoder().encode("torn\nhalf"))).toEqual({ lines: 2 })
    expect(measureFrame(new Uint8Array())).toEqual({ lines: 0 })
  })

  const frames = [
    { offset: 0, length: 5, raw_length: 50, lines: 2, first_ms: 1, last_ms: 2 },
    { offset: 5, length: 7, raw_length: 70, lines: 3 },
  ]
  test("come back from their index", () => expect(readFrameIndex(writeFrameIndex(frames))).toEqual(frames))

  test.each([
    ["a gap", [{ ...frames[0]!, offset: 1 }]],
    ["frames out of order", frames.toReversed()],
    ["a torn line", undefined],
  ])("are none with %s", (_, wrong) => {
    expect(
      readFrameIndex(wrong === undefined ? writeFrameIndex(frames).slice(0, -3) : writeFrameIndex(wrong)),
    ).toBeUndefined()
  })
})
