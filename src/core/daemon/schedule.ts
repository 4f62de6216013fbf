/**
 * When the worker looks: at the multiples of its interval, by the clock on the wall, so that the lines of many hosts
 * stand side by side.
 *
 * What passed is counted on the monotonic clock: a wall clock that was set makes no tick and takes none.
 */

/** One handled tick, on both clocks. */
export interface Tick {
  readonly at: number
  readonly monotonicMs: number
}

/** A timer may fire this much early. */
const EARLY_MS = 20
/** Less than this is the drift of a disciplined clock. */
const STEP_MIN_MS = 2_000

export const nextTickAt = (now: number, intervalMs: number): number =>
  (Math.floor((now + EARLY_MS) / intervalMs) + 1) * intervalMs

/** The tick that a look at `now` belongs to. */
export function tickOf(now: number, monotonicMs: number, intervalMs: number): Tick {
  const at = Math.floor((now + EARLY_MS) / intervalMs) * intervalMs
  return { at, monotonicMs: monotonicMs - Math.max(0, now - at) }
}

/** How many ticks passed without a look between two that were handled. */
export const missedTicks = (before: Tick, now: Tick, intervalMs: number): number =>
  Math.max(0, Math.floor((now.monotonicMs - before.monotonicMs) / intervalMs + 0.1) - 1)

/** By how many milliseconds the wall clock was set between two instants; 0 when it was not. */
export function clockStep(
  before: { readonly at: number; readonly monotonicMs: number },
  now: { readonly at: number; readonly monotonicMs: number },
): number {
  const step = now.at - before.at - (now.monotonicMs - before.monotonicMs)
  return Math.abs(step) >= STEP_MIN_MS ? Math.round(step) : 0
}
