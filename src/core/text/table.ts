/** Tables from a list of columns: a new column is one entry. */
import { type Line, type Span, span, type Tone } from "./line.ts"
import { type Cut, cellWidth, fit } from "./width.ts"

export interface Column<Row> {
  readonly id: string
  readonly title: string
  /** Cells, or `rest`: what the others leave. At most one column takes the rest. */
  readonly width: number | "rest"
  readonly align?: "left" | "right"
  readonly cut?: Cut
  readonly cell: (row: Row) => string
  readonly tone?: (row: Row) => Tone
}

const GAP = 1

/** The width of each column inside `width` cells; `rest` is never negative. */
export function columnWidths<Row>(columns: readonly Column<Row>[], width: number): number[] {
  const fixed = columns.reduce((sum, column) => sum + (column.width === "rest" ? 0 : column.width), 0)
  const rest = Math.max(0, width - fixed - GAP * Math.max(0, columns.length - 1))
  return columns.map((column) => (column.width === "rest" ? rest : column.width))
}

/** What the rows are sorted by: columns by id (bandwidth is two of them), and the sign that says in which direction. */
export interface SortMark {
  readonly columns: readonly string[]
  readonly mark: string
}

/**
 * The heading. The sort mark stands on the side of the title that is free, so that no title moves; beside a title that
 * fills its column, in the gap.
 */
export function tableHead<Row>(columns: readonly Column<Row>[], widths: readonly number[], sorted?: SortMark): Line {
  const isSorted = (i: number) => sorted?.columns.includes(columns[i]?.id ?? "") === true
  const isRight = (i: number) => columns[i]!.align === "right"
  const isFull = (i: number) => cellWidth(columns[i]!.title) >= widths[i]!
  const mark = sorted?.mark ?? ""
  return columns.map((column, i) => {
    const isLast = i === columns.length - 1
    const isMarkInGap =
      !isLast && ((isSorted(i) && isFull(i) && !isRight(i)) || (isSorted(i + 1) && isFull(i + 1) && isRight(i + 1)))
    const gap = isMarkInGap ? mark : isLast ? "" : " "
    if (!isSorted(i)) return span(fit(column.title, widths[i]!, column.align) + gap, "muted")
    const room = isFull(i) ? "" : mark
    const title = isRight(i) ? room + column.title : column.title + room
    return span(fit(title, widths[i]!, column.align) + gap, "strong")
  })
}

/** A row. The selected one is one even bar: what would be muted in it is plain, severities stay. */
export function tableRow<Row>(
  columns: readonly Column<Row>[],
  widths: readonly number[],
  row: Row,
  isSelected = false,
): Line {
  return columns.map((column, i): Span => {
    const gap = i === columns.length - 1 ? "" : " "
    const text = fit(column.cell(row), widths[i]!, column.align, column.cut) + gap
    const tone = column.tone?.(row) ?? "plain"
    return isSelected ? { text, tone: tone === "muted" ? "plain" : tone, isInverse: true } : { text, tone }
  })
}

/** The id of the column at cell `x`, or undefined between and behind them. */
export function columnAt<Row>(
  columns: readonly Column<Row>[],
  widths: readonly number[],
  x: number,
): string | undefined {
  let left = 0
  for (const [i, column] of columns.entries()) {
    if (x >= left && x < left + widths[i]!) return column.id
    left += widths[i]! + GAP
  }
  return undefined
}
