/** What connection tracking did between two looks, from its counters of each CPU. */
import type { ConntrackCpu } from "../wire/conntrack.ts"

/** The counters an operator can act on, each a second. */
export interface ConntrackRates {
  /** Packets dropped because the table was full and nothing could be thrown out, or memory was short. */
  readonly dropPerSecond: number
  /** Entries thrown out before their time to make room. */
  readonly earlyDropPerSecond: number
  /** Entries that lost the race against another of the same addresses; their packet was dropped. */
  readonly insertFailedPerSecond: number
  /** Packets that belong to no connection. */
  readonly invalidPerSecond: number
}

const fields = {
  dropPerSecond: "drop",
  earlyDropPerSecond: "earlyDrop",
  insertFailedPerSecond: "insertFailed",
  invalidPerSecond: "invalid",
} as const satisfies Record<keyof ConntrackRates, keyof ConntrackCpu>

const TWO_31 = 0x8000_0000

/**
 * Rates of the window, or `undefined` when they cannot be known: there was no good reading before, no time passed, or a
 * counter was reset. The counters are 32 bits and wrap around; a step of 2^31 and more is a reset, not a wrap.
 */
export function deriveConntrackRates(
  now: readonly ConntrackCpu[],
  before: { readonly cpus: readonly ConntrackCpu[]; readonly elapsedMs: number } | undefined,
): ConntrackRates | undefined {
  if (before === undefined || !(before.elapsedMs > 0)) return undefined
  const seconds = before.elapsedMs / 1000
  const rates: [string, number][] = []
  for (const [name, field] of Object.entries(fields)) {
    const rise = riseOf(now, before.cpus, field)
    if (rise === undefined) return undefined
    rates.push([name, rise / seconds])
  }
  return Object.fromEntries(rates) as unknown as ConntrackRates
}

function riseOf(
  now: readonly ConntrackCpu[],
  before: readonly ConntrackCpu[],
  field: (typeof fields)[keyof typeof fields],
): number | undefined {
  let total = 0
  let seen = 0
  for (const cpu of now) {
    const earlier = before.find((one) => one.cpu === cpu.cpu)
    const value = cpu[field]
    const valueBefore = earlier?.[field]
    // A CPU that was switched on since has no window.
    if (value === undefined || valueBefore === undefined) continue
    const rise = (value - valueBefore) >>> 0
    if (rise >= TWO_31) return undefined
    total += rise
    seen++
  }
  return seen > 0 ? total : undefined
}
