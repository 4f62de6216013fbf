import { expect, test } from "bun:test"
import { derivePulse, type Pulse } from "../../../src/core/model/pulse.ts"
import { missing, reading } from "../../../src/core/sample/sample.ts"

interface Second {
  retransmitted?: number
  established?: number
  tracked?: number
}

function after(...readings: readonly (Second & { at: number })[]): Pulse {
  let pulse: Pulse | undefined
  for (const { at, retransmitted, established, tracked } of readings) {
    const tcp = {
      ...(retransmitted !== undefined && { RetransSegs: retransmitted }),
      ...(established !== undefined && { CurrEstab: established }),
    }
    const conntrack = tracked === undefined ? missing("not loaded") : reading({ count: tracked, max: 1_000 })
    pulse = derivePulse(pulse, { counters: reading({ Tcp: tcp }), conntrack }, at)
  }
  const { baseline: _, ...figures } = pulse!
  return figures
}

test("counts are there at once, a rate with the second reading", () => {
  const first = { at: 0, retransmitted: 100, established: 7, tracked: 30 }
  expect(after(first)).toEqual({ establishedCount: 7, conntrackCount: 30, conntrackMax: 1_000 })
  expect(after(first, { at: 2_000, retransmitted: 110 })).toEqual({ retransmitsPerSecond: 5 })
})

test("a counter that went back is unknown for one window, never negative", () => {
  const reset = [
    { at: 0, retransmitted: 100 },
    { at: 1_000, retransmitted: 3 },
  ]
  expect(after(...reset)).toEqual({})
  expect(after(...reset, { at: 2_000, retransmitted: 9 })).toEqual({ retransmitsPerSecond: 6 })
})

test("two readings at almost one moment give no peak: the earlier one stays the baseline", () => {
  const start = { at: 0, retransmitted: 0 }
  const near = [start, { at: 1_000, retransmitted: 10 }, { at: 1_010, retransmitted: 12 }]
  expect(after(...near)).toEqual({ retransmitsPerSecond: 10 })
  expect(after(...near, { at: 2_000, retransmitted: 14 })).toEqual({ retransmitsPerSecond: 4 })
})

test("what cannot be read is absent, and the next reading is a first one", () => {
  const unread = derivePulse(
    { establishedCount: 3, baseline: { retransmitted: 5, monotonicMs: 0 } },
    { counters: missing("EACCES"), conntrack: missing("not loaded") },
    1_000,
  )
  expect(unread).toEqual({})
})
