/** Which part of the history is looked at: two ends, both inside. */
import { type Day, dayEnd, dayStart, localDay, type Zone } from "../snapshot/local-day.ts"
import { offsetText, parseDuration, parseTime, type Time, wallText } from "./time-grammar.ts"

/** Milliseconds since 1970. An end that is absent is open: without `to`, what is still to come belongs to it. */
export interface Window {
  readonly from?: number
  readonly to?: number
}

export interface WindowAsk {
  readonly begin?: string | undefined
  readonly end?: string | undefined
  /** A length of time up to now: `30m`. */
  readonly since?: string | undefined
}

export interface WindowContext {
  readonly now: number
  readonly zone: Zone
  /** One file is looked at. */
  readonly isFile: boolean
  /** The day of that file, where its name says one: a time of day means that day. */
  readonly fileDay?: Day
}

export type WindowReading =
  | { readonly ok: true; readonly window: Window }
  | { readonly ok: false; readonly reason: string }

const wrong = (reason: string): WindowReading => ({ ok: false, reason })

/**
 * The window that was asked for. Nothing asked is today, still going on; of a file, all of it.
 *
 * Begin alone ends with its day (one that is counted from now does not end); end alone begins with its day. Two times of
 * day of which the second is smaller go across midnight.
 */
export function readWindow(ask: WindowAsk, context: WindowContext): WindowReading {
  const { now, zone, isFile, fileDay } = context
  if (ask.since !== undefined) {
    if (ask.begin !== undefined || ask.end !== undefined)
      return wrong("--since stands alone, without --begin and --end")
    const length = parseDuration(ask.since.trim())
    return length === undefined
      ? wrong("--since takes a length of time such as 30m, 2h or 1d")
      : ok({ from: now - length })
  }
  const common = { now, zone, ...(fileDay === undefined ? {} : { day: fileDay }) }
  // Of a time that comes twice, the window holds both.
  const begin = ask.begin === undefined ? undefined : parseTime(ask.begin, { ...common, twice: "earlier" })
  const end = ask.end === undefined ? undefined : parseTime(ask.end, { ...common, twice: "later" })
  if (begin?.ok === false) return wrong(`--begin ${quoted(ask.begin!)}: ${begin.reason}`)
  if (end?.ok === false) return wrong(`--end ${quoted(ask.end!)}: ${end.reason}`)
  if (begin === undefined && end === undefined) return ok(isFile ? {} : { from: dayStart(localDay(now, zone), zone) })
  if (end === undefined) return ok(toEndOfDay(begin!.time, zone))
  if (begin === undefined) return ok({ from: dayStart(localDay(end.time.to, zone), zone), to: end.time.to })
  return between(begin.time, end.time, context, (ask.begin as string).trim(), (ask.end as string).trim())
}

const ok = (window: Window): WindowReading => ({ ok: true, window })
const quoted = (text: string) => JSON.stringify(text.slice(0, 40))

const toEndOfDay = ({ kind, from }: Time, zone: Zone): Window =>
  kind === "relative" ? { from } : { from, to: dayEnd(localDay(from, zone), zone) - 1 }

function between(begin: Time, end: Time, context: WindowContext, beginText: string, endText: string): WindowReading {
  if (begin.from <= end.to) return ok({ from: begin.from, to: end.to })
  const { now, zone, fileDay } = context
  if (begin.kind !== "clock" || end.kind !== "clock")
    return wrong(
      `the window ends before it begins: ${wallText(begin.from, zone)} to ${wallText(end.to, zone)} (UTC${offsetText(zone(end.to))})`,
    )
  // Across midnight: from the evening before, unless that evening is still to come or is the file's own.
  const day = localDay(begin.from, zone)
  const isNightAhead = fileDay !== undefined || begin.from <= now
  const beginDay = isNightAhead ? day : localDay(dayStart(day, zone) - 1, zone)
  const endDay = isNightAhead ? localDay(dayEnd(day, zone), zone) : day
  const from = parseTime(beginText, { now, zone, day: beginDay, twice: "earlier" })
  const to = parseTime(endText, { now, zone, day: endDay, twice: "later" })
  return from.ok && to.ok ? ok({ from: from.time.from, to: to.time.to }) : wrong("there is no such time")
}

export const isInside = ({ from, to }: Window, at: number): boolean =>
  (from === undefined || at >= from) && (to === undefined || at <= to)

/** `2026-03-05 20:00:00 to 2026-03-05 23:59:59`, `since …`, `until …`, or `everything`. */
export function windowText({ from, to }: Window, zone: Zone): string {
  if (from === undefined && to === undefined) return "everything"
  if (to === undefined) return `since ${wallText(from!, zone)}`
  if (from === undefined) return `until ${wallText(to, zone)}`
  return `${wallText(from, zone)} to ${wallText(to, zone)}`
}

/** Days that the window is of. */
export const isDayInside = (day: Day, { from, to }: Window, zone: Zone): boolean =>
  (to === undefined || dayStart(day, zone) <= to) && (from === undefined || dayEnd(day, zone) > from)

/** Days whose files may hold something of the window: a zone that was changed puts lines a day aside. */
export function mayHold(day: Day, { from, to }: Window, zone: Zone): boolean {
  const aside = 86_400_000
  return (
    (to === undefined || dayStart(day, zone) - aside <= to) && (from === undefined || dayEnd(day, zone) + aside >= from)
  )
}
