import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import {
  align4,
  attributes,
  type Codec,
  concat,
  DecodeError,
  growing,
  i32h,
  id64h,
  raw,
  struct,
  u8,
  u16be,
  u16h,
  u32be,
  u32h,
  u64h,
  walkAttributes,
  writeAttribute,
} from "../../../src/core/wire/codec.ts"
import { tcpInfo } from "../../../src/core/wire/tcp-info.ts"

const int = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 })
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const bytes = (hex: string) => Uint8Array.fromHex(hex.replaceAll(" ", ""))

const point = struct(8, { x: [0, u16be], y: [4, u32h] })
const nest = attributes({ port: [1, u16be], name: [2, raw(3)], inner: [3, attributes({ id: [7, id64h] })] })
const pointValue = fc.record({ x: int(16), y: int(32) })
const nestValue = fc.record(
  { port: int(16), name: bytesOf(3), inner: fc.record({ id: fc.bigInt(0n, 2n ** 64n - 1n) }, { requiredKeys: [] }) },
  { requiredKeys: [] },
)

const laws: { name: string; codec: Codec<unknown>; values: fc.Arbitrary<unknown> }[] = [
  { name: "u8", codec: u8, values: int(8) },
  { name: "u16h", codec: u16h, values: int(16) },
  { name: "u16be", codec: u16be, values: int(16) },
  { name: "u32h", codec: u32h, values: int(32) },
  { name: "u32be", codec: u32be, values: int(32) },
  { name: "i32h", codec: i32h, values: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) },
  { name: "u64h", codec: u64h, values: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }) },
  { name: "id64h", codec: id64h, values: fc.bigInt(0n, 2n ** 64n - 1n) },
  { name: "raw", codec: raw(5), values: bytesOf(5) },
  { name: "struct", codec: point as Codec<unknown>, values: pointValue },
  { name: "attributes", codec: nest as Codec<unknown>, values: nestValue },
]

test.each(laws)("$name: reading what was written gives the value back", ({ codec, values }) => {
  fc.assert(fc.property(values, (value) => expect(codec.read(codec.write(value))).toEqual(value)))
})

test("a growing structure gives back its last field and everything before it", () => {
  fc.assert(
    fc.property(int(32), int(53), (rttUs, bytesAcked) => {
      const written = tcpInfo.write({ rttUs, bytesAcked })
      expect(written.length).toBe(128)
      expect(tcpInfo.read(written)).toMatchObject({ rttUs, bytesAcked })
    }),
  )
})

test.each([
  { length: 0, has: [], lacks: ["state", "rttUs"] },
  { length: 71, has: ["lastAckReceivedMs"], lacks: ["rttUs", "retransTotal"] },
  { length: 72, has: ["rttUs"], lacks: ["retransTotal"] },
  { length: 104, has: ["retransTotal"], lacks: ["pacingRate", "bytesAcked"] }, // Linux 3.14
  { length: 136, has: ["bytesAcked", "bytesReceived"], lacks: ["segmentsOut"] }, // Linux 4.1
  { length: 400, has: ["rtoTimeMs"], lacks: [] }, // a kernel to come
])("tcp_info of $length bytes has the fields that fit", ({ length, has, lacks }) => {
  const names = Object.keys(tcpInfo.read(new Uint8Array(length)))
  expect(names).toEqual(expect.arrayContaining(has))
  for (const name of lacks) expect(names).not.toContain(name)
})

test("byte order is what the name says", () => {
  expect(u16be.write(0x0102)).toEqual(bytes("0102"))
  expect(u16h.write(0x0102)).toEqual(bytes("0201"))
  expect(u32be.write(0x01020304)).toEqual(bytes("01020304"))
  expect(u32h.write(0x01020304)).toEqual(bytes("04030201"))
})

test("an identifier keeps all its bits, a counter rounds above 2^53", () => {
  const all = bytes("ff ff ff ff ff ff ff ff")
  expect(id64h.read(all)).toBe(2n ** 64n - 1n)
  expect(u64h.read(all)).toBe(2 ** 64)
})

