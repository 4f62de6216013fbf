import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { deriveTraffic } from "../../../src/core/model/traffic.ts"
import type { InterfaceCounters } from "../../../src/core/sample/sample.ts"

const counters = (given: Partial<InterfaceCounters> = {}): InterfaceCounters => ({
  name: "eth0",
  rxBytes: 0,
  txBytes: 0,
  rxPackets: 0,
  txPackets: 0,
  rxErrors: 0,
  txErrors: 0,
  rxDropped: 0,
  txDropped: 0,
  ...given,
})

const earlier = counters({ rxBytes: 1000, txBytes: 500, rxPackets: 10, txPackets: 5, rxErrors: 4, txDropped: 7 })
const later = counters({ rxBytes: 3000, txBytes: 600, rxPackets: 30, txPackets: 6, rxErrors: 6, txDropped: 7 })

describe("rates", () => {
  test("are differences over the window, errors and drops a second beside their totals", () => {
    expect(deriveTraffic(later, { counters: earlier, elapsedMs: 2000 })).toEqual({
      name: "eth0",
      rates: {
        rxBytesPerSecond: 1000,
        txBytesPerSecond: 50,
        rxPacketsPerSecond: 10,
        txPacketsPerSecond: 0.5,
        rxErrorsPerSecond: 1,
        txErrorsPerSecond: 0,
        rxDroppedPerSecond: 0,
        txDroppedPerSecond: 0,
      },
      rxErrors: 6,
      txErrors: 0,
      rxDropped: 0,
      txDropped: 7,
    })
  })

  test.each([
    { name: "in the first look", now: later, before: undefined },
    { name: "in 199 ms", now: later, before: { counters: earlier, elapsedMs: 199 } },
    { name: "when time stood still", now: later, before: { counters: earlier, elapsedMs: 0 } },
    {
      name: "when bytes went back",
      now: counters({ ...later, rxBytes: 999 }),
      before: { counters: earlier, elapsedMs: 1000 },
    },
    {
      name: "when packets went back",
      now: counters({ ...later, txPackets: 4 }),
      before: { counters: earlier, elapsedMs: 1000 },
    },
    {
      name: "of another interface",
      now: later,
      before: { counters: counters({ ...earlier, name: "eth1" }), elapsedMs: 1000 },
    },
  ])("there are none $name", ({ now, before }) => {
    const traffic = deriveTraffic(now, before)
    expect(traffic).not.toHaveProperty("rates")
    expect(traffic).toMatchObject({ rxErrors: 6, txDropped: 7 })
  })

  test("a driver that counts its errors anew keeps the other rates", () => {
    const now = counters({ ...later, rxErrors: 0 })
    const { rates } = deriveTraffic(now, { counters: earlier, elapsedMs: 1000 })
    expect(rates).toMatchObject({ rxBytesPerSecond: 2000, txErrorsPerSecond: 0 })
    expect(rates).not.toHaveProperty("rxErrorsPerSecond")
  })

  test("come back in the look after a reset", () => {
    const series = [100, 300, 50, 250]
    const shown = series.slice(1).map((rxBytes, at) => {
      const before = { counters: counters({ rxBytes: series[at]! }), elapsedMs: 1000 }
      return deriveTraffic(counters({ rxBytes }), before).rates?.rxBytesPerSecond
    })
    expect(shown).toEqual([200, undefined, 200])
  })
})

describe("how full the link is", () => {
  const used = (speedBitsPerSecond: number | undefined) => {
    const now = counters({
      rxBytes: 1_000_000,
      txBytes: 62_500_000,
      ...(speedBitsPerSecond !== undefined && { speedBitsPerSecond }),
    })
    return deriveTraffic(now, { counters: counters(), elapsedMs: 1000 }).rates?.usedPercent
  }
  test("is told by its fuller direction", () => expect(used(1e9)).toBe(50))
  test("is unknown without a speed", () => expect(used(undefined)).toBeUndefined())
})

test("no series of readings gives a negative rate", () => {
  const names = [
    "rxBytes",
    "txBytes",
    "rxPackets",
    "txPackets",
    "rxErrors",
    "txErrors",
    "rxDropped",
    "txDropped",
  ] as const
  const look = fc.record(
    Object.fromEntries(names.map((name) => [name, fc.nat(1000)])) as Record<
      (typeof names)[number],
      fc.Arbitrary<number>
    >,
  )
  fc.assert(
    fc.property(look, look, fc.integer({ min: -10, max: 5000 }), (now, before, elapsedMs) => {
      const { rates } = deriveTraffic(counters(now), { counters: counters(before), elapsedMs })
      for (const rate of Object.values(rates ?? {})) expect(rate).toBeGreaterThanOrEqual(0)
    }),
  )
})
