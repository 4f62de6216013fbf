/** A zone as plain data: since when which offset holds. What the state holds can be compared and sent to another thread. */
import type { Zone } from "../snapshot/local-day.ts"

/** In the order of time; the first one holds since ever. */
export type ZoneTable = readonly { readonly since: number; readonly minutes: number }[]

const STEP_MS = 7 * 86_400_000

/** Changes between two instants. Zones stand still for longer than a week at a time. */
export function makeZoneTable(zone: Zone, from: number, to: number): ZoneTable {
  const table = [{ since: Number.NEGATIVE_INFINITY, minutes: zone(from) }]
  for (let at = from; at < to; at += STEP_MS) {
    const minutes = zone(at + STEP_MS)
    if (minutes === table.at(-1)!.minutes) continue
    let low = at
    let high = at + STEP_MS
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (zone(middle) === minutes) high = middle
      else low = middle
    }
    table.push({ since: high, minutes })
  }
  return table
}

export const zoneOfTable =
  (table: ZoneTable): Zone =>
  (at) => {
    for (let i = table.length - 1; i > 0; i--) if (at >= table[i]!.since) return table[i]!.minutes
    return table[0]?.minutes ?? 0
  }
