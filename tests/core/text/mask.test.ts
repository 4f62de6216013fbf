import { expect, test } from "bun:test"
import { maskAddress, maskAddresses } from "../../../src/core/text/mask.ts"

test.each([
  ["192.0.2.15", "xxx.xxx.2.15"],
  ["2001:db8::1", "xxxx:xxxx::1"],
  ["::1", "::xxxx"],
  ["fe80::1:2:3", "xxxx::xxxx:2:3"],
  ["not an address", "not an address"],
])("%s is shown as %s", (address, shown) => expect(maskAddress(address)).toBe(shown))

test.each([
  ["block 192.0.2.15:443: done", "block xxx.xxx.2.15:443: done"],
  ["[2001:db8::1]:443 and ::1 and 10.0.0.0/8", "[xxxx:xxxx::1]:443 and ::xxxx and xxx.xxx.0.0/8"],
  ["2001:db8:85a3:8d3:1319:8a2e:370:7348", "xxxx:xxxx:85a3:8d3:1319:8a2e:370:7348"],
  ["2026-03-08T12:56:30.196+07:00 until 13:01:30", "2026-03-08T12:56:30.196+07:00 until 13:01:30"],
  ["version 1.2.3, 2.5.1.7.9, 12:34", "version 1.2.3, 2.5.1.7.9, 12:34"],
])("in a sentence: %s", (text, shown) => expect(maskAddresses(text)).toBe(shown))
