/** Top Connections as lines: what is asked, the table, the selected row in words. */
import type { Facts } from "../../app/facts.ts"
import { emptyText as emptyWindowText } from "../../app/replay-words.ts"
import { connectionAt } from "../../model/connections.ts"
import { describeGroups } from "../../model/groups.ts"
import { lineWidth } from "../../text/layer.ts"
import { type Line, line, type Size, span } from "../../text/line.ts"
import { tableHead, tableRow } from "../../text/table.ts"
import { harmless, wrap } from "../../text/width.ts"
import { unitLabel } from "./columns.ts"
import { connectionDetail, goneDetail, groupDetail } from "./detail.ts"
import { hasDetail, ownerNote, pageRows, rowNotes } from "./page.ts"
import { questionLine } from "./question.ts"
import { connectionRowAt } from "./selection.ts"
import { connectionShape, groupShape, type Shape, sortMark } from "./shape.ts"
import { type Rows, rowCount, type TopConnections, windowTop } from "./state.ts"
import { totalsLine } from "./totals.ts"

export function view(slice: TopConnections, facts: Facts, size: Size): readonly Line[] {
  const head = [questionLine(slice, size.width, ownerNote(facts)), ...noteLine(facts)]
  const { rows, failure } = slice
  if (failure !== undefined) return [...head, ...sentence(failure, size.width).map((text) => line(span(text, "crit")))]
  if (rows === undefined) return [...head, ...waitingLines(facts, size.width)]
  if (rowCount(slice) === 0)
    return [...head, ...sentence(emptyText(slice), size.width).map((text) => line(span(text, "muted")))]
  const page = pageRows(facts, size)
  const top = windowTop(slice, page, rowCount(slice))
  const shown =
    rows.groups === undefined
      ? connectionLines(slice, rows, facts, size.width, top, page)
      : groupLines(slice, rows, facts, size.width, top, page)
  const blank = Array.from({ length: Math.max(0, page + 1 - shown.length) }, (): Line => [])
  return [...head, ...shown, ...blank, ...(hasDetail(size) ? detailLines(slice, rows, facts, size.width) : [])]
}

/** Before the first look, and where a replay has nothing to show. */
function waitingLines({ replay }: Facts, width: number): readonly Line[] {
  if (replay === undefined) return [line(span(" looking…", "muted"))]
  return emptyWindowText(replay).flatMap((text, i) =>
    sentence(text, width).map((piece) => line(span(piece, i === 0 ? "strong" : "muted"))),
  )
}

/** A sentence that may be longer than the panel is wide. */
const sentence = (text: string, width: number): string[] => wrap(harmless(text), width - 2).map((piece) => ` ${piece}`)

function emptyText(slice: TopConnections): string {
  if (slice.port !== undefined || slice.search !== "") return "No connection matches the filters"
  return slice.side === "in"
    ? "No incoming connections; o shows outgoing ones"
    : "No outgoing connections; o shows incoming ones"
}

/** What could not be seen; the rows below are what could. */
function noteLine(facts: Facts): readonly Line[] {
  const notes = rowNotes(facts)
  if (notes.length === 0) return []
  const more = notes.length > 1 ? ` (+${notes.length - 1} more)` : ""
  return [line(span(` ${harmless(notes[0]!.text)}${more}`, "warn"))]
}

/** The heading and the rows; a selected row that has ended leaves a pale mark where it stood. */
function tableLines<Row>({ columns, widths }: Shape<Row>, rows: readonly Row[], slice: TopConnections, top: number) {
  const body = rows.map((row, i): Line => {
    const isAtCursor = top + i === slice.cursor
    const marker = span(isAtCursor ? "▌" : " ", slice.isGone ? "muted" : "accent")
    return [marker, ...tableRow(columns, widths, row, isAtCursor && !slice.isGone)]
  })
  return [[span(" "), ...tableHead(columns, widths, sortMark(slice))], ...body]
}

function connectionLines(
  slice: TopConnections,
  { connections, listed }: Rows,
  { isMasked, settings }: Facts,
  width: number,
  top: number,
  page: number,
): readonly Line[] {
  const rows = [...listed.subarray(top, top + page)].map((row) => ({
    connection: connectionAt(connections, row),
    isMasked,
    band: settings.thresholds.bandwidthPerSecond,
  }))
  return tableLines(connectionShape(width), rows, slice, top)
}

function groupLines(
  slice: TopConnections,
  rows: Rows,
  { isMasked, settings }: Facts,
  width: number,
  top: number,
  page: number,
): readonly Line[] {
  const { elapsedMs } = rows.connections
  const wanted = [...rows.groups!.order.subarray(top, top + page)]
  const shown = groupsOf(rows, slice, wanted).map((group, i) => ({
    group,
    unit: unitLabel(connectionAt(rows.connections, rows.groups!.table.row[wanted[i]!]!)),
    ...(elapsedMs === undefined ? {} : { elapsedMs }),
    isMasked,
    band: settings.thresholds.bandwidthPerSecond,
  }))
  return tableLines(groupShape(slice, width), shown, slice, top)
}

const groupsOf = ({ connections, listed, groups }: Rows, { side }: TopConnections, wanted: readonly number[]) =>
  describeGroups(connections, listed, groups!.table, side, wanted)

function detailLines(slice: TopConnections, rows: Rows, facts: Facts, width: number): readonly Line[] {
  const about = detail(slice, rows, facts.isMasked, width - 2)
  return [ruleLine(totalsLine(facts, width - RULE_MIN), width), ...about.map((content) => [span(" "), ...content])]
}

/** Blanks at both ends, two strokes before what stands in the rule and at least two behind it. */
const RULE_MIN = 8

/** Divides rows from the selected one; what all rows are together stands in it. */
function ruleLine(content: Line, width: number): Line {
  const stroke = (length: number) => span("─".repeat(Math.max(0, length)), "muted")
  if (content.length === 0) return [span(" "), stroke(width - 2)]
  return [span(" "), stroke(2), span(" "), ...content, span(" "), stroke(width - lineWidth(content) - 6)]
}

function detail(slice: TopConnections, rows: Rows, isMasked: boolean, width: number): readonly Line[] {
  if (slice.isGone) return goneDetail
  if (rows.groups !== undefined)
    return groupDetail(groupsOf(rows, slice, [rows.groups.order[slice.cursor]!])[0]!, isMasked, width)
  const row = connectionRowAt(rows, slice.cursor)
  return row === undefined ? [] : connectionDetail(connectionAt(rows.connections, row), isMasked, width)
}
