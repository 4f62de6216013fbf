import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import {
  addressBytes,
  addressText,
  appendSocket,
  cookieOf,
  createSocketTable,
  growSocketTable,
  type SocketTable,
} from "../../../src/core/sample/socket-table.ts"
import { isMapped } from "../../../src/core/wire/address.ts"
import {
  AF_INET,
  bodyAt,
  IPPROTO_TCP,
  readSocketMessage,
  type SocketMessage,
} from "../../../src/core/wire/inet-diag.ts"
import { datagram, readDatagram } from "../../../src/core/wire/message.ts"
import { type CapturedDatagram, captured, readCapture } from "../../support/captures.ts"
import { type SocketSpec, socketBytes, tableOf } from "../../support/sockets.ts"

/** Reads datagrams as the collector does: rows into a table, refused rows counted. */
function collect(datagrams: readonly CapturedDatagram[], table = createSocketTable(1)) {
  let skipped = 0
  let ends = 0
  for (const { data, length, expected } of datagrams) {
    const progress = readDatagram(data, length, expected, (at, end) => {
      if (!appendSocket(table, data, at, end, IPPROTO_TCP)) skipped++
    })
    if (progress.kind !== "more") ends++
  }
  return { table, skipped, ends }
}

const sixteen = (message: SocketMessage, address: Uint8Array) =>
  message.family === AF_INET
    ? Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...address.slice(0, 4)])
    : address

/** The same row as the table codec sees it. */
const byCodec = (message: SocketMessage) => ({
  family: message.family,
  state: message.info?.state || message.state,
  timer: message.timer,
  localPort: message.localPort,
  remotePort: message.remotePort,
  localAddress: sixteen(message, message.localAddress),
  remoteAddress: sixteen(message, message.remoteAddress),
  interface: message.interface,
  cookie: message.cookie,
  receiveQueue: message.receiveQueue,
  sendQueue: message.sendQueue,
  uid: message.uid,
  inode: message.inode,
  hasInfo: message.info === undefined ? 0 : 1,
  hasMemory: message.memory === undefined ? 0 : 1,
  isV6Only: message.v6Only ?? 0,
  shutdown: message.shutdown ?? 0,
  cgroupId: Number(message.cgroupId ?? 0n),
  bytesAcked: message.info?.bytesAcked ?? Number.NaN,
  bytesReceived: message.info?.bytesReceived ?? Number.NaN,
  bytesSent: message.info?.bytesRetransmitted === undefined ? Number.NaN : (message.info.bytesSent ?? Number.NaN),
  bytesRetransmitted: message.info?.bytesRetransmitted ?? Number.NaN,
  rttUs: message.info?.rttUs ?? 0,
  retransTotal: message.info?.retransTotal ?? 0,
  receiveBuffer: message.memory?.receiveBuffer ?? 0,
  sendBuffer: message.memory?.sendBuffer ?? 0,
  drops: message.memory?.drops ?? 0,
  receiveAllocated: message.memory?.receiveAllocated ?? 0,
  ...progress(message.info ?? {}),
})

/** Short columns hold the low bits of counters, and the largest number they can of sizes. */
const progress = (info: NonNullable<SocketMessage["info"]>) => ({
  congestionState: info.congestionState ?? 0,
  retransmits: info.retransmits ?? 0,
  probes: info.probes ?? 0,
  backoff: info.backoff ?? 0,
  isAppLimited: (info.flags ?? 0) & 1,
  sendCwnd: Math.min(info.sendCwnd ?? 0, 65_535),
  sendMss: Math.min(info.sendMss ?? 0, 65_535),
  pathMtu: Math.min(info.pathMtu ?? 0, 65_535),
  duplicateSacks: (info.duplicateSacks ?? 0) % 65_536,
  reorderSeen: (info.reorderSeen ?? 0) % 65_536,
  receiveOutOfOrder: (info.receiveOutOfOrder ?? 0) % 65_536,
  rtoUs: info.rtoUs ?? 0,
  unacked: info.unacked ?? 0,
  lastAckReceivedMs: info.lastAckReceivedMs ?? 0,
  minRttUs: info.minRttUs ?? 0,
  busyTimeUs: (info.busyTimeUs ?? 0) % 2 ** 32,
  receiveWindowLimitedUs: (info.receiveWindowLimitedUs ?? 0) % 2 ** 32,
  sendBufferLimitedUs: (info.sendBufferLimitedUs ?? 0) % 2 ** 32,
  notSentBytes: info.notSentBytes ?? 0,
})

