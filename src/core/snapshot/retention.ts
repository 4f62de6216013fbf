/**
 * Which files of the history are deleted: those too old, then the oldest days while the whole is too large or the disk
 * too full.
 *
 * Today's day and the newest one are kept whatever happens, and so is a day of the future: a clock that was wrong for a
 * minute must not cost a week.
 */
import { type Day, dayEnd, isDay, localDay, type Zone } from "./local-day.ts"
import { parseSegmentName } from "./segments.ts"

export interface KeptFile {
  readonly name: string
  /** Bytes on the disk. */
  readonly size: number
}

export interface RetentionRule {
  readonly hours: number
  /** Most bytes of the whole history. */
  readonly maxSize?: number
  /** Bytes that should be free, and are now. */
  readonly minFree?: number
  readonly free?: number
}

export type Reason = "age" | "size" | "free space"

export interface Removal extends KeptFile {
  readonly reason: Reason
}

const HOUR_MS = 3_600_000

/** The day of a file that belongs to the history: its segments and those of the traces. Captures are files of their own. */
export function dayOfFile(name: string): Day | undefined {
  const segment = parseSegmentName(name)
  if (segment !== undefined) return segment.day
  const day = /^trace-history-(\d{8})\.jsonl$/.exec(name)?.[1]
  return day !== undefined && isDay(day) ? day : undefined
}

/** What to delete, oldest first. Files that are not ours are never in it. */
export function chooseRemovals(
  files: readonly KeptFile[],
  rule: RetentionRule,
  { now, zone }: { readonly now: number; readonly zone: Zone },
): readonly Removal[] {
  const today = localDay(now, zone)
  const dated = files
    .flatMap((file) => {
      const day = dayOfFile(file.name)
      return day === undefined ? [] : [{ ...file, day }]
    })
    .sort((a, b) => (a.day === b.day ? (a.name < b.name ? -1 : 1) : a.day < b.day ? -1 : 1))
  const newest = dated.findLast(({ name }) => parseSegmentName(name) !== undefined)?.day
  const isOpen = (day: Day) => day >= today || day === newest
  const cutOff = now - rule.hours * HOUR_MS

  let total = dated.reduce((sum, { size }) => sum + size, 0)
  let free = rule.free ?? Number.POSITIVE_INFINITY
  const removals: Removal[] = []
  for (const { day, name, size } of dated) {
    if (isOpen(day)) continue
    const reason: Reason | undefined =
      dayEnd(day, zone) < cutOff
        ? "age"
        : total > (rule.maxSize ?? Number.POSITIVE_INFINITY)
          ? "size"
          : free < (rule.minFree ?? 0)
            ? "free space"
            : undefined
    if (reason === undefined) continue
    removals.push({ name, size, reason })
    total -= size
    free += size
  }
  return removals
}
