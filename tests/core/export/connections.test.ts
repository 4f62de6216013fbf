import { describe, expect, test } from "bun:test"
import { connectionFields } from "../../../src/core/export/connection-fields.ts"
import { connectionsJson } from "../../../src/core/export/connections-json.ts"
import { connectionsTable } from "../../../src/core/export/connections-table.ts"
import { failedSources } from "../../../src/core/export/notes.ts"
import type { Connections } from "../../../src/core/model/connections.ts"
import { cellWidth } from "../../../src/core/text/width.ts"
import { connectionsOf, sampleOf } from "../../support/connections.ts"
import { tableOf } from "../../support/sockets.ts"

const rowsOf = (connections: Connections) => Uint32Array.from({ length: connections.table.length }, (_, row) => row)

const listener = { state: "LISTEN", local: "0.0.0.0:443", remote: "0.0.0.0:0" } as const
const busy = {
  local: "10.0.0.1:443",
  remote: "203.0.113.7:51000",
  process: "nginx",
  pid: 1204,
  uid: 33,
  cgroupId: 4711n,
  sendQueue: 12,
  receiveQueue: 3,
  acked: 3000,
  received: 700,
  before: { acked: 1000, received: 600 },
  info: { rttUs: 1250, retransTotal: 4 },
} as const
const timeWait = { state: "TIME_WAIT", local: "[2001:db8::1]:443", remote: "[2001:db8::7]:9", inode: 0 } as const

describe("the fields of a connection", () => {
  test("everything known", () => {
    expect(connectionFields(connectionsOf([busy, listener], { elapsedMs: 500 }), 0)).toEqual({
      proto: "tcp",
      state: "ESTABLISHED",
      direction: "in",
      local_ip: "10.0.0.1",
      local_port: 443,
      peer_ip: "203.0.113.7",
      peer_port: 51000,
      pid: 1204,
      process: "nginx",
      uid: 33,
      netns: "host",
      unit: null,
      cgroup: null,
      tx_bytes_delta: 2000,
      rx_bytes_delta: 100,
      tx_bytes_per_sec: 4000,
      rx_bytes_per_sec: 200,
      tx_queue: 12,
      rx_queue: 3,
      rtt_us: 1250,
      retrans: 4,
      drops: null,
      source: "socket",
      bytes_unit: "payload",
      lifetime_ms: null,
      connections: 1,
      nat: null,
      inner_ip: null,
      inner_port: null,
    })
  })

  test("what is not known is null and never 0", () => {
    const unknown = {
      pid: null,
      process: null,
      uid: null,
      cgroup: null,
      tx_bytes_delta: null,
      rx_bytes_delta: null,
      tx_bytes_per_sec: null,
      rx_bytes_per_sec: null,
      rtt_us: null,
      retrans: null,
    }
    expect(connectionFields(connectionsOf([timeWait]), 0)).toMatchObject(unknown)
  })

  test("a round trip that was never measured is null", () => {
    const connecting = { state: "SYN_SENT", local: "10.0.0.1:40000", remote: "203.0.113.7:81", info: {} } as const
    expect(connectionFields(connectionsOf([connecting]), 0)).toMatchObject({ rtt_us: null, retrans: 0 })
  })

  test("after one look nothing is known to have moved", () => {
    const fields = connectionFields(connectionsOf([busy], { isFirst: true }), 0)
    expect(fields).toMatchObject({ tx_bytes_delta: null, tx_bytes_per_sec: null, retrans: 4 })
  })

  test("nothing moved is 0, and root is a user", () => {
    const idle = { ...busy, uid: 0, inode: 9, before: { acked: 3000, received: 700 } }
    expect(connectionFields(connectionsOf([idle]), 0)).toMatchObject({ uid: 0, tx_bytes_delta: 0, rx_bytes_per_sec: 0 })
  })

  test("root is not assumed of a socket that nobody holds", () => {
    expect(connectionFields(connectionsOf([{ ...busy, uid: 0, inode: 0 }]), 0).uid).toBeNull()
    expect(connectionFields(connectionsOf([{ ...busy, uid: 33, inode: 0 }]), 0).uid).toBe(33)
  })
})

