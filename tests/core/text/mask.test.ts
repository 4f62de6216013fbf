import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { maskAddress, maskAddresses } from "../../../src/core/text/mask.ts"

const SESSION = 7
const hide = (address: string) => maskAddress(address, SESSION)

test.each([
  ["192.0.2.15", /^xxx\.[g-z]{3}\.2\.15$/],
  ["2001:db8::1", /^xxxx:[g-z]{4}::1$/],
  ["::1", /^xxxx:[g-z]{4}::1$/],
  ["2001:db8:85a3:8d3:1319:8a2e:370:7348", /^xxxx:[g-z]{4}::7348$/],
  ["64:ff9b::198.51.100.24", /^xxxx:[g-z]{4}::$/],
  ["not an address", /^not an address$/],
  ["a: sentence", /^a: sentence$/],
])("%s is hidden", (address, shown) => expect(hide(address)).toMatch(shown))

test("not asked to hide, it is as it was", () => {
  expect(maskAddress("192.0.2.15", undefined)).toBe("192.0.2.15")
  expect(maskAddresses("block 192.0.2.15", undefined)).toBe("block 192.0.2.15")
})

describe("an alias", () => {
  test("is the same each time, in a row and in a sentence", () => {
    expect(hide("192.0.2.15")).toBe(hide("192.0.2.15"))
    expect(maskAddresses("block 192.0.2.15:443 and [2001:db8::1]:22", SESSION)).toBe(
      `block ${hide("192.0.2.15")}:443 and [${hide("2001:db8::1")}]:22`,
    )
  })

  test("keeps peers apart whose last half is the same", () => {
    const peers = Array.from({ length: 40 }, (_, i) => `10.${i}.2.15`)
    expect(new Set(peers.map(hide)).size).toBe(40)
    const networks = Array.from({ length: 40 }, (_, i) => `2001:db8:${(i + 1).toString(16)}::7348`)
    expect(new Set(networks.map(hide)).size).toBe(40)
  })

  test("is another one in another session, so nobody can look it up", () => {
    const aliases = Array.from({ length: 50 }, (_, session) => maskAddress("192.0.2.15", session))
    expect(new Set(aliases).size).toBeGreaterThan(45)
  })
})

test.each([
  ["10.0.0.0/8 is a network", /^xxx\.[g-z]{3}\.0\.0\/8 is a network$/],
  ["2026-03-08T12:56:30.196+07:00 until 13:01:30", /^2026-03-08T12:56:30.196\+07:00 until 13:01:30$/],
  ["version 1.2.3, 2.5.1.7.9, 12:34", /^version 1.2.3, 2.5.1.7.9, 12:34$/],
])("in a sentence: %s", (text, shown) => expect(maskAddresses(text, SESSION)).toMatch(shown))

test("no sentence keeps an address", () => {
  const address = fc.oneof(fc.ipV4(), fc.ipV6())
  const words = fc.array(fc.oneof(address, fc.constantFrom("to", "port 443", "12:34:56", "[", "]:22")), {
    maxLength: 8,
  })
  fc.assert(
    fc.property(words, address, fc.nat(), (around, secret, session) => {
      const half = secret.includes(":")
        ? secret.split(":").slice(0, 2).join(":")
        : secret.split(".").slice(0, 2).join(".")
      const shown = maskAddresses([...around.filter((word) => !word.includes(half)), secret].join(" "), session)
      if (half.length > 4) expect(shown).not.toContain(`${half}${secret.includes(":") ? ":" : "."}`)
    }),
    { seed: 12 },
  )
})
