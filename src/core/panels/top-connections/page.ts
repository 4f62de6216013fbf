/** How the height of the panel is shared: what stands above the rows, the rows, the detail under them. */
import type { Facts } from "../../app/facts.ts"
import type { Note } from "../../model/model.ts"
import type { Size } from "../../text/line.ts"
import { count } from "../../text/units.ts"
import { type Rows, rowCount, type TopConnections, windowTop } from "./state.ts"

/** The rule, with what all rows are together, and three lines of the selected row. */
const DETAIL_HEIGHT = 4
/** With fewer lines than this the rows get them all. */
const DETAIL_FROM_HEIGHT = 14

/** Limits of the rows themselves. What else could not be seen stands in System Health and takes no row away. */
export const rowNotes = ({ model }: Facts): readonly Note[] =>
  (model?.notes ?? []).filter(({ source }) => source === "sockets" || source === "flows")

/** Why processes are missing; it takes no row away. That they are still being looked for would come and go: not here. */
export const ownerNote = ({ model }: Facts): string =>
  model?.notes.find(({ source }) => source === "processes")?.text ?? ""

/** Lines above the first row: the question, a note when there is one, the heading. */
export const headHeight = (facts: Facts): number => (rowNotes(facts).length > 0 ? 3 : 2)

export const hasDetail = ({ height }: Size): boolean => height >= DETAIL_FROM_HEIGHT

/** Rows of one page. */
export const pageRows = (facts: Facts, size: Size): number =>
  Math.max(1, size.height - headHeight(facts) - (hasDetail(size) ? DETAIL_HEIGHT : 0))

/** Cells of the top edge that are never the note's: corners, the title, a blank on either side. */
const EDGE = 7

/** Of those that are listed; a row may stand for many. */
function connectionTotal({ connections, listed }: Rows): number {
  let sum = 0
  for (let i = 0; i < listed.length; i++) sum += connections.table.connectionCount[listed[i]!]!
  return sum
}

/** `1-12 of 40`; by peer also how many connections those are, where the edge has room for it. */
export function pageNote(slice: TopConnections, title: string, facts: Facts, size: Size): string {
  const total = rowCount(slice)
  if (total === 0) return ""
  const page = pageRows(facts, size)
  const from = windowTop(slice, page, total)
  const rows = `${count(from + 1)}-${count(Math.min(from + page, total))} of ${count(total)}`
  if (slice.rows?.groups === undefined) return rows
  const connections = connectionTotal(slice.rows)
  const noun = slice.view === "services" ? "row" : "group"
  const long = `${rows} ${total === 1 ? noun : `${noun}s`}, ${count(connections)} ${connections === 1 ? "connection" : "connections"}`
  return long.length + title.length + EDGE <= size.width ? long : rows
}
