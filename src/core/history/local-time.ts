/**
 * Instants of wall-clock times in the host's zone.
 *
 * A time that the clock skips in spring means the same distance after the jump: 02:30 is 03:30. A time that the clock
 * shows twice in autumn is two instants; whoever asks says which is meant.
 */
import type { Zone } from "../snapshot/local-day.ts"

export interface WallTime {
  readonly year: number
  /** 1 is January. */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly millisecond: number
}

/** Which of two instants a time means that the clock shows twice. */
export type Twice = "earlier" | "later"

const MINUTE_MS = 60_000
/** Further away than any zone is from UTC, so that both sides of a change are looked at. */
const ASIDE_MS = 26 * 3_600_000

export function instantOf(wall: WallTime, zone: Zone, twice: Twice): number {
  const utc = asUtc(wall)
  const before = zone(utc - ASIDE_MS)
  const after = zone(utc + ASIDE_MS)
  const candidates = [utc - before * MINUTE_MS, utc - after * MINUTE_MS]
  const real = candidates.filter((at) => at + zone(at) * MINUTE_MS === utc)
  // Skipped by the clock: what the zone before the jump makes of it stands after the jump.
  if (real.length === 0) return utc - before * MINUTE_MS
  return twice === "earlier" ? Math.min(...real) : Math.max(...real)
}

/** True when the calendar has that day and the clock that time. */
export function isWallTime(wall: WallTime): boolean {
  const { month, day, hour, minute, second } = wall
  const date = new Date(asUtc(wall))
  return hour < 24 && minute < 60 && second < 60 && date.getUTCMonth() + 1 === month && date.getUTCDate() === day
}

export function wallTimeOf(at: number, zone: Zone): WallTime {
  const date = new Date(Math.floor(at) + zone(at) * MINUTE_MS)
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    millisecond: date.getUTCMilliseconds(),
  }
}

function asUtc({ year, month, day, hour, minute, second, millisecond }: WallTime): number {
  const date = new Date(Date.UTC(2000, month - 1, day, hour, minute, second, millisecond))
  // Date.UTC takes years below 100 for those of the last century.
  date.setUTCFullYear(year, month - 1, day)
  return date.getTime()
}
