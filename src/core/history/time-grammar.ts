/**
 * What an operator may write where a time is asked for: `--begin`, `--end`, `--at` and the jump prompt.
 *
 * All of it is in the host's zone unless an offset is written. A form may be less exact than an instant: `20:10` is a
 * minute, `2026-03-05` a day. Where a time ends something, the whole of it is meant.
 */
import { type Day, dayBeside, dayEnd, dayStart, localDay, type Zone } from "../snapshot/local-day.ts"
import { instantOf, isWallTime, type Twice, type WallTime, wallTimeOf } from "./local-time.ts"

export interface TimeContext {
  readonly now: number
  readonly zone: Zone
  /** The day of a time of day; absent: today. */
  readonly day?: Day
  /** Absent: the earlier. */
  readonly twice?: Twice
}

/** `clock`: a time of day, without its day. `dated` names the day, `relative` is counted from now. */
export type TimeKind = "clock" | "dated" | "relative"

export interface Time {
  readonly kind: TimeKind
  /** The first and the last millisecond that are meant. */
  readonly from: number
  readonly to: number
}

export type TimeReading = { readonly ok: true; readonly time: Time } | { readonly ok: false; readonly reason: string }

/** The forms, for a message that refuses another. */
export const TIME_FORMS =
  "20:10[:30], yesterday 20:10, today 20:10, 2026-03-05, 2026-03-05 20:10[:30], 2026/03/05 20:10, " +
  "2026-03-05T20:10:30+07:00, now, today, yesterday, -2h, -90m, -1d"

const SECOND_MS = 1_000
const MINUTE_MS = 60_000
const unitMs = { s: SECOND_MS, m: MINUTE_MS, h: 60 * MINUTE_MS, d: 24 * 60 * MINUTE_MS } as const

const CLOCK = String.raw`(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?`
const DATE = String.raw`(\d{4})-(\d\d)-(\d\d)`
const RFC3339 = new RegExp(String.raw`^${DATE}T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$`)

type Form = (text: string, context: TimeContext) => Time | "impossible" | undefined

/** In the order in which they are tried. */
const forms: readonly Form[] = [
  // With an offset.
  (text) => {
    if (!RFC3339.test(text)) return undefined
    const at = Date.parse(text)
    const [year, month, day] = [text.slice(0, 4), text.slice(5, 7), text.slice(8, 10)].map(Number)
    const date = { year: year!, month: month!, day: day!, hour: 0, minute: 0, second: 0, millisecond: 0 }
    return Number.isNaN(at) || !isWallTime(date) ? "impossible" : { kind: "dated", from: at, to: at + lastOf(text) }
  },
  // A day and a time of day.
  (text, context) => {
    const [, year, month, day, ...clock] =
      new RegExp(`^${DATE}(?: +|T)${CLOCK}$`).exec(text) ??
      new RegExp(String.raw`^(\d{4})/(\d\d)/(\d\d) +${CLOCK}$`).exec(text) ??
      []
    return year === undefined ? undefined : onDay(`${year}${month}${day}`, clock, "dated", context)
  },
  (text, context) => {
    const [, word, ...clock] = new RegExp(`^(yesterday|today) +${CLOCK}$`, "i").exec(text) ?? []
    return word === undefined ? undefined : onDay(namedDay(word, context), clock, "dated", context)
  },
  (text, context) => {
    const clock = new RegExp(`^${CLOCK}$`).exec(text)?.slice(1)
    return clock && onDay(context.day ?? localDay(context.now, context.zone), clock, "clock", context)
  },
  // A whole day.
  (text, context) => {
    const [, year, month, day] = /^(\d{4})[-/](\d\d)[-/](\d\d)$/.exec(text) ?? []
    return year === undefined ? undefined : wholeDay(`${year}${month}${day}`, context)
  },
  (text, context) => (/^(?:yesterday|today)$/i.test(text) ? wholeDay(namedDay(text, context), context) : undefined),
  // Counted from now.
  (text, { now }) => (/^now$/i.test(text) ? { kind: "relative", from: now, to: now } : undefined),
  (text, { now }) => {
    if (!text.startsWith("-")) return undefined
    const length = parseDuration(text.slice(1))
    return length === undefined ? undefined : { kind: "relative", from: now - length, to: now - length }
  },
]

export function parseTime(given: string, context: TimeContext): TimeReading {
  const text = given.trim()
  if (text === "") return { ok: false, reason: `a time is missing; use one of: ${TIME_FORMS}` }
  for (const form of forms) {
    const time = form(text, context)
    if (time === "impossible") return { ok: false, reason: "there is no such time" }
    if (time !== undefined) return { ok: true, time }
  }
  return { ok: false, reason: `that is no form of time; use one of: ${TIME_FORMS}` }
}

/** Milliseconds of `30m`, `2h`, `1h30m`, `7d`; nothing when it is no length of time, or a longer one than 10 years. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d{1,9}[smhd])+$/i.test(text)) return undefined
  let sum = 0
  for (const [, amount, unit] of text.matchAll(/(\d+)([smhd])/gi))
    sum += Number(amount) * unitMs[unit!.toLowerCase() as keyof typeof unitMs]
  return sum > 0 && sum <= 3_660 * unitMs.d ? sum : undefined
}

const namedDay = (word: string, { now, zone }: TimeContext): Day => {
  const today = localDay(now, zone)
  return word.toLowerCase() === "today" ? today : dayBeside(today, -1)
}

function wholeDay(day: Day, { zone }: TimeContext): Time | "impossible" {
  const wall = wallOf(day, [])
  return isWallTime(wall) ? { kind: "dated", from: dayStart(day, zone), to: dayEnd(day, zone) - 1 } : "impossible"
}

/** `clock` is hour, minute, second and fraction as they were written. */
function onDay(
  day: Day,
  clock: readonly (string | undefined)[],
  kind: TimeKind,
  { zone, twice = "earlier" }: TimeContext,
): Time | "impossible" {
  const wall = wallOf(day, clock)
  if (!isWallTime(wall)) return "impossible"
  const from = instantOf(wall, zone, twice)
  const [, , second, fraction] = clock
  const last = second === undefined ? MINUTE_MS - 1 : fraction === undefined ? SECOND_MS - 1 : 0
  return { kind, from, to: from + last }
}

function wallOf(
  day: Day,
  [hour = "0", minute = "0", second = "0", fraction = ""]: readonly (string | undefined)[],
): WallTime {
  return {
    year: Number(day.slice(0, 4)),
    month: Number(day.slice(4, 6)),
    day: Number(day.slice(6)),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    millisecond: Number(fraction.padEnd(3, "0").slice(0, 3)),
  }
}

/** What RFC 3339 without a fraction means beyond its first millisecond. */
const lastOf = (text: string): number => (text.includes(".") ? 0 : SECOND_MS - 1)

const two = (n: number) => String(n).padStart(2, "0")

/** `2026-03-05 20:10:30`, in the host's zone. */
export function wallText(at: number, zone: Zone): string {
  return `${dayText(localDay(at, zone))} ${clockText(at, zone)}`
}

/** `20:10:30`. */
export function clockText(at: number, zone: Zone): string {
  const { hour, minute, second } = wallTimeOf(at, zone)
  return `${two(hour)}:${two(minute)}:${two(second)}`
}

/** `2026-03-05`. */
export const dayText = (day: Day): string => `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`

/** `+07:00`. */
export function offsetText(minutes: number): string {
  const size = Math.abs(minutes)
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`
}
