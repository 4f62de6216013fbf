import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import {
  boundsOf,
  holdsAddress,
  overlaps,
  parseMinutes,
  parseTarget,
  type Target,
  targetText,
} from "../../../src/core/mitigation/target.ts"
import { formatAddress } from "../../../src/core/wire/address.ts"

const target = (text: string): Target => {
  const parsed = parseTarget(text)
  if (!parsed.ok) throw new Error(parsed.reason)
  return parsed.value
}

describe("a target is typed as", () => {
  test.each([
    ["203.0.113.7", "203.0.113.7"],
    ["203.0.113.7:443", "203.0.113.7:443"],
    [" 203.0.113.7:443 ", "203.0.113.7:443"],
    ["2001:db8::1", "2001:db8::1"],
    ["[2001:DB8:0::1]", "2001:db8::1"],
    ["[2001:db8::1]:443", "[2001:db8::1]:443"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["[::ffff:203.0.113.7]:80", "203.0.113.7:80"],
    ["10.0.0.0/8", "10.0.0.0/8"],
    ["10.0.0.0/8:80", "10.0.0.0/8:80"],
    ["203.0.113.7/32", "203.0.113.7"],
    ["2001:db8::/32", "2001:db8::/32"],
    ["[2001:db8::/48]:80", "[2001:db8::/48]:80"],
    ["::ffff:10.0.0.0/104", "10.0.0.0/8"],
    ["203.0.113.7:65535", "203.0.113.7:65535"],
    ["203.0.113.7:1", "203.0.113.7:1"],
  ])("%s, which is %s", (typed, text) => {
    expect(targetText(target(typed))).toBe(text)
    expect(target(text)).toEqual(target(typed))
  })

  test.each([
    ["", "the peer is an address such as"],
    ["example.org", "the peer is an address such as"],
    ["203.0.113", "the peer is an address such as"],
    ["010.0.0.1", "the peer is an address such as"],
    ["fe80::1%eth0", "zone"],
    ["[fe80::1%eth0]:80", "zone"],
    ["203.0.113.7:0", "a port is a whole number from 1 to 65535"],
    ["203.0.113.7:65536", "a port is a whole number from 1 to 65535"],
    ["203.0.113.7:http", "a port is a whole number from 1 to 65535"],
    ["203.0.113.7:", "a port is a whole number from 1 to 65535"],
    ["203.0.113.7:-1", "a port is a whole number from 1 to 65535"],
    ["203.0.113.7:8.5", "a port is a whole number from 1 to 65535"],
    ["[2001:db8::1", "a bracket is not closed"],
    ["[2001:db8::1]443", "behind the bracket comes :PORT"],
    ["[2001:db8::]/32", "a network is written inside the brackets"],
    ["10.0.0.0/7", "10.0.0.0/7 is too wide: at most /8 for IPv4"],
    ["0.0.0.0/0", "too wide"],
    ["2001:db8::/31", "too wide: at most /32 for IPv6"],
    ["::/0", "too wide"],
    ["10.1.2.3/8", "10.1.2.3/8 has bits behind its prefix; the network is 10.0.0.0/8"],
    ["10.0.0.0/33", "the peer is an address such as"],
    ["10.0.0.0/", "the peer is an address such as"],
    ["0.0.0.0", "the unspecified address"],
    ["::", "the unspecified address"],
    ["224.0.0.1", "multicast"],
    ["ff02::1", "multicast"],
    ["255.255.255.255", "the broadcast address"],
  ])("not %p: %s", (typed, reason) => {
    const parsed = parseTarget(typed)
    expect(parsed.ok ? "" : parsed.reason).toContain(reason)
    expect(parsed.ok).toBe(false)
  })

  test("the port may stand beside it, once", () => {
    expect(parseTarget("203.0.113.7", 443)).toEqual(parseTarget("203.0.113.7:443"))
    expect(parseTarget("203.0.113.7:443", 443)).toEqual(parseTarget("203.0.113.7:443"))
    expect(parseTarget("203.0.113.7:443", 80)).toMatchObject({ ok: false, reason: expect.stringContaining("twice") })
    expect(parseTarget("203.0.113.7", 0)).toMatchObject({ ok: false })
  })
})

test.each([
  ["0", 0],
  ["1", 1],
  ["1440", 1440],
])("minutes: %p", (text, minutes) => expect(parseMinutes(text)).toEqual({ ok: true, value: minutes }))

test.each(["-1", "1441", "1.5", "", "five", "1e3", "99999999999"])("no minutes: %p", (text) =>
  expect(parseMinutes(text)).toMatchObject({ ok: false }),
)

test.each([
  ["203.0.113.7", "203.0.113.7", true],
  ["203.0.113.7", "::ffff:203.0.113.7", true],
  ["203.0.113.7", "203.0.113.8", false],
  ["10.0.0.0/8", "10.255.1.2", true],
  ["10.0.0.0/8", "11.0.0.0", false],
  ["10.0.0.0/9", "10.128.0.0", false],
  ["2001:db8::/32", "2001:db8:ffff::1", true],
  ["2001:db8::/32", "10.0.0.1", false],
  ["fe80::1", "fe80::1%eth0", true],
  ["203.0.113.7", "nonsense", false],
])("%s holds %s: %p", (text, address, expected) => expect(holdsAddress(target(text), address)).toBe(expected))

const anyTarget = fc
  .record({
    bytes: fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 })),
    bits: fc.nat(128),
    port: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
  })
  .map(({ bytes, bits, port }) => {
    const prefix = bytes.length === 4 ? 8 + (bits % 25) : 32 + (bits % 97)
    const kept = bytes.map((byte, at) => {
      const rest = prefix - at * 8
      return rest >= 8 ? byte : rest <= 0 ? 0 : byte & (0xff << (8 - rest))
    })
    return parseTarget(`${formatAddress(kept)}/${prefix}`, port)
  })
  .filter((parsed) => parsed.ok)
  .map((parsed) => (parsed as { value: Target }).value)

test("what is written is read back as the same target", () => {
  fc.assert(fc.property(anyTarget, (one) => expect(target(targetText(one))).toEqual(one)))
})

test("the bounds of a target are its own, and overlap is mutual", () => {
  fc.assert(
    fc.property(anyTarget, anyTarget, (a, b) => {
      const { first, last } = boundsOf(a)
      expect(holdsAddress(a, formatAddress(first))).toBe(true)
      expect(holdsAddress(a, formatAddress(last))).toBe(true)
      expect(overlaps(a, b)).toBe(overlaps(b, a))
      expect(overlaps(a, a)).toBe(true)
    }),
  )
})
