import { describe, expect, test } from "bun:test"
import { isIP } from "node:net"
import fc from "fast-check"
import { formatAddress, formatEndpoint, isMapped, parseAddress } from "../../../src/core/wire/address.ts"

const canonical = (text: string) => {
  const bytes = parseAddress(text)
  return bytes === undefined ? undefined : formatAddress(bytes)
}

describe("text is canonical", () => {
  test.each([
    // RFC 5952: section 1 and 2, the same address in many spellings
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8::1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8::0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:0db8::1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:0:1::1", "2001:db8::1:0:0:1"],
    ["2001:DB8:0:0:1::1", "2001:db8::1:0:0:1"],
    // 4.1 leading zeros, 4.2.1 as short as possible, 4.2.2 one group alone, 4.2.3 the longest run, the first of two
    ["2001:0db8::0001", "2001:db8::1"],
    ["2001:db8:0:0:0:0:2:1", "2001:db8::2:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    // the ends
    ["0:0:0:0:0:0:0:0", "::"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["1:0:0:0:0:0:0:0", "1::"],
    ["FE80::ABCD", "fe80::abcd"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    // IPv4 in IPv6
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["::FFFF:0a00:0001", "10.0.0.1"],
    ["::10.0.0.1", "::a00:1"],
    ["64:ff9b::10.0.0.1", "64:ff9b::a00:1"],
    ["0.0.0.0", "0.0.0.0"],
    ["255.255.255.255", "255.255.255.255"],
    // as people type it
    ["  10.0.0.1 ", "10.0.0.1"],
    ["[::1]", "::1"],
  ])("%s is %s", (text, expected) => expect(canonical(text)).toBe(expected))
})

describe("parsing is strict", () => {
  test.each([
    "",
    " ",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "010.0.0.1",
    "1.2.3.04",
    "1.2.3.",
    "1.2.3.-4",
    "1.2.3.4/32",
    "1.2.3.4:80",
    "0x1.2.3.4",
    "16909060",
    "fe80::1%eth0",
    ":",
    ":::",
    "1:::2",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "1::2:3:4:5:6:7:8",
    ":1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:",
    "12345::",
    "g::",
    "::1.2.3",
    "::1.2.3.4:5",
    "1.2.3.4::",
    "::ffff:010.0.0.1",
    "[::1",
    "[[::1]]",
    "localhost",
    "１.2.3.4",
    "1.2.3.4\0",
  ])("%j is no address", (text) => expect(parseAddress(text)).toBeUndefined())
})

const four = fc.uint8Array({ minLength: 4, maxLength: 4 })
// Many zero groups, since they are what makes the text hard.
const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }))
const sixteen = fc
  .array(group, { minLength: 8, maxLength: 8 })
  .map((groups) => Uint8Array.from(groups.flatMap((g) => [g >> 8, g & 0xff])))

test("formatting, then parsing, is the identity", () => {
  fc.assert(
    fc.property(fc.oneof(four, sixteen), (bytes) => {
      const same = bytes.length === 16 && isMapped(bytes) ? bytes.slice(12) : bytes
      expect(parseAddress(formatAddress(bytes))).toEqual(same)
    }),
    { numRuns: 500 },
  )
})

test("a mapped address is the IPv4 address", () => {
  fc.assert(
    fc.property(four, (bytes) => {
      const mapped = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes])
      expect(isMapped(mapped)).toBe(true)
      expect(formatAddress(mapped)).toBe(formatAddress(bytes))
    }),
  )
})

test("the URL parser writes the same text", () => {
  fc.assert(
    fc.property(sixteen, (bytes) => {
      fc.pre(!isMapped(bytes))
      const full = Array.from({ length: 8 }, (_, i) => bytes.subarray(i * 2, i * 2 + 2).toHex()).join(":")
      expect(formatAddress(bytes)).toBe(new URL(`http://[${full}]/`).hostname.slice(1, -1))
    }),
    { numRuns: 500 },
  )
})

test("node:net takes the same texts for addresses", () => {
  const piece = fc.constantFrom(
    "0",
    "1",
    "ff",
    "255",
    "256",
    "01",
    "abcd",
    "12345",
    ".",
    ":",
    "::",
    "1.2.3.4",
    "::ffff:",
  )
  const spelled = fc.oneof(
    fc.array(piece, { maxLength: 17 }).map((pieces) => pieces.join("")),
    fc
      .array(fc.constantFrom("0", "1", "ff", "abcd", ""), { minLength: 7, maxLength: 9 })
      .map((groups) => groups.join(":")),
    fc
      .array(fc.constantFrom("0", "1", "99", "255", "256", "00", "01"), { minLength: 3, maxLength: 5 })
      .map((parts) => parts.join(".")),
    fc.oneof(four, sixteen).map(formatAddress),
  )
  fc.assert(
    fc.property(spelled, (text) => expect([text, parseAddress(text) !== undefined]).toEqual([text, isIP(text) !== 0])),
    { numRuns: 2_000 },
  )
})

test("an endpoint has brackets only around IPv6", () => {
  expect(formatEndpoint("10.0.0.1", 80)).toBe("10.0.0.1:80")
  expect(formatEndpoint("::1", 80)).toBe("[::1]:80")
  expect(formatEndpoint("::", "*")).toBe("[::]:*")
})
