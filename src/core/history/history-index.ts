/**
 * All lines of the window in the order of time, whichever file they stand in: what a position on the screen means.
 *
 * Made anew when files were indexed or grew; a line is known again by its file and where it stands there.
 */

import { sortRows } from "../model/order.ts"
import { createColumnTable } from "../sample/columns.ts"
import type { SnapshotEvent } from "../snapshot/schema.ts"
import { createFindingSets, type LineColumns, type LineIndex, layout, setNumber } from "./line-index.ts"
import { isInside, type Window } from "./window.ts"

export type HistorySide = "in" | "out"

/** Names a line for ever: files only grow. */
export interface LineKey {
  /** The number of the file among those that were opened. */
  readonly file: number
  readonly offset: number
}

export interface HistoryIndex {
  readonly length: number
  readonly lines: LineColumns
  readonly file: Uint16Array
  readonly findingSets: readonly (readonly string[])[]
  /** By set: 0 nothing, 1 a warning, 2 critical. */
  readonly severities: Uint8Array
  /** By side, at each position: how many lines before it have rows. One longer than the lines. */
  readonly activeBefore: Readonly<Record<HistorySide, Uint32Array>>
  /** What happened to the worker, in the order of time. */
  readonly events: readonly SnapshotEvent[]
  /** Milliseconds between two lines, as most of them stand. */
  readonly usualStepMs: number
}

export interface IndexedFile {
  readonly file: number
  readonly index: LineIndex
  /** The same lines stand in another file too, from which they are taken: those of a crash. */
  readonly isBackup?: boolean
}

export function mergeIndexes(files: readonly IndexedFile[], window: Window): HistoryIndex {
  const total = files.reduce((sum, { index }) => sum + index.lines.length, 0)
  const lines = createColumnTable(layout, Math.max(1, total))
  const file = new Uint16Array(Math.max(1, total))
  const sets = createFindingSets()
  const known = knownLines(files)
  let length = 0
  let isSorted = true
  // Hot: every line of the window, each time a file has grown.
  for (const each of files) {
    const from = each.index.lines
    const numbers = each.index.findings.list.map((set) => setNumber(sets, set))
    for (let row = 0; row < from.length; row++) {
      const at = from.at[row]!
      if (!isInside(window, at)) continue
      if (each.isBackup === true && known.has(lineName(from, row))) continue
      if (length > 0 && at < lines.at[length - 1]!) isSorted = false
      lines.at[length] = at
      lines.offset[length] = from.offset[row]!
      lines.bytes[length] = from.bytes[row]!
      lines.rowsIn[length] = from.rowsIn[row]!
      lines.rowsOut[length] = from.rowsOut[row]!
      lines.connections[length] = from.connections[row]!
      lines.bytesPerSecond[length] = from.bytesPerSecond[row]!
      lines.intervalSeconds[length] = from.intervalSeconds[row]!
      lines.findings[length] = numbers[from.findings[row]!]!
      file[length++] = each.file
    }
  }
  lines.length = length
  const ordered = isSorted ? { lines, file } : inOrder(lines, file)
  return {
    length,
    ...ordered,
    findingSets: sets.list,
    severities: Uint8Array.from(sets.list, severityOf),
    activeBefore: {
      in: countActive(ordered.lines.rowsIn, length),
      out: countActive(ordered.lines.rowsOut, length),
    },
    events: files
      .flatMap(({ index }) => index.events)
      .filter(({ at }) => isInside(window, Date.parse(at)))
      .sort((a, b) => Date.parse(a.at) - Date.parse(b.at)),
    usualStepMs: usualStep(ordered.lines),
  }
}

export const emptyIndex = (): HistoryIndex => mergeIndexes([], {})

/** A worker writes no two lines of one length in one millisecond. */
const lineName = (lines: LineColumns, row: number): string => `${lines.at[row]} ${lines.bytes[row]}`

function knownLines(files: readonly IndexedFile[]): ReadonlySet<string> {
  const names = new Set<string>()
  if (files.every(({ isBackup }) => isBackup !== true)) return names
  for (const { index, isBackup } of files) {
    if (isBackup === true) continue
    for (let row = 0; row < index.lines.length; row++) names.add(lineName(index.lines, row))
  }
  return names
}

/** By time, then as they stood. */
function inOrder(lines: LineColumns, file: Uint16Array): { readonly lines: LineColumns; readonly file: Uint16Array } {
  const order = Uint32Array.from({ length: lines.length }, (_, row) => row)
  sortRows(order, (a, b) => lines.at[a]! - lines.at[b]! || a - b)
  const sorted = createColumnTable(layout, Math.max(1, lines.length))
  for (const name of Object.keys(layout) as (keyof typeof layout)[])
    for (let i = 0; i < order.length; i++) sorted[name][i] = lines[name][order[i]!]!
  sorted.length = lines.length
  return { lines: sorted, file: Uint16Array.from(order, (row) => file[row]!) }
}

