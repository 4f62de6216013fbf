import { expect, test } from "bun:test"
import fc from "fast-check"
import { difference, differences, perSecond } from "../../../src/core/model/counter-difference.ts"
import type { ProtocolCounters } from "../../../src/core/sample/sample.ts"

interface Case {
  name: string
  now: ProtocolCounters
  before: ProtocolCounters
  rises: ProtocolCounters
}

test.each<Case>([
  { name: "rises", now: { Tcp: { A: 5 } }, before: { Tcp: { A: 3 } }, rises: { Tcp: { A: 2 } } },
  { name: "stands still", now: { Tcp: { A: 5 } }, before: { Tcp: { A: 5 } }, rises: { Tcp: { A: 0 } } },
  { name: "went back", now: { Tcp: { A: 1, B: 9 } }, before: { Tcp: { A: 3, B: 8 } }, rises: { Tcp: { B: 1 } } },
  { name: "a 32-bit counter wrapped", now: { Tcp: { A: 4 } }, before: { Tcp: { A: 4294967290 } }, rises: { Tcp: {} } },
  { name: "was not there before", now: { Tcp: { A: 5 } }, before: { Tcp: {} }, rises: { Tcp: {} } },
  { name: "is gone", now: { Tcp: {} }, before: { Tcp: { A: 5 } }, rises: { Tcp: {} } },
  { name: "its whole group is new", now: { Udp: { A: 5 } }, before: { Tcp: { A: 5 } }, rises: { Udp: {} } },
  {
    name: "is named like what objects inherit",
    now: { constructor: { length: 5 } },
    before: {},
    rises: { constructor: {} },
  },
])("a counter that $name", ({ now, before, rises }) => expect(differences(now, before)).toEqual(rises))

test("a rate is never negative and never made of nothing", () => {
  const counter = fc.option(fc.maxSafeNat(), { nil: undefined })
  fc.assert(
    fc.property(counter, counter, fc.double(), (now, before, elapsedMs) => {
      const rate = perSecond(difference(now, before), elapsedMs)
      if (rate !== undefined) {
        expect(rate).toBeGreaterThanOrEqual(0)
        expect(elapsedMs).toBeGreaterThanOrEqual(200)
        expect(now!).toBeGreaterThanOrEqual(before!)
      }
    }),
  )
})

test.each([
  { elapsedMs: 2000, rate: 50 },
  { elapsedMs: 200, rate: 500 },
  { elapsedMs: 199.9, rate: undefined },
  { elapsedMs: 0, rate: undefined },
  { elapsedMs: -1000, rate: undefined },
  { elapsedMs: Number.NaN, rate: undefined },
])("100 in $elapsedMs ms are $rate a second", ({ elapsedMs, rate }) => {
  expect(perSecond(100, elapsedMs)).toBe(rate as never)
})
