import { expect, test } from "bun:test"
import fc from "fast-check"
import { appendClosing } from "../../../src/core/sample/closing-event.ts"
import { createSocketTable, rowSource } from "../../../src/core/sample/socket-table.ts"
import { datagram } from "../../../src/core/wire/message.ts"
import { type SocketSpec, socketBytes } from "../../support/sockets.ts"

function read(spec: SocketSpec) {
  const table = createSocketTable(1)
  const bytes = socketBytes({ state: "CLOSE", inode: 0, ...spec })
  const kind = appendClosing(table, { data: datagram(bytes), at: 0, end: bytes.length }, 3, 77)
  return { kind, table }
}

const unconnected = { remote: "0.0.0.0:0", info: { pathMtu: 0, bytesAcked: 0 } }

test.each<{ name: string; spec: SocketSpec; kind: string; rows: number }>([
  { name: "a connection", spec: { acked: 5, received: 6 }, kind: "closed", rows: 1 },
  { name: "a connection without tcp_info", spec: {}, kind: "closed", rows: 1 },
  { name: "an aborted one", spec: { remote: "0.0.0.0:0", info: { pathMtu: 1500 } }, kind: "closed", rows: 1 },
  { name: "a listener", spec: { local: "0.0.0.0:80", ...unconnected }, kind: "listener", rows: 1 },
  { name: "a socket that was never used", spec: { local: "0.0.0.0:0", ...unconnected }, kind: "neither", rows: 0 },
])("$name", ({ spec, kind, rows }) => {
  const { table, kind: answer } = read(spec)
  expect({ kind: answer, rows: table.length }).toEqual({ kind: kind as typeof answer, rows })
})

test("says where it came from, when, and how long it lived at least", () => {
  const { table } = read({ info: { lastDataSentMs: 40, lastDataReceivedMs: 25, pathMtu: 1500 } })
  expect(table.source[0]).toBe(rowSource.closed)
  expect(table.namespace[0]).toBe(3)
  expect(table.firstSeenMs[0]).toBe(77)
  expect(table.lifetimeMs[0]).toBe(40)
})

test("of an aborted connection the clocks say nothing", () => {
  const { table } = read({ remote: "0.0.0.0:0", info: { lastDataReceivedMs: 1_612_952, pathMtu: 1500 } })
  expect(table.lifetimeMs[0]).toBe(0)
})

test("whatever the bytes are, it answers and makes at most one row", () => {
  const good = socketBytes({ state: "CLOSE", info: { bytesAcked: 1, bytesReceived: 2, pathMtu: 1500 } })
  const damaged = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }).map((changes) => {
    const bytes = good.slice()
    for (const [at, value] of changes) bytes[at] = value
    return bytes
  })
  fc.assert(
    fc.property(damaged, fc.nat(good.length), (bytes, end) => {
      const table = createSocketTable(1)
      const kind = appendClosing(table, { data: datagram(bytes), at: 0, end: end & ~3 }, 0, 0)
      expect(["closed", "listener", "neither", "broken"]).toContain(kind)
      expect(table.length).toBe(kind === "closed" || kind === "listener" ? 1 : 0)
    }),
  )
})
