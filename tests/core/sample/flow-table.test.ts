import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import {
  appendFlow,
  createFlowTable,
  type FlowTable,
  flowIdentity,
  isLiveFlow,
  NO_STATE,
} from "../../../src/core/sample/flow-table.ts"
import { addressBytes } from "../../../src/core/sample/socket-table.ts"
import { DecodeError } from "../../../src/core/wire/codec.ts"
import { type Flow, type FlowTuple, readFlow } from "../../../src/core/wire/conntrack.ts"
import { AF_INET, AF_INET6, bodyAt, IPPROTO_UDP } from "../../../src/core/wire/inet-diag.ts"
import { datagram, readDatagram } from "../../../src/core/wire/message.ts"
import { captured, readCapture } from "../../support/captures.ts"
import { flowBytes, flowTableOf } from "../../support/flows.ts"

const sixteen = (address: Uint8Array | undefined) =>
  address?.length === 4 ? Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...address]) : address

const sourcePort = ({ proto }: FlowTuple) => proto?.sourcePort ?? proto?.icmpId ?? proto?.icmpv6Id ?? 0
const targetPort = ({ proto }: FlowTuple) =>
  proto?.targetPort ?? ((proto?.icmpType ?? proto?.icmpv6Type ?? 0) << 8) | (proto?.icmpCode ?? proto?.icmpv6Code ?? 0)

/** The same row as the table codec sees it. */
function byCodec({ family, original = {}, reply = {}, ...flow }: Flow) {
  return {
    family,
    protocol: original.proto?.number ?? -1,
    state: flow.protocolInfo?.tcp?.state ?? NO_STATE,
    originalSource: sixteen(original.ip?.v4Source ?? original.ip?.v6Source),
    originalTarget: sixteen(original.ip?.v4Target ?? original.ip?.v6Target),
    replySource: sixteen(reply.ip?.v4Source ?? reply.ip?.v6Source),
    replyTarget: sixteen(reply.ip?.v4Target ?? reply.ip?.v6Target),
    originalSourcePort: sourcePort(original),
    originalTargetPort: targetPort(original),
    replySourcePort: sourcePort(reply),
    replyTargetPort: targetPort(reply),
    status: flow.status ?? 0,
    originalPackets: (flow.originalCounters?.packets ?? 0) % 2 ** 32,
    originalBytes: flow.originalCounters?.bytes ?? Number.NaN,
    replyPackets: (flow.replyCounters?.packets ?? 0) % 2 ** 32,
    replyBytes: flow.replyCounters?.bytes ?? Number.NaN,
    id: flow.id ?? 0,
    mark: flow.mark ?? 0,
    zone: flow.zone ?? 0,
    originalZone: original.zone ?? 0,
    replyZone: reply.zone ?? 0,
    startMs: (flow.timestamp?.startNs ?? Number.NaN) / 1e6,
  }
}

const addressColumns = ["originalSource", "originalTarget", "replySource", "replyTarget"] as const
/** Not from the kernel's bytes. */
const ours = new Set(["length", "capacity", "role", "namespace", "previousRow", "socketRow", "holderRow"])

function byColumns(table: FlowTable, row: number) {
  const plain = Object.entries(table).filter(
    ([name]) => !ours.has(name) && !(addressColumns as readonly string[]).includes(name),
  )
  return {
    ...Object.fromEntries(plain.map(([name, column]) => [name, (column as Float64Array)[row]])),
    ...Object.fromEntries(addressColumns.map((name) => [name, addressBytes(table[name], row)])),
  }
}

function expectSame(bytes: Uint8Array<ArrayBuffer>) {
  const table = createFlowTable(1)
  expect(appendFlow(table, datagram(bytes), 0, bytes.length)).toBe(true)
  expect(byColumns(table, 0)).toEqual(byCodec(readFlow(bytes.subarray(bodyAt(0)))))
}

/** Each message of the capture in memory of its own. */
function captureRows(): Uint8Array<ArrayBuffer>[] {
  const rows: Uint8Array<ArrayBuffer>[] = []
  for (const { data, length, expected } of readCapture("nat-world"))
    readDatagram(data, length, expected, (at, end) => rows.push(data.bytes.slice(at, end)))
  return rows
}

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const u16 = fc.integer({ min: 0, max: 0xffff })
const u8 = fc.integer({ min: 0, max: 255 })
const u64 = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const port = fc.integer({ min: 0, max: 65_535 })

describe("the column reader and the table codec see the same", () => {
  test("in every row of a capture", () => {
    const rows = captureRows()
    expect(rows.length).toBe(10)
    for (const row of rows) expectSame(row)
  })

  test("in any row that can be built", () => {
    const counters = fc.record({ packets: u64, bytes: u64 }, { requiredKeys: [] })
    const spec = fc.record(
      {
        original: fc.tuple(port, port).map(([a, b]) => `[2001:db8::1]:${a} > [fe80::2]:${b}`),
        reply: fc.tuple(port, port).map(([a, b]) => `[2001:db8::3]:${a} > [2001:db8::4]:${b}`),
        protocol: fc.constantFrom(6, 17, 132),
        state: u8,
        status: u32,
        id: u32,
        mark: u32,
        zone: u16,
        timeoutSeconds: u32,
        originalCounters: counters,
        replyCounters: counters,
        timestamp: fc.record({ startNs: u64, stopNs: u64 }, { requiredKeys: [] }),
      },
      { requiredKeys: ["original", "reply"] },
    )
    fc.assert(fc.property(spec, (one) => expectSame(flowBytes(one))))
  })
})

