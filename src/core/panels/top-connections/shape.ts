/** The columns of the view that is shown, where they stand, and which of them the rows are sorted by. */
import { type Column, columnAt, columnWidths, type SortMark } from "../../text/table.ts"
import { type ConnectionRow, columnsFor } from "./columns.ts"
import { type GroupRow, groupColumnsFor, serviceColumnsFor } from "./group-columns.ts"
import type { SortField, TopConnections } from "./state.ts"

/** Bandwidth is the sum of both directions. */
const sortColumns: Readonly<Record<SortField, readonly string[]>> = {
  bandwidth: ["tx", "rx", "bandwidth"],
  connections: ["connections"],
  port: ["local", "port"],
}

/** Cells in front of the first column: the mark of the selected row. */
export const MARKER = 1

export interface Shape<Row> {
  readonly columns: readonly Column<Row>[]
  readonly widths: readonly number[]
}

const shape = <Row>(columns: readonly Column<Row>[], width: number): Shape<Row> => ({
  columns,
  widths: columnWidths(columns, width - MARKER),
})

export const connectionShape = (width: number): Shape<ConnectionRow> => shape(columnsFor(width), width)
export const groupShape = ({ side, view }: TopConnections, width: number): Shape<GroupRow> =>
  shape(view === "services" ? serviceColumnsFor(width, side) : groupColumnsFor(width, side), width)

export function sortMark({ sorts, view }: TopConnections): SortMark {
  const { field, isDescending } = sorts[view]
  return { columns: sortColumns[field], mark: isDescending ? "↓" : "↑" }
}

/** What a click on the heading at cell `x` sorts by, or nothing. */
export function sortFieldAt(slice: TopConnections, width: number, x: number): SortField | undefined {
  const id =
    slice.view === "connections"
      ? columnIn(connectionShape(width), x - MARKER)
      : columnIn(groupShape(slice, width), x - MARKER)
  return (Object.keys(sortColumns) as SortField[]).find((field) => id !== undefined && sortColumns[field].includes(id))
}

const columnIn = <Row>({ columns, widths }: Shape<Row>, x: number) => columnAt(columns, widths, x)
