/** Days of the history, as a table for people and as objects for programs. */
import type { Day, Zone } from "../snapshot/local-day.ts"
import { alignedText } from "../text/aligned.ts"
import { timestamp } from "../text/timestamp.ts"
import { bytes, count, duration } from "../text/units.ts"
import { harmless } from "../text/width.ts"
import type { Episode, Span } from "./summary.ts"
import { clockText, dayText } from "./time-grammar.ts"

export interface DaySummary {
  readonly day: Day
  /** Names of its files. */
  readonly files: readonly string[]
  /** On the disk. */
  readonly bytes: number
  readonly snapshots: number
  readonly firstMs?: number
  readonly lastMs?: number
  readonly gaps: readonly Span[]
  /** Absent: the day was not gone through, only its frames. */
  readonly findings?: readonly Episode[]
  readonly corrupt?: number
  readonly problems: readonly string[]
}

export function dayTable(days: readonly DaySummary[], zone: Zone): readonly string[] {
  const head = ["DAY", "SIZE", "SNAPSHOTS", "FIRST", "LAST", "GAPS", "FINDINGS"]
  const rows = days.map((day) => [
    dayText(day.day),
    bytes(day.bytes),
    count(day.snapshots),
    day.firstMs === undefined ? "–" : clockText(day.firstMs, zone),
    day.lastMs === undefined ? "–" : clockText(day.lastMs, zone),
    gapText(day.gaps),
    findingText(day),
  ])
  const isRight = [false, true, true, false, false, false, false]
  return alignedText([head, ...rows], isRight)
}

const lengthOf = ({ from, to }: Span) => to - from

function gapText(gaps: readonly Span[]): string {
  if (gaps.length === 0) return "none"
  return `${count(gaps.length)}, ${duration(gaps.reduce((sum, gap) => sum + lengthOf(gap), 0))}`
}

function findingText({ findings, corrupt = 0 }: DaySummary): string {
  const damaged = corrupt === 0 ? "" : `  Corrupt: ${count(corrupt)}`
  if (findings === undefined) return "–"
  if (findings.length === 0) return `none${damaged}`
  const critical = findings.filter(({ severity }) => severity === "crit").length
  const names = [...new Set(findings.map(({ id }) => harmless(id)))]
  const shown = names.slice(0, 3).join(", ") + (names.length > 3 ? ` +${names.length - 3}` : "")
  return `${count(findings.length)}${critical === 0 ? "" : ` (${critical} crit)`}: ${shown}${damaged}`
}

/** What is not known is null. */
export function dayJson(day: DaySummary, zone: Zone) {
  const time = (at: number | undefined) => (at === undefined ? null : timestamp({ at, offsetMinutes: zone(at) }))
  return {
    day: dayText(day.day),
    files: day.files,
    bytes: day.bytes,
    snapshots: day.snapshots,
    first_at: time(day.firstMs),
    last_at: time(day.lastMs),
    gaps: day.gaps.map(({ from, to }) => ({ from: time(from), to: time(to), seconds: (to - from) / 1000 })),
    findings:
      day.findings?.map(({ id, severity, from, to }) => ({ id, severity, first_at: time(from), last_at: time(to) })) ??
      null,
    corrupt_lines: day.corrupt ?? null,
    problems: day.problems,
  }
}
