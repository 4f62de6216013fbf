/** Traces on a timeline of snapshots: each belongs to the snapshot nearest in time, unless that is too far away. */
import type { TraceEntry } from "./history.ts"

const MINUTE_MS = 60_000
const WIDTH = { min: 15_000, max: 15 * MINUTE_MS, unknown: 45_000 } as const

/**
 * How far from its snapshot a trace may be: twice the usual distance between two snapshots. `times` are milliseconds,
 * sorted. Which distance is usual is told by the upper median, so that a night without snapshots does not count.
 */
export function reachMs(times: readonly number[]): number {
  const gaps = times
    .slice(1)
    .map((at, i) => at - times[i]!)
    .filter((gap) => gap > 0)
    .sort((a, b) => a - b)
  const usual = gaps[gaps.length >> 1]
  return usual === undefined ? WIDTH.unknown : Math.min(WIDTH.max, Math.max(WIDTH.min, usual * 2))
}

/** Where in `times` each trace belongs, the latest of a place first; those that are near none are left out. */
export function placeTraces(
  times: readonly number[],
  entries: readonly TraceEntry[],
): ReadonlyMap<number, readonly TraceEntry[]> {
  const reach = reachMs(times)
  const placed = new Map<number, TraceEntry[]>()
  const latestFirst = entries.toSorted((a, b) => Date.parse(b.captured_at) - Date.parse(a.captured_at))
  for (const entry of latestFirst) {
    const at = Date.parse(entry.captured_at)
    const place = nearest(times, at)
    if (place < 0 || Math.abs(times[place]! - at) > reach) continue
    const there = placed.get(place)
    if (there === undefined) placed.set(place, [entry])
    else there.push(entry)
  }
  return placed
}

/** The index of the time nearest to `at`, of two equally near the earlier; -1 of none. */
function nearest(times: readonly number[], at: number): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle]! < at) low = middle + 1
    else high = middle
  }
  const [before, after] = [times[low - 1], times[low]]
  if (before === undefined) return after === undefined ? -1 : low
  return after === undefined || at - before <= after - at ? low - 1 : low
}
