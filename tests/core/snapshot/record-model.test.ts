/** A record on the screen is what the look was: live, to a line, and back. */
import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Connections, Side } from "../../../src/core/model/connections.ts"
import { busiestGroups } from "../../../src/core/model/group-order.ts"
import { describeGroups, groupConnections } from "../../../src/core/model/groups.ts"
import { selectRows } from "../../../src/core/model/selection.ts"
import { type SnapshotOptions, writeSnapshotLine } from "../../../src/core/snapshot/line.ts"
import { readSnapshotLine, readSnapshots } from "../../../src/core/snapshot/read.ts"
import { modelOfLine } from "../../../src/core/snapshot/record-model.ts"
import { type ConnectionSpec, connectionsOf } from "../../connections.ts"
import { clockAt, lineOf } from "../../support/replay.ts"

const AT = 1_772_949_390_196
const options: SnapshotOptions = {
  capturedAt: "2026-03-08T12:56:30.196+07:00",
  interfaceName: "eth0",
  topLimitPerSide: 500,
  version: "1.0.0",
  ownPid: 4242,
}

/** Rows as the screen lists them: what a row of the table is made of. */
function rowsOf(connections: Connections, side: Side) {
  const selected = selectRows(connections, { side }, -2)
  const groups = groupConnections(connections, selected, "peer-process-port", side)
  const order = busiestGroups(connections, groups, 500)
  return describeGroups(connections, selected, groups, side, order).map(({ states, ...group }) => ({
    ...group,
    states: Object.fromEntries([...states].sort()),
  }))
}

const moved = (acked: number, received: number) => ({ acked, received, before: { acked: 0, received: 0 } })
const host: readonly ConnectionSpec[] = [
  { local: "[::]:443", remote: "[::]:0", state: "LISTEN" },
  { local: "10.0.0.1:443", remote: "203.0.113.7:50001", process: "nginx", ...moved(900, 40), sendQueue: 12 },
  { local: "10.0.0.1:443", remote: "203.0.113.7:50002", process: "nginx", ...moved(300, 10) },
  { local: "10.0.0.1:443", remote: "203.0.113.7:50003", state: "TIME_WAIT", process: "nginx" },
  { local: "[2001:db8::1]:443", remote: "[2001:db8::7]:50003", process: "nginx", ...moved(5, 5), receiveQueue: 3 },
  { local: "10.0.0.1:51000", remote: "10.0.4.31:5432", process: "api", ...moved(77, 99_000) },
  { local: "10.0.0.1:51002", remote: "10.0.4.31:5432", state: "CLOSE_WAIT", process: "api" },
  { local: "10.0.0.1:51004", remote: "192.0.2.9:80", state: "SYN_SENT" },
]

test("live rows, written as a line and read back, are the same rows", () => {
  const live = connectionsOf(host, { elapsedMs: 2_000 })
  const line = readSnapshotLine(writeSnapshotLine(live, options))!
  const record = modelOfLine(line, AT).connections
  if (!record.ok) throw new Error(record.reason)
  for (const side of ["in", "out"] as const) {
    // The format writes a sum of which nothing is known as 0.
    const known = rowsOf(live, side).map((row) => ({ txBytes: 0, rxBytes: 0, ...row }))
    expect(rowsOf(record.value, side)).toEqual(known)
    expect(rowsOf(live, side).length).toBeGreaterThan(1)
  }
  expect(record.value.elapsedMs).toBe(2_000)
})

test("a first look has no rates, which is not the same as zero", () => {
  const live = connectionsOf(host, { isFirst: true })
  const model = modelOfLine(readSnapshotLine(writeSnapshotLine(live, options))!, AT)
  if (!model.connections.ok) throw new Error(model.connections.reason)
  expect(model.elapsedMs).toBeUndefined()
  expect(rowsOf(model.connections.value, "in").every(({ txBytes }) => txBytes === undefined)).toBe(true)
  expect(model.notes.map(({ text }) => text)).toContain("byte counters are unavailable in this snapshot")
})

describe("a line of the Go program", () => {
  const text = readFileSync(
    join(import.meta.dir, "../../fixtures/original/recorded.connections-20261124.jsonl"),
    "utf8",
  )

  test("shows every row that it has", () => {
    for (const line of readSnapshots(text).lines) {
      const model = modelOfLine(line, AT)
      if (!model.connections.ok) throw new Error(model.connections.reason)
      const rows = rowsOf(model.connections.value, "in")
      expect(rows.length).toBe(line.incoming_groups!.length)
      const sum = (of: (row: (typeof rows)[number]) => number | undefined) =>
        rows.reduce((all, row) => all + (of(row) ?? 0), 0)
      expect(sum((row) => row.connectionCount)).toBe(
        line.incoming_groups!.reduce((all, row) => all + row.conn_count, 0),
      )
    }
  })

  test("says what it does not hold", () => {
    const { health, retransmits, conntrack, own, notes } = modelOfLine(readSnapshots(text).lines[3]!, AT)
    expect([health.level, retransmits.ok, conntrack.ok, own.ok]).toEqual(["unknown", false, false, true])
    expect(notes.map(({ text: words }) => words)).toContain("health was not recorded; states are those of the rows")
  })
})

describe("a line that says strange things", () => {
  const model = (rows: readonly object[]) => {
    const line = JSON.parse(lineOf({ at: clockAt(0) }))
    const [base] = JSON.parse(lineOf({ at: clockAt(0), in: [{ peer: "192.0.2.1" }] })).incoming_groups
    const read = readSnapshotLine(
      JSON.stringify({ ...line, incoming_groups: rows.map((row) => ({ ...base, ...row })) }),
    )!
    const { connections, notes } = modelOfLine(read, AT)
    if (!connections.ok) throw new Error(connections.reason)
    return { rows: rowsOf(connections.value, "in"), notes: notes.map(({ text }) => text) }
  }

  test.each([
    ["a peer that is none", { peer_ip: "somewhere" }],
    ["a network for a peer", { peer_ip: "10.0.0.0/8" }],
    ["a port that is none", { port: 70_000 }],
    ["a port below 0", { port: -1 }],
  ])("%s: the row is told of and left out", (_, row) => {
    const { rows, notes } = model([row, {}])
    expect([rows.length, notes.includes("1 rows name no peer that could be one")]).toEqual([1, true])
  })

  test.each([
    ["negative counts", { conn_count: -5, tx_queue: -1, states: { ESTABLISHED: -5 } }, 0],
    ["more than fits", { conn_count: 1e15, tx_queue: 1e15, states: {} }, 0xffff_ffff],
    ["states that are none", { conn_count: 2, states: { __proto__: 1, LISTEN: 1 } }, 2],
    ["fewer states than connections", { conn_count: 9, states: { ESTABLISHED: 4 } }, 9],
  ])("%s stay inside their bounds", (_, row, connections) =>
    expect(model([row]).rows.map(({ connectionCount }) => connectionCount)).toEqual(
      connections === 0 ? [0] : [connections],
    ),
  )
})

test("what was cut is told", () => {
  const live = connectionsOf(host, { elapsedMs: 2_000 })
  const more = { epochMs: AT }
  const line = readSnapshotLine(writeSnapshotLine(live, { ...options, topLimitPerSide: 1, more }))!
  expect(modelOfLine(line, AT).notes.map(({ text }) => text)).toContain(
    "1 of 2 incoming rows were kept, 1 of 2 outgoing rows were kept: the busiest",
  )
})
