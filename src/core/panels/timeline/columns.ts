/** The history as columns of cells: what each cell's part of the window holds. */
import { firstFrom, type HistoryIndex, isAfterGap, severityAt } from "../../history/history-index.ts"

export type Measure = "bytes" | "connections"

export interface TimeRange {
  readonly from: number
  readonly to: number
}

export interface TimeColumn {
  /** The highest of its snapshots, or what the next one tells of the time before it; absent where none is known. */
  readonly value?: number
  /** The worst of its snapshots: 0 nothing, 1 a warning, 2 critical. */
  readonly severity: number
  /** None: no snapshot is of this time. `gap`: and that is longer than it should be. */
  readonly kind: "lines" | "between" | "gap" | "outside"
  /** The worker began or ended. */
  readonly hasEvent: boolean
}

/**
 * From the first to the last snapshot of the window; where the window is open, all of it is drawn that is known. Of a
 * window with two ends, the window.
 */
export function rangeOf(index: HistoryIndex, window: { readonly from?: number; readonly to?: number }): TimeRange {
  const first = index.length === 0 ? 0 : index.lines.at[0]!
  const last = index.length === 0 ? 0 : index.lines.at[index.length - 1]!
  const isClosed = window.from !== undefined && window.to !== undefined
  const from = isClosed ? window.from! : first
  const to = isClosed ? window.to! : last
  return { from, to: Math.max(to, from + 1) }
}

/** The cell of an instant. */
export const columnOf = (at: number, { from, to }: TimeRange, width: number): number =>
  Math.min(width - 1, Math.max(0, Math.floor(((at - from) / (to - from)) * width)))

/** The instant in the middle of a cell. */
export const timeOf = (column: number, { from, to }: TimeRange, width: number): number =>
  from + ((column + 0.5) / width) * (to - from)

/** What was asked last, and its answer: the clock ticks more often than a history grows. */
let last: { readonly asked: readonly unknown[]; readonly columns: readonly TimeColumn[] } | undefined

export function timeColumns(
  index: HistoryIndex,
  range: TimeRange,
  width: number,
  measure: Measure,
): readonly TimeColumn[] {
  const asked = [index, range.from, range.to, width, measure]
  if (last !== undefined && asked.every((value, i) => value === last?.asked[i])) return last.columns
  const columns = makeColumns(index, range, width, measure)
  last = { asked, columns }
  return columns
}

function makeColumns(index: HistoryIndex, range: TimeRange, width: number, measure: Measure): readonly TimeColumn[] {
  const { lines, length } = index
  const values = measure === "bytes" ? lines.bytesPerSecond : lines.connections
  const eventColumns = new Set(
    index.events
      .filter(({ kind }) => kind === "start" || kind === "stop")
      .map(({ at }) => columnOf(Date.parse(at), range, width)),
  )
  const columns: TimeColumn[] = []
  let row = firstFrom(index, range.from)
  for (let column = 0; column < width; column++) {
    const end = range.from + ((column + 1) / width) * (range.to - range.from)
    const isLast = column === width - 1
    let value: number | undefined
    let severity = 0
    const first = row
    for (; row < length && (lines.at[row]! < end || (isLast && lines.at[row]! <= range.to)); row++) {
      const here = values[row]!
      if (!Number.isNaN(here) && (value === undefined || here > value)) value = here
      severity = Math.max(severity, severityAt(index, row))
    }
    const kind =
      row > first ? "lines" : row === 0 || row === length ? "outside" : isAfterGap(index, row) ? "gap" : "between"
    // A rate is that of the time before its snapshot.
    if (kind === "between" && !Number.isNaN(values[row]!)) value = values[row]!
    columns.push({ kind, severity, hasEvent: eventColumns.has(column), ...(value === undefined ? {} : { value }) })
  }
  return columns
}