describe("JSON", () => {
  const text = (connections: Connections, rows = rowsOf(connections), more = {}) =>
    [
      ...connectionsJson({
        capturedAt: "2026-03-08T12:56:30.196+07:00",
        interfaceName: "eth0",
        elapsedMs: 1001.2,
        connections,
        rows,
        notes: ["conntrack: module not loaded"],
        ...more,
      }),
    ].join("")

  test("is one object, its keys in a fixed order, one connection a line", () => {
    const written = text(connectionsOf([busy, timeWait, listener]), Uint32Array.of(1, 0))
    const value = JSON.parse(written)
    expect(Object.keys(value)).toEqual([
      "captured_at",
      "interface",
      "sample_seconds",
      "coverage_percent",
      "connections",
      "notes",
    ])
    expect(value).toMatchObject({ interface: "eth0", sample_seconds: 1.0012, notes: ["conntrack: module not loaded"] })
    expect(value.connections.map((row: { state: string }) => row.state)).toEqual(["TIME_WAIT", "ESTABLISHED"])
    expect(Object.keys(value.connections[0]).join(" ")).toBe(
      "proto state direction local_ip local_port peer_ip peer_port pid process uid cgroup tx_bytes_delta " +
        "rx_bytes_delta tx_bytes_per_sec rx_bytes_per_sec tx_queue rx_queue rtt_us retrans source netns unit drops bytes_unit lifetime_ms connections nat inner_ip inner_port",
    )
    expect(written.split("\n")).toHaveLength(5)
  })

  test("without connections, interface or second look", () => {
    const connections = connectionsOf([listener], { isFirst: true })
    const value = JSON.parse(text(connections, new Uint32Array(0), { interfaceName: undefined, elapsedMs: undefined }))
    expect(value).toMatchObject({ interface: null, sample_seconds: null, connections: [] })
  })

  test("a hostile process name stays inside its string", () => {
    const connections = connectionsOf([{ ...busy, process: '\u009b31m"},\u202e\n' }])
    const written = text(connections)
    expect(JSON.parse(written).connections[0].process).toBe('\u009b31m"},\u202e\n')
    expect(written).not.toMatch(/[\u007f-\u009f\u202e]/)
  })
})

describe("the table", () => {
  const table = (connections: Connections, width?: number) =>
    [...connectionsTable(connections, rowsOf(connections), width)].join("")
  const two = connectionsOf([busy, { ...timeWait, process: "nginx", pid: 1204, isInferred: true }])

  test("uncut where it is not a terminal", () => {
    expect(table(two)).toMatchInlineSnapshot(`
      "DIR PROTO STATE       LOCAL             PEER              PROCESS     TX-Q RX-Q    TX/s   RX/s   RTT RETRANS
      OUT tcp   ESTABLISHED 10.0.0.1:443      203.0.113.7:51000 1204/nginx   12B   3B 2.0KB/s 100B/s 1.3ms       4
      OUT tcp   TIME_WAIT   [2001:db8::1]:443 [2001:db8::7]:9   1204/nginx?   0B   0B       –      –     –       –
      "
    `)
  })

  test("at 80 columns", () => {
    expect(table(two, 80)).toMatchInlineSnapshot(`
      "DIR PEER                      PORT STATE       PROCESS             TX/s     RX/s
      OUT 203.0.113.7:51000        51000 ESTABLISHED 1204/nginx       2.0KB/s   100B/s
      OUT [2001:db8::7]:9              9 TIME_WAIT   1204/nginx?            –        –
      "
    `)
  })

  test("at 60 columns", () => {
    expect(table(two, 60)).toMatchInlineSnapshot(`
      "DIR PEER              PORT PROCESS             TX/s     RX/s
      OUT 203.0.113…:51000 51000 1204/nginx       2.0KB/s   100B/s
      OUT [2001:db8::7]:9      9 1204/nginx?            –        –
      "
    `)
  })

  const long = { ...timeWait, local: "[2001:db8:1111:2222:3333:4444:5555:6666]:443", process: "\u001b[31m中文🦊\t" }
  test.each([40, 60, 80, 100, 120, 200])("no line is wider than %d columns", (width) => {
    const lines = table(connectionsOf([busy, { ...long, remote: long.local }]), width)
      .trimEnd()
      .split("\n")
    expect(lines).toHaveLength(3)
    if (width >= 60) for (const line of lines) expect(cellWidth(line)).toBeLessThanOrEqual(width)
    expect(lines.join("")).not.toMatch(/\p{Cc}/u)
  })

  test("in a pipe every address is whole", () => {
    const text = table(connectionsOf([{ ...long, remote: long.local }]))
    expect(text).toContain("[2001:db8:1111:2222:3333:4444:5555:6666]:443 [2001:db8:1111:2222:3333:4444:5555:6666]:443 ")
    expect(text).not.toContain("…")
  })
})

test("every source that failed is named", () => {
  const notes = failedSources({
    ...sampleOf(tableOf([]), [], 0),
    conntrack: { ok: false, reason: "the module is not loaded" },
    load: { ok: true, value: [0, 0, 0] },
  })
  expect(notes).toContain("conntrack: the module is not loaded")
  expect(notes.some((note) => note.startsWith("load average") || note.startsWith("sockets"))).toBe(false)
})
