import { expect, test } from "bun:test"
import { maskAddress } from "../../../src/core/text/mask.ts"

test.each([
  ["192.0.2.15", "xxx.xxx.2.15"],
  ["2001:db8::1", "xxxx:xxxx::1"],
  ["::1", "::xxxx"],
  ["fe80::1:2:3", "xxxx::xxxx:2:3"],
  ["not an address", "not an address"],
])("%s is shown as %s", (address, shown) => expect(maskAddress(address)).toBe(shown))