/** What is not a column, what is compared otherwise, and what is filled later. */
const notFromTheKernel =
  /^(length|capacity|cookie.*|.*Address|protocol|previousRow|flow|owner|counted.*|isOpener|firstSeenMs|source|lifetimeMs|connectionCount|namespace)$/

type PlainColumn = Exclude<keyof ReturnType<typeof byCodec>, "localAddress" | "remoteAddress" | "cookie">

function byColumns(table: SocketTable, row: number): ReturnType<typeof byCodec> {
  const names = Object.keys(table).filter((name) => !notFromTheKernel.test(name))
  return {
    ...(Object.fromEntries(names.map((name) => [name, table[name as PlainColumn][row]])) as Record<
      PlainColumn,
      number
    >),
    localAddress: addressBytes(table.localAddress, row),
    remoteAddress: addressBytes(table.remoteAddress, row),
    cookie: cookieOf(table, row),
  }
}

describe("the column reader and the table codec see the same", () => {
  test("in every row of a capture", () => {
    let rows = 0
    for (const { data, length, expected } of readCapture("small-world")) {
      readDatagram(data, length, expected, (at, end) => {
        const table = createSocketTable(1)
        expect(appendSocket(table, data, at, end, IPPROTO_TCP)).toBe(true)
        expect(byColumns(table, 0)).toEqual(byCodec(readSocketMessage(data.bytes.subarray(bodyAt(at), end))))
        rows++
      })
    }
    expect(rows).toBe(24)
  })

  test("in any row that can be built", () => {
    const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })
    const counter = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
    const port = fc.integer({ min: 0, max: 65_535 })
    const spec: fc.Arbitrary<SocketSpec> = fc.record(
      {
        local: port.map((n) => `[2001:db8::1]:${n}`),
        remote: port.map((n) => `[fe80::2]:${n}`),
        cookie: fc.bigInt(0n, 2n ** 64n - 1n),
        interface: u32,
        uid: u32,
        inode: u32,
        receiveQueue: u32,
        sendQueue: u32,
        acked: counter,
        received: counter,
        info: fc.record({ rttUs: u32, retransTotal: u32 }, { requiredKeys: [] }),
        memory: fc.record({ receiveBuffer: u32, sendBuffer: u32, drops: u32 }, { requiredKeys: [] }),
        shutdown: fc.integer({ min: 0, max: 3 }),
        v6Only: fc.integer({ min: 0, max: 1 }),
        cgroupId: fc.bigInt(0n, 2n ** 53n),
      },
      { requiredKeys: ["local", "remote"] },
    )
    fc.assert(
      fc.property(spec, (given) => {
        const bytes = socketBytes(given)
        const table = tableOf([given])
        expect({ ...byColumns(table, 0), cookie: 0n }).toEqual({
          ...byCodec(readSocketMessage(bytes.subarray(bodyAt(0)))),
          cookie: 0n,
        })
        if (given.cookie !== undefined) expect(cookieOf(table, 0)).toBe(given.cookie)
      }),
    )
  })
})

test("one host has one spelling, whichever socket it was seen on", () => {
  const table = tableOf([
    { local: "10.0.0.1:80", remote: "10.0.0.2:5000" },
    { local: "10.0.0.1:80", remote: "10.0.0.2:5000", isMapped: true },
  ])
  expect(addressBytes(table.remoteAddress, 0)).toEqual(addressBytes(table.remoteAddress, 1))
  expect(isMapped(addressBytes(table.remoteAddress, 0))).toBe(true)
  expect(addressText(table.remoteAddress, 1)).toBe("10.0.0.2")
})

test("the state is the one that belongs to the counters", () => {
  const table = tableOf([{ state: "ESTABLISHED", received: 11, info: { state: 8 } }, { state: "ESTABLISHED" }])
  expect([...table.state.slice(0, 2)]).toEqual([8, 1])
})

test("what the kernel does not count is NaN and not 0", () => {
  const table = tableOf([{ state: "TIME_WAIT" }, { acked: 0, received: 0 }])
  expect([...table.bytesAcked.slice(0, 2)]).toEqual([Number.NaN, 0])
  expect([...table.hasInfo.slice(0, 2)]).toEqual([0, 1])
})