describe("damaged bytes", () => {
  const rows = captureRows()

  test("are refused by the column reader exactly where the codec refuses them, or where a tuple is missing", () => {
    let refused = 0
    const damage = fc.tuple(fc.nat({ max: rows.length - 1 }), fc.nat(), u8, fc.nat({ max: 3 }))
    fc.assert(
      fc.property(damage, ([which, where, byte, cut]) => {
        const bytes = rows[which]!.slice(0, rows[which]!.length - cut * 4)
        bytes[20 + (where % (bytes.length - 20))] = byte
        const table = createFlowTable(1)
        const isRead = appendFlow(table, datagram(bytes), 0, bytes.length)
        let flow: Flow | undefined
        try {
          flow = readFlow(bytes.subarray(bodyAt(0)))
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError)
        }
        expect(table.length).toBe(isRead ? 1 : 0)
        if (isRead && !hasMixedPorts(flow!) && hasExactPackets(flow!))
          expect(byColumns(table, 0)).toEqual(byCodec(flow!))
        if (!isRead) {
          refused++
          expect(flow === undefined || !hasBothTuples(flow)).toBe(true)
        }
      }),
      { numRuns: 3_000 },
    )
    expect(refused).toBeGreaterThan(500)
  })

  /** The codec's number has lost the lowest bits of a larger one. */
  const hasExactPackets = ({ originalCounters, replyCounters }: Flow) =>
    [originalCounters, replyCounters].every((counters) => (counters?.packets ?? 0) <= Number.MAX_SAFE_INTEGER)

  /** Ports and an ICMP id in one tuple: no kernel sends that, and the last one counts. */
  const hasMixedPorts = ({ original, reply }: Flow) =>
    [original, reply].some((tuple) => {
      const { sourcePort, targetPort, icmpId, icmpType, icmpCode, icmpv6Id, icmpv6Type, icmpv6Code } =
        tuple?.proto ?? {}
      const kinds = [
        [sourcePort, targetPort],
        [icmpId, icmpType, icmpCode],
        [icmpv6Id, icmpv6Type, icmpv6Code],
      ]
      return kinds.filter((kind) => kind.some((part) => part !== undefined)).length > 1
    })

  const hasBothTuples = ({ family, original, reply }: Flow) =>
    [original, reply].every(
      (tuple) =>
        tuple?.proto?.number !== undefined &&
        (family === AF_INET
          ? tuple.ip?.v4Source !== undefined && tuple.ip.v4Target !== undefined
          : tuple.ip?.v6Source !== undefined && tuple.ip.v6Target !== undefined),
    )

  test("never read outside the message: what lies behind it changes nothing", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: rows.length - 1 }),
        fc.nat({ max: 300 }),
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        (which, length, behind) => {
          const row = rows[which]!
          const end = Math.min(length, row.length)
          const [alone, followed] = [new Uint8Array(64), behind].map((tail) => {
            const bytes = new Uint8Array(((end + 3) & ~3) + 64)
            bytes.set(row.subarray(0, end))
            bytes.set(tail, end)
            const table = createFlowTable(1)
            return [appendFlow(table, datagram(bytes), 0, end), table.length === 1 && byColumns(table, 0)]
          })
          expect(followed).toEqual(alone)
        },
      ),
    )
  })

  test("whole datagrams of noise end in a clean answer", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 400 }), (noise) => {
        const { data, length, expected } = captured(noise)
        const table = createFlowTable(1)
        const { kind } = readDatagram(data, length, expected, (at, end) => void appendFlow(table, data, at, end))
        expect(["more", "done", "refused", "broken"]).toContain(kind)
      }),
    )
  })
})

test("absent counters are NaN and not zero", () => {
  const table = flowTableOf([{}, { bytes: [0, 0] }])
  expect([...table.originalBytes.subarray(0, 2)]).toEqual([Number.NaN, 0])
})

test("grows and keeps every row", () => {
  const table = flowTableOf(Array.from({ length: 100 }, (_, i) => ({ original: `10.0.0.1:${i} > 10.0.0.2:80` })))
  expect([...table.originalSourcePort.subarray(0, table.length)]).toEqual(Array.from({ length: 100 }, (_, i) => i))
})

test.each([
  [0, true],
  [1, true],
  [2, true],
  [3, true],
  [4, false],
  [5, false],
  [6, false],
  [7, false],
  [8, false],
  [9, true],
])("a TCP flow of state %d is live: %p", (state, is) => {
  expect(isLiveFlow(flowTableOf([{ state }]), 0)).toBe(is)
})

test("UDP is live while it is there", () => expect(isLiveFlow(flowTableOf([{ protocol: IPPROTO_UDP }]), 0)).toBe(true))

test("a flow's identity is what the kernel said of it", () => {
  for (const row of captureRows()) {
    const table = createFlowTable(1)
    appendFlow(table, datagram(row), 0, row.length)
    const { family, original, id } = readFlow(row.subarray(bodyAt(0)))
    expect(flowIdentity(table, 0)).toEqual({ family, original: original!, id: id!, zone: 0 })
    expect([AF_INET, AF_INET6]).toContain(family)
  }
})
