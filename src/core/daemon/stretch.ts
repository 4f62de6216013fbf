/**
 * The interval that the worker can afford: looks may cost 2 % of a core. When they cost more, every second, third …
 * tick is taken, and the line says so.
 */

export const SHARE_MAX = 0.02
const INTERVAL_MAX_MS = 300_000
/** The first looks warm the program up, and search for the processes of everything that is there. */
const IGNORED = 5
const REMEMBERED = 5
/** Going back asks for this much air, so that the interval does not swing. */
const MARGIN = 1.25

export interface Stretch {
  /** The interval is this many times the one that was asked for. */
  readonly factor: number
  readonly looks: number
  /** CPU milliseconds of the last looks. */
  readonly costs: readonly number[]
}

export const unstretched: Stretch = { factor: 1, looks: 0, costs: [] }

export function stretch(before: Stretch, costMs: number, intervalMs: number): Stretch {
  const looks = before.looks + 1
  const costs = looks <= IGNORED ? [] : [...before.costs, costMs].slice(-REMEMBERED)
  if (costs.length < REMEMBERED) return { ...before, looks, costs }
  const median = medianCost(costs)
  const needed = factorFor(median, intervalMs)
  const comfortable = factorFor(median * MARGIN, intervalMs)
  const factor = Math.max(needed, Math.min(comfortable, before.factor))
  return { factor, looks, costs }
}

/** The middle one of the last looks. */
export const medianCost = (costs: readonly number[]): number => costs.toSorted((a, b) => a - b)[costs.length >> 1] ?? 0

function factorFor(costMs: number, intervalMs: number): number {
  const most = Math.max(1, Math.floor(INTERVAL_MAX_MS / intervalMs))
  return Math.min(most, Math.max(1, Math.ceil(costMs / (SHARE_MAX * intervalMs))))
}
