/** Top Connections as lines: what is asked, the table, the selected row in words. */
import type { Facts } from "../../app/facts.ts"
import { connectionAt } from "../../model/connections.ts"
import { describeGroups } from "../../model/groups.ts"
import { fieldLine } from "../../text/field-view.ts"
import { cutLine } from "../../text/layer.ts"
import { type Line, line, type Size, type Span, span } from "../../text/line.ts"
import { type Column, columnWidths, tableHead, tableRow } from "../../text/table.ts"
import { count } from "../../text/units.ts"
import { harmless } from "../../text/width.ts"
import { columnsFor } from "./columns.ts"
import { connectionDetail, goneDetail, groupDetail } from "./detail.ts"
import { groupColumnsFor } from "./group-columns.ts"
import { connectionRowAt } from "./selection.ts"
import { type Rows, rowCount, type SortField, type TopConnections, windowTop } from "./state.ts"

/** The column that shows what the rows are sorted by. */
const sortColumns: Readonly<Record<SortField, readonly string[]>> = {
  bandwidth: ["tx", "rx", "bandwidth"],
  connections: ["connections"],
  port: ["local", "port"],
}
const sortNames: Readonly<Record<SortField, string>> = {
  bandwidth: "bandwidth",
  connections: "connections",
  port: "port",
}

const DETAIL_LINES = 3
/** With fewer lines than this the table gets them all. */
const DETAIL_FROM_HEIGHT = 14

const noteLines = (facts: Facts): number => (facts.model?.notes.length ? 1 : 0)

/** Lines above the first row: the question, a note when there is one, the heading. */
export const headHeight = (facts: Facts): number => 2 + noteLines(facts)

const detailHeight = (size: Size): number => (size.height >= DETAIL_FROM_HEIGHT ? DETAIL_LINES + 1 : 0)

/** Rows of one page. */
export const pageRows = (_: TopConnections, facts: Facts, size: Size): number =>
  Math.max(1, size.height - headHeight(facts) - detailHeight(size))

export function view(slice: TopConnections, facts: Facts, size: Size): readonly Line[] {
  const head = [questionLine(slice, size.width), ...noteLine(facts)]
  if (slice.failure !== undefined) return [...head, line(span(` ${slice.failure}`, "crit"))]
  if (slice.rows === undefined) return [...head, line(span(" looking…", "muted"))]
  const total = rowCount(slice)
  if (total === 0) return [...head, line(span(` ${emptyText(slice)}`, "muted"))]
  const page = pageRows(slice, facts, size)
  const top = windowTop(slice, page, total)
  const shown =
    slice.rows.groups === undefined
      ? connectionLines(slice, facts, size.width, top, page)
      : groupLines(slice, facts, size.width, top, page)
  const blank = Array.from({ length: Math.max(0, page + 1 - shown.length) }, (): Line => [])
  return [...head, ...shown, ...blank, ...detailLines(slice, slice.rows, facts, size)]
}

function emptyText(slice: TopConnections): string {
  if (slice.port !== undefined || slice.search !== "") return "No connection matches the filters; F clears them"
  return slice.side === "in"
    ? "No incoming connections; o shows outgoing ones"
    : "No outgoing connections; o shows incoming ones"
}

/** Which rows are asked for; while something is typed, the field. */
function questionLine(slice: TopConnections, width: number): Line {
  if (slice.prompt !== undefined) {
    const { kind, field, problem } = slice.prompt
    const label = kind === "search" ? " Find: " : slice.side === "in" ? " Local port: " : " Remote port: "
    const hint = problem === undefined ? span("  Enter applies, Esc leaves", "muted") : span(`  ${problem}`, "warn")
    return cutLine([span(label, "accent"), ...fieldLine(field, 36), hint], width)
  }
  const sort = slice.sorts[slice.view]
  const parts: Span[] = [
    span(slice.view === "groups" ? " by peer and process" : " by connection", "muted"),
    span(`  sort ${sortNames[sort.field]} ${sort.isDescending ? "↓" : "↑"}`, "muted"),
  ]
  if (slice.port !== undefined) parts.push(span(`  port ${slice.port}`, "accent"))
  if (slice.search !== "") parts.push(span(`  find ${harmless(slice.search)}`, "accent"))
  return cutLine(parts, width)
}

const noteLine = (facts: Facts): readonly Line[] => {
  const notes = facts.model?.notes ?? []
  if (notes.length === 0) return []
  const more = notes.length > 1 ? ` (+${notes.length - 1} more)` : ""
  return [line(span(` ${harmless(notes[0]!.text)}${more}`, "warn"))]
}

const MARKER = 1

function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  slice: TopConnections,
  width: number,
  selected: number,
): Line[] {
  const widths = columnWidths(columns, width - MARKER)
  const { field, isDescending } = slice.sorts[slice.view]
  const column = columns.find(({ id }) => sortColumns[field].includes(id))
  const sorted = column === undefined ? undefined : { column: column.id, mark: isDescending ? "↓" : "↑" }
  const body = rows.map((row, i): Line => {
    const isSelected = i === selected
    const marker: Span = { text: isSelected ? "▌" : " ", tone: "accent" }
    return [marker, ...tableRow(columns, widths, row, isSelected)]
  })
  return [[span(" "), ...tableHead(columns, widths, sorted)], ...body]
}

function connectionLines(
  slice: TopConnections,
  facts: Facts,
  width: number,
  top: number,
  page: number,
): readonly Line[] {
  const { connections, listed } = slice.rows!
  const rows = [...listed.subarray(top, top + page)].map((row) => ({
    connection: connectionAt(connections, row),
    isMasked: facts.isMasked,
  }))
  return table(columnsFor(width), rows, slice, width, slice.cursor - top)
}

function groupLines(slice: TopConnections, facts: Facts, width: number, top: number, page: number): readonly Line[] {
  const { connections, listed, groups } = slice.rows!
  const wanted = [...groups!.order.subarray(top, top + page)]
  const rows = describeGroups(connections, listed, groups!.table, slice.side, wanted).map((group) => ({
    group,
    ...(connections.elapsedMs === undefined ? {} : { elapsedMs: connections.elapsedMs }),
    isMasked: facts.isMasked,
    side: slice.side,
  }))
  return table(groupColumnsFor(width), rows, slice, width, slice.cursor - top)
}

function detailLines(slice: TopConnections, rows: Rows, facts: Facts, size: Size): readonly Line[] {
  if (detailHeight(size) === 0) return []
  const rule = line(span("─".repeat(size.width), "muted"))
  if (slice.isGone) return [rule, ...goneDetail]
  const row = connectionRowAt(rows, slice.cursor)
  if (row === undefined) return []
  const detail =
    rows.groups === undefined
      ? connectionDetail(connectionAt(rows.connections, row), facts.isMasked)
      : groupDetail(
          describeGroups(rows.connections, rows.listed, rows.groups.table, slice.side, [
            rows.groups.order[slice.cursor]!,
          ])[0]!,
          facts.isMasked,
        )
  return [rule, ...detail.map((part) => cutLine([span(" "), ...part], size.width))]
}

export const groupSummary = (rows: Rows): string =>
  `${count(rows.groups?.order.length)} groups of ${count(rows.listed.length)} connections`
