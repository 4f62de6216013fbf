/**
 * Days of the host's own calendar. What its zone is at an instant is handed in, so that summer time is right and a test
 * can name any zone.
 */

/** Minutes east of UTC at an instant. */
export type Zone = (at: number) => number

/** `20260308`: sorts as the days do. */
export type Day = string

export function localDay(at: number, zone: Zone): Day {
  return new Date(Math.floor(at) + zone(at) * 60_000).toISOString().slice(0, 10).replaceAll("-", "")
}

/** True for the eight digits of a day that exists. */
export function isDay(text: string): boolean {
  const parts = /^(\d{4})(\d\d)(\d\d)$/.exec(text)
  if (parts === null) return false
  const date = new Date(`${parts[1]}-${parts[2]}-${parts[3]}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10).replaceAll("-", "") === text
}

const HOUR_MS = 3_600_000
/** No day is longer, and no zone is further from UTC. */
const DAY_MAX_MS = 26 * HOUR_MS

/**
 * The first instant after the day of `at`. Found by halving, since a day may have 23 or 25 hours and may begin at
 * 01:00.
 */
export function nextDayStart(at: number, zone: Zone): number {
  const today = localDay(at, zone)
  let last = Math.floor(at)
  let first = last + DAY_MAX_MS
  while (first - last > 1) {
    const middle = Math.floor((first + last) / 2)
    if (localDay(middle, zone) > today) first = middle
    else last = middle
  }
  return first
}

/** The first instant after the day that is named. */
export function dayEnd(day: Day, zone: Zone): number {
  const noonUtc = Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T12:00:00Z`)
  return nextDayStart(noonUtc - zone(noonUtc) * 60_000, zone)
}

/** The day before or after the named one: calendar days, whatever their length. */
export function dayBeside(day: Day, step: 1 | -1): Day {
  const date = Date.UTC(Number(day.slice(0, 4)), Number(day.slice(4, 6)) - 1, Number(day.slice(6)) + step)
  return new Date(date).toISOString().slice(0, 10).replaceAll("-", "")
}

/** The first instant of the day that is named. */
export const dayStart = (day: Day, zone: Zone): number => dayEnd(dayBeside(day, -1), zone)
