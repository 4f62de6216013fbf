/** Sorting rows by whole numbers gives what comparing them would. */
import { expect, test } from "bun:test"
import fc from "fast-check"
import { addressKeys, compareAddresses, type SortKey, sortByKeys } from "../../../src/core/model/order.ts"

// Few different values, so that many rows are alike in the first keys; some of more than 32 bits, as byte counters are.
const value = fc.oneof(fc.nat(3), fc.nat(70_000), fc.maxSafeNat(), fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, 2 ** 53))

test("as comparing would, and rows alike in all keys stay in their order", () => {
  const table = fc.array(fc.tuple(value, value, value), { maxLength: 300 })
  const turned = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean())
  fc.assert(
    fc.property(table, turned, (values, isDescending) => {
      const keys = isDescending.map((is, column): SortKey => ({ of: (row) => values[row]![column]!, isDescending: is }))
      const rows = Uint32Array.from(values, (_, row) => values.length - 1 - row)
      const compared = [...rows].sort((a, b) => {
        for (const { of, isDescending } of keys) if (of(a) !== of(b)) return of(a) < of(b) === isDescending ? 1 : -1
        return 0
      })
      sortByKeys(rows, keys)
      expect([...rows]).toEqual(compared)
    }),
  )
})

test("addresses in network order", () => {
  const addresses = fc.array(fc.uint8Array({ minLength: 16, maxLength: 16 }), { minLength: 1, maxLength: 50 })
  fc.assert(
    fc.property(addresses, (all) => {
      const column = new Uint32Array(Uint8Array.from(all.flatMap((address) => [...address])).buffer)
      const rows = Uint32Array.from(all, (_, row) => row)
      const compared = [...rows].sort((a, b) => compareAddresses(column, a, b))
      sortByKeys(rows, addressKeys(column))
      expect([...rows]).toEqual(compared)
    }),
  )
})