describe("attributes: broken and odd bytes", () => {
  test.each([
    { name: "nothing at all", hex: "", value: {} },
    {
      name: "odd length is padded",
      hex: "0700 0200 616263 00  0600 0100 0050 0000",
      value: { name: bytes("616263"), port: 80 },
    },
    { name: "padding missing at the very end", hex: "0600 0100 0050", value: { port: 80 } },
    { name: "up to three stray bytes at the end", hex: "0600 0100 0050 0000 ffffff", value: { port: 80 } },
    { name: "unknown attribute", hex: "0800 ff00 01020304  0600 0100 0050 0000", value: { port: 80 } },
    { name: "of two of one type the last", hex: "0600 0100 0050 0000  0600 0100 0051 0000", value: { port: 81 } },
    { name: "flag bits of the type", hex: "0600 01c0 0050 0000", value: { port: 80 } },
    { name: "an empty nest", hex: "0400 0380", value: { inner: {} } },
  ])("$name", ({ hex, value }) => expect(nest.read(bytes(hex))).toEqual(value))

  test.each([
    { name: "zero length", hex: "0000 0100 0050 0000", problem: "at: attribute at byte 0 has length 0, 8 left" },
    { name: "length below a header", hex: "0300 0100", problem: "at: attribute at byte 0 has length 3, 4 left" },
    {
      name: "length past the end",
      hex: "0900 0100 0050 0000",
      problem: "at: attribute at byte 0 has length 9, 8 left",
    },
    {
      name: "second one past the end",
      hex: "0600 0100 0050 0000 0500 0200",
      problem: "at: attribute at byte 8 has length 5, 4 left",
    },
    { name: "payload too short", hex: "0500 0100 00000000", problem: "at.port: expected 2 bytes, got 1" },
    { name: "payload too long", hex: "0800 0100 00500000", problem: "at.port: expected 2 bytes, got 4" },
    { name: "inside a nest", hex: "0c00 0380 0800 0700 00000000", problem: "at.inner.id: expected 8 bytes, got 4" },
  ])("$name is a DecodeError with the path", ({ hex, problem }) => {
    expect(() => nest.read(bytes(hex), "at")).toThrow(new DecodeError("", problem))
  })
})

test("a nest is written with the nested flag and padding", () => {
  expect(nest.write({ port: 80, inner: { id: 1n } }).toHex()).toBe(
    "06000100005000001000038" + "00c00070001" + "00000000000000",
  )
})

test("walking any bytes stays inside them and ends", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 0, max: 3 }), (inside, offset) => {
      // The bytes lie inside larger memory, so that reading outside would be possible.
      const memory = concat([new Uint8Array(offset * 4).fill(1), inside, new Uint8Array(64).fill(4)])
      const view = memory.subarray(offset * 4, offset * 4 + inside.length)
      try {
        for (const [, payload] of walkAttributes(view)) {
          expect(payload.byteOffset).toBeGreaterThanOrEqual(view.byteOffset + 4)
          expect(payload.byteOffset + payload.length).toBeLessThanOrEqual(view.byteOffset + view.length)
        }
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError)
      }
    }),
  )
})

test("a structure longer than its size is read, a shorter one refused", () => {
  expect(point.read(concat([point.write({ x: 1, y: 2 }), new Uint8Array(4)]))).toEqual({ x: 1, y: 2 })
  expect(() => point.read(new Uint8Array(7))).toThrow("expected 8 bytes, got 7")
  expect(growing({ x: [0, u16be] }).read(new Uint8Array(1))).toEqual({})
})

test("lengths are rounded up to four, beyond 32 bits too", () => {
  expect([0, 1, 4, 5, 0x7ffffffd, 0xffffffff].map(align4)).toEqual([0, 4, 4, 8, 0x80000000, 0x100000000])
})

test("the length of an attribute does not count its padding", () => {
  expect(writeAttribute(5, bytes("01")).toHex()).toBe("0500050001000000")
})