test("a reused row keeps nothing of the socket that was there", () => {
  const table = tableOf([
    { acked: 5, received: 6, info: { rttUs: 7 }, memory: { drops: 8 }, shutdown: 3, v6Only: 1, cgroupId: 9n },
  ])
  table.owner[0] = 3
  table.previousRow[0] = 4
  table.length = 0
  const bytes = socketBytes({ state: "TIME_WAIT", cookie: 1n })
  appendSocket(table, datagram(bytes), 0, bytes.length, IPPROTO_TCP)
  expect(byColumns(table, 0)).toEqual(byCodec(readSocketMessage(bytes.subarray(bodyAt(0)))))
  expect([table.owner[0], table.previousRow[0]]).toEqual([-1, -1])
})

describe("broken rows are refused", () => {
  const whole = socketBytes({ acked: 1, received: 2 })
  const change = (at: number, ...values: number[]) => {
    const bytes = whole.slice()
    bytes.set(values, at)
    return bytes
  }
  const attributesAt = bodyAt(72)
  test.each([
    { name: "a row shorter than inet_diag_msg", bytes: whole.slice(0, bodyAt(71)) },
    { name: "a family that is neither", bytes: change(bodyAt(0), 1) },
    { name: "an attribute of length zero", bytes: change(attributesAt, 0, 0) },
    { name: "an attribute shorter than its header", bytes: change(attributesAt, 3, 0) },
    { name: "an attribute past the end", bytes: change(attributesAt, 0xff, 0xff) },
    { name: "an attribute one byte past the end", bytes: whole.slice(0, -1) },
  ])("$name", ({ bytes }) => {
    const table = createSocketTable(1)
    expect(appendSocket(table, datagram(bytes), 0, bytes.length, IPPROTO_TCP)).toBe(false)
    expect(table.length).toBe(0)
  })

  test("an unknown attribute is passed over", () => {
    const table = createSocketTable(1)
    const bytes = change(attributesAt + 2, 0xff, 0x00)
    expect(appendSocket(table, datagram(bytes), 0, bytes.length, IPPROTO_TCP)).toBe(true)
    expect(table.hasInfo[0]).toBe(0)
  })
})

describe("any bytes", () => {
  const capture = readCapture("small-world")
  const whole = capture.map(({ data, length }) => data.bytes.slice(0, length))

  test("every prefix of a captured datagram gives its whole rows or is refused", () => {
    for (const bytes of whole.slice(0, 2)) {
      const complete = collect([captured(bytes)]).table
      for (let length = 0; length < bytes.length; length++) {
        const { table } = collect([captured(bytes.slice(0, length))])
        // What was read is a prefix of the truth.
        expect(table.length).toBeLessThanOrEqual(complete.length)
        if (table.length > 0) expect(byColumns(table, table.length - 1)).toEqual(byColumns(complete, table.length - 1))
      }
    }
  })

  test("damage is refused, counted or read as something else; nothing outside the datagram is ever seen", () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(fc.nat(whole.length - 1), damage, (which, changes) => {
        const bytes = whole[which]!.slice()
        for (const [at, value] of changes) bytes[at % bytes.length] = value
        const { expected } = capture[which]!
        // The same bytes in front of two different surroundings: what is read must not depend on them.
        const [zeros, ones] = [0x00, 0xff].map((filler) => {
          const memory = new Uint8Array(bytes.length + 256).fill(filler)
          memory.set(bytes)
          return collect([{ data: datagram(memory), length: bytes.length, expected }])
        })
        expect(rowsOf(zeros!.table)).toEqual(rowsOf(ones!.table))
        expect(zeros!.skipped).toBe(ones!.skipped)
        expect(zeros!.table.length + zeros!.skipped).toBeLessThanOrEqual(bytes.length / 16)
      }),
      { seed: 20_250_101, numRuns: 400 },
    )
  })
})

const rowsOf = (table: SocketTable) => Array.from({ length: table.length }, (_, row) => byColumns(table, row))

test("growing keeps the rows and every column has room", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), (count, more) => {
      const table = tableOf(Array.from({ length: count }, (_, i) => ({ acked: i, received: i * 2, inode: i })))
      const before = rowsOf(table)
      growSocketTable(table, count + more)
      expect(rowsOf(table)).toEqual(before)
      expect(table.capacity).toBeGreaterThanOrEqual(count + more)
      for (const [name, column] of Object.entries(table)) {
        if (typeof column === "number") continue
        expect(column.length).toBe(table.capacity * (name.endsWith("Address") ? 4 : 1))
      }
    }),
    { numRuns: 30 },
  )
})

test("a table that is large enough is left alone", () => {
  const table = createSocketTable(8)
  const { state } = table
  growSocketTable(table, 8)
  expect(table.state).toBe(state)
})
