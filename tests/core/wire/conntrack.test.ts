import { describe, expect, test } from "bun:test"
import { DecodeError } from "../../../src/core/wire/codec.ts"
import {
  flowAttributes,
  isConntrackHook,
  readConntrackCpu,
  readFlow,
  writeFlowDelete,
  writeFlowDump,
  writeHookDump,
  writeStatisticsDump,
} from "../../../src/core/wire/conntrack.ts"
import { AF_INET, AF_INET6, bodyAt, IPPROTO_UDP } from "../../../src/core/wire/inet-diag.ts"
import { readDatagram } from "../../../src/core/wire/message.ts"
import { readCapture } from "../../support/captures.ts"
import { flowBytes, tupleOf } from "../../support/flows.ts"

const hex = (bytes: Uint8Array) =>
  Buffer.from(bytes)
    .toString("hex")
    .replace(/(.{8})(?=.)/g, "$1 ")

describe("requests", () => {
  test("conntrack -L", () => {
    expect(hex(writeFlowDump({ sequence: 1 }))).toBe("14000000 01010103 01000000 00000000 00000000")
  })

  test("conntrack -S", () => {
    expect(hex(writeStatisticsDump({ sequence: 1 }))).toBe("14000000 04010103 01000000 00000000 00000000")
  })

  test("only flows with a translated source: status 0x10 under the mask 0x30", () => {
    const filter = { status: { value: 0x10, mask: 0x30 } }
    expect(hex(writeFlowDump({ sequence: 1, filter }))).toBe(
      "24000000 01010103 01000000 00000000 00000000 08000300 00000010 08001a00 00000030",
    )
  })

  test("only UDP of IPv4, mark 5 and zone 7", () => {
    const filter = { family: AF_INET, protocol: IPPROTO_UDP, mark: { value: 5, mask: 0xff }, zone: 7 }
    expect(hex(writeFlowDump({ sequence: 1, filter }))).toBe(
      [
        "48000000 01010103 01000000 00000000 02000000",
        "10000180 0c000280 05000100 11000000", // original { proto { number 17 } }
        "08000800 00000005 06001200 00070000 08001500 000000ff",
        "0c001980 08000100 08000000", // filter { original flags: CTA_PROTO_NUM }
      ].join(" "),
    )
  })

  test("conntrack -D of one flow, by tuple, id and zone", () => {
    const original = tupleOf("10.0.0.1:1000 > 10.0.0.2:80", 6)
    expect(hex(writeFlowDelete({ family: AF_INET, original, id: 0x11223344, zone: 3, sequence: 1 }))).toBe(
      [
        "58000000 02010500 01000000 00000000 02000000",
        "34000180 14000180 08000100 0a000001 08000200 0a000002",
        "1c000280 05000100 06000000 06000200 03e80000 06000300 00500000",
        "08000c00 11223344 06001200 00030000",
      ].join(" "),
    )
  })

  test("a deletion without a whole tuple is never written: the kernel would delete everything", () => {
    for (const original of [
      {},
      { proto: { number: 6 } },
      { ip: { v4Source: new Uint8Array(4), v4Target: new Uint8Array(4) } },
      { ip: { v4Source: new Uint8Array(4) }, proto: { number: 6 } },
    ])
      expect(() => writeFlowDelete({ family: AF_INET, original, id: 1, sequence: 1 })).toThrow("whole tuple")
  })

  test("no request sets counters back", async () => {
    const GET_CTRZERO = 3
    const requests = [
      writeFlowDump({ sequence: 1 }),
      writeStatisticsDump({ sequence: 1 }),
      writeFlowDelete({ family: AF_INET, original: tupleOf("1.1.1.1:1 > 2.2.2.2:2", 6), id: 1, sequence: 1 }),
      writeHookDump({ family: AF_INET6, sequence: 1 }),
    ]
    for (const request of requests) expect(request[4]).not.toBe(GET_CTRZERO)
  })
})

test("reads every flow of a capture, and writes the same attributes back", () => {
  let flows = 0
  for (const { data, length, expected } of readCapture("nat-world")) {
    readDatagram(data, length, expected, (at, end) => {
      const { family, ...attributes } = readFlow(data.bytes.subarray(bodyAt(at), end))
      expect([AF_INET, AF_INET6]).toContain(family)
      expect(flowAttributes.read(flowAttributes.write(attributes))).toEqual(attributes)
      flows++
    })
  }
  expect(flows).toBe(10)
})

test("says where a flow is broken", () => {
  const bytes = flowBytes({}).slice(16)
  bytes[4 + 4 + 4] = 7 // the length of the first address
  expect(() => readFlow(bytes)).toThrow(new DecodeError("flow.original.ip.v4Source", "expected 4 bytes, got 3"))
})

test("a CPU's statistics carry its number in the header", () => {
  const bytes = Buffer.from("00000003 08000a00 00000007 08000b00 ffffffff".replaceAll(" ", ""), "hex")
  expect(readConntrackCpu(bytes)).toEqual({ cpu: 3, drop: 7, earlyDrop: 0xffffffff })
})

// As linux/netfilter/nfnetlink_hook.h lays it out; the kernel these tests were written on is built without it.
test.each([
  ["ipv4_conntrack_in", -200, true],
  ["ipv6_conntrack_in", -200, true],
  ["ipv4_conntrack_defrag", -400, false],
  ["some_other_hook", -200, false],
])("the hook %s at %d is connection tracking: %p", (name, priority, is) => {
  const text = Buffer.from(`${name}\0`)
  const head = Buffer.from([2, 0, 0, 0, 8, 0, 2, 0, 0, 0, 0, 0])
  head.writeInt32BE(priority, 8)
  const attribute = Buffer.alloc(4 + Math.ceil(text.length / 4) * 4)
  attribute.writeUInt16LE(4 + text.length, 0)
  attribute.writeUInt16LE(4, 2)
  text.copy(attribute, 4)
  expect(isConntrackHook(Buffer.concat([head, attribute]))).toBe(is)
})
