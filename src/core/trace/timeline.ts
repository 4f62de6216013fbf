/** Traces on a timeline of snapshots: each belongs to the snapshot nearest in time, unless that is too far away. */
import type { TraceEntry } from "./history.ts"

const REACH = { min: 15_000, max: 900_000, unknown: 45_000 } as const

/** How far from its snapshot a trace may be, in milliseconds: twice the usual time between two snapshots. */
export const reachMs = (usualStepMs: number): number =>
  usualStepMs > 0 ? Math.min(REACH.max, Math.max(REACH.min, usualStepMs * 2)) : REACH.unknown

/**
 * Where in `times` each trace belongs, the latest of a place first; those that are near none are left out. `times` are
 * milliseconds in order, of which the first `length` count.
 */
export function placeTraces(
  times: { readonly at: ArrayLike<number>; readonly length: number; readonly usualStepMs: number },
  entries: readonly TraceEntry[],
): ReadonlyMap<number, readonly TraceEntry[]> {
  const reach = reachMs(times.usualStepMs)
  const placed = new Map<number, TraceEntry[]>()
  const latestFirst = entries.toSorted((a, b) => Date.parse(b.captured_at) - Date.parse(a.captured_at))
  for (const entry of latestFirst) {
    const at = Date.parse(entry.captured_at)
    const place = nearest(times, at)
    if (place < 0 || Math.abs(times.at[place]! - at) > reach) continue
    const there = placed.get(place)
    if (there === undefined) placed.set(place, [entry])
    else there.push(entry)
  }
  return placed
}

/** The index of the time nearest to `at`, of two equally near the earlier; -1 of none. */
function nearest(times: { readonly at: ArrayLike<number>; readonly length: number }, at: number): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (times.at[middle]! < at) low = middle + 1
    else high = middle
  }
  if (times.length === 0) return -1
  if (low === 0) return 0
  if (low === times.length) return low - 1
  return at - times.at[low - 1]! <= times.at[low]! - at ? low - 1 : low
}