const severityOf = (set: readonly string[]): number =>
  set.some((finding) => finding.startsWith("crit ")) ? 2 : set.length > 0 ? 1 : 0

function countActive(rows: Uint32Array, length: number): Uint32Array {
  const before = new Uint32Array(length + 1)
  for (let i = 0; i < length; i++) before[i + 1] = before[i]! + (rows[i]! > 0 ? 1 : 0)
  return before
}

const STEPS_MAX = 2_000

/** The median of the steps, of a part of them where there are many. */
function usualStep({ at, length }: LineColumns): number {
  const stride = Math.max(1, Math.floor(length / STEPS_MAX))
  const steps: number[] = []
  for (let i = 1; i < length; i += stride) if (at[i]! > at[i - 1]!) steps.push(at[i]! - at[i - 1]!)
  return steps.sort((a, b) => a - b)[steps.length >> 1] ?? 0
}

// ---- questions -----------------------------------------------------------------------------------------------------

export const keyAt = ({ file, lines }: HistoryIndex, position: number): LineKey => ({
  file: file[position]!,
  offset: lines.offset[position]!,
})

/** Where a line stands now; -1 when it is no longer in the window. */
export function positionOfKey(index: HistoryIndex, key: LineKey, nearAt: number): number {
  const { lines, file } = index
  const is = (i: number) => file[i] === key.file && lines.offset[i] === key.offset
  for (let i = firstFrom(index, nearAt); i < index.length && lines.at[i] === nearAt; i++) if (is(i)) return i
  return -1
}

/** The first position at or after an instant. */
export function firstFrom({ lines, length }: HistoryIndex, at: number): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (lines.at[middle]! < at) low = middle + 1
    else high = middle
  }
  return low
}

/** The last position at or before an instant; -1 when there is none. */
export function lastUntil(index: HistoryIndex, at: number): number {
  let position = firstFrom(index, at)
  while (position < index.length && index.lines.at[position] === at) position++
  return position - 1
}

export const isActive = ({ activeBefore }: HistoryIndex, position: number, side: HistorySide): boolean =>
  activeBefore[side][position + 1]! > activeBefore[side][position]!

/** The next position from `position` in that direction that has rows on the side; -1 when there is none. */
export function nextActive(index: HistoryIndex, position: number, step: 1 | -1, side: HistorySide): number {
  for (let i = position; i >= 0 && i < index.length; i += step) if (isActive(index, i, side)) return i
  return -1
}

/** Nearest in time, the earlier of two. With a side, the nearest that has rows there; -1 when there is none. */
export function nearest(index: HistoryIndex, at: number, side?: HistorySide): number {
  const last = lastUntil(index, at)
  const before = side === undefined ? last : nextActive(index, last, -1, side)
  const after = side === undefined ? last + 1 : nextActive(index, last + 1, 1, side)
  if (before < 0) return after < index.length ? after : -1
  if (after < 0 || after >= index.length) return before
  return at - index.lines.at[before]! <= index.lines.at[after]! - at ? before : after
}

export const severityAt = ({ lines, severities }: HistoryIndex, position: number): number =>
  severities[lines.findings[position]!]!

/** The next position at which something is wrong that was not wrong, or not so bad, a line before; -1: there is none. */
export function nextOnset(index: HistoryIndex, position: number, step: 1 | -1): number {
  for (let i = position + step; i >= 0 && i < index.length; i += step) if (isOnset(index, i)) return i
  return -1
}

function isOnset({ lines, findingSets }: HistoryIndex, position: number): boolean {
  const now = lines.findings[position]!
  if (now === 0) return false
  const before = position === 0 ? 0 : lines.findings[position - 1]!
  return before !== now && onsets(findingSets[before]!, findingSets[now]!).length > 0
}

/** What `after` has that `before` had not, or had less badly. */
export const onsets = (before: readonly string[], after: readonly string[]): readonly string[] =>
  after.filter((finding) => !before.includes(finding) && !before.includes(finding.replace(/^warn /, "crit ")))

/** True where more than two intervals passed without a line before this one. */
export function isAfterGap({ lines, usualStepMs }: HistoryIndex, position: number): boolean {
  if (position <= 0) return false
  const own = lines.intervalSeconds[position]! * 1000
  const step = own > 0 ? Math.max(own, lines.intervalSeconds[position - 1]! * 1000) : usualStepMs
  return step > 0 && lines.at[position]! - lines.at[position - 1]! > step * 2.5
}
