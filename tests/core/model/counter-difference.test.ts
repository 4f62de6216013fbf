import { expect, test } from "bun:test"
import fc from "fast-check"
import { difference, perSecond, riseOf } from "../../../src/core/model/counter-difference.ts"
import type { ProtocolCounters } from "../../../src/core/sample/sample.ts"

interface Case {
  name: string
  now: ProtocolCounters
  before: ProtocolCounters
  /** Of `Tcp.A`, unless `of` says another. */
  rise: number | undefined
  of?: readonly [group: string, name: string]
}

test.each<Case>([
  { name: "rises", now: { Tcp: { A: 5 } }, before: { Tcp: { A: 3 } }, rise: 2 },
  { name: "stands still", now: { Tcp: { A: 5 } }, before: { Tcp: { A: 5 } }, rise: 0 },
  { name: "went back", now: { Tcp: { A: 1 } }, before: { Tcp: { A: 3 } }, rise: undefined },
  { name: "a 32-bit counter wrapped", now: { Tcp: { A: 4 } }, before: { Tcp: { A: 4294967290 } }, rise: undefined },
  { name: "was not there before", now: { Tcp: { A: 5 } }, before: { Tcp: {} }, rise: undefined },
  { name: "is gone", now: { Tcp: {} }, before: { Tcp: { A: 5 } }, rise: undefined },
  { name: "its whole group is new", now: { Tcp: { A: 5 } }, before: { Udp: { A: 5 } }, rise: undefined },
  {
    name: "is named like what objects inherit",
    now: { constructor: { length: 5 } },
    before: {},
    rise: undefined,
    of: ["constructor", "length"],
  },
])("a counter that $name", ({ now, before, rise, of: [group, name] = ["Tcp", "A"] }) =>
  expect(riseOf({ now, before }, group, name)).toBe(rise as never),
)

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
