/** The trace history as a list with what is known of the selected one under it; a detail and a comparison in its place. */
import type { Facts } from "../../app/facts.ts"
import { type Line, line, type Size, span, type Tone } from "../../text/line.ts"
import { scrolled } from "../../text/scroll.ts"
import { type Column, columnWidths, tableHead, tableRow } from "../../text/table.ts"
import { fit, wrap } from "../../text/width.ts"
import { isSameEntry, RETENTION_HOURS, type TraceEntry } from "../../trace/history.ts"
import { compareLines, entryLines, masker, pcapText, severityTone, targetText, timeText } from "./detail.ts"
import { cursorIn, entriesIn, type TraceHistory } from "./state.ts"

interface Row {
  readonly entry: TraceEntry
  readonly isMarked: boolean
  readonly shown: (text: string) => string
}

const columns: readonly Column<Row>[] = [
  { id: "mark", title: "", width: 1, cell: ({ isMarked }) => (isMarked ? "*" : ""), tone: () => "accent" },
  { id: "time", title: "TIME", width: 19, cell: ({ entry }) => timeText(entry), tone: () => "muted" },
  {
    id: "severity",
    title: "SEV",
    width: 4,
    cell: ({ entry, shown }) => shown(entry.severity),
    tone: ({ entry }) => severityTone(entry.severity),
  },
  { id: "issue", title: "VERDICT", width: "rest", cell: ({ entry, shown }) => shown(entry.issue) },
  { id: "target", title: "PEER", width: 22, cut: "middle", cell: ({ entry, shown }) => shown(targetText(entry)) },
]

const HEAD = 1
/** Under the table: a blank line, the selected one in three lines, where all of it is kept. */
const FOOT = 5
const MARKER = 1

export const pageRows = ({ height }: Size): number => Math.max(1, height - HEAD - FOOT)

/** The first row of a window in which the cursor is seen. */
export const windowTop = (cursor: number, page: number, total: number): number =>
  Math.max(0, Math.min(cursor - (page >> 1), total - page))

export function view(slice: TraceHistory, facts: Facts, size: Size): readonly Line[] {
  if (slice.page === "list") return listLines(slice, facts, size)
  const lines = pageLines(slice, facts, size.width)
  const top = scrolled(slice.top, 0, size.height, lines.length)
  return lines.slice(top, top + size.height)
}

/** Every line of a page that scrolls. */
export function pageLines(slice: TraceHistory, facts: Facts, width: number): readonly Line[] {
  const { selected, baseline, incident, page } = slice
  if (page === "compare" && baseline !== undefined && incident !== undefined)
    return compareLines(baseline, incident, facts, width)
  return selected === undefined ? [] : entryLines(selected, facts, width)
}

const paragraph = (text: string, tone: Tone, width: number): readonly Line[] =>
  wrap(text, Math.max(1, width - 2)).map((piece) => line(span(` ${piece}`, tone)))

function listLines(slice: TraceHistory, facts: Facts, size: Size): readonly Line[] {
  const { history } = facts.tracing
  const shown = masker(facts)
  if (history === undefined) return paragraph("looking…", "muted", size.width)
  if (!history.ok) return paragraph(shown(history.reason), "warn", size.width)
  const entries = entriesIn(facts)
  const { dataDir, notes } = history.value
  if (entries.length === 0)
    return [
      ...paragraph(
        facts.source === "replay"
          ? "No trace was made in this window."
          : "No trace was made in the last week. T on a connection makes one.",
        "muted",
        size.width,
      ),
      ...paragraph(shown(`They are kept in ${dataDir}.`), "muted", size.width),
      ...notes.flatMap((note) => paragraph(shown(note), "warn", size.width)),
    ]
  const widths = columnWidths(columns, size.width - MARKER)
  const page = pageRows(size)
  const cursor = cursorIn(slice, entries)
  const top = windowTop(cursor, page, entries.length)
  const rows = entries.slice(top, top + page).map((entry, i): Line => {
    const isSelected = top + i === cursor
    const isMarked = slice.baseline !== undefined && isSameEntry(slice.baseline, entry)
    return [
      span(isSelected ? "▌" : " ", "accent"),
      ...tableRow(columns, widths, { entry, isMarked, shown }, isSelected),
    ]
  })
  const blank = Array.from({ length: page - rows.length }, (): Line => [])
  return [
    [span(" "), ...tableHead(columns, widths)],
    ...rows,
    ...blank,
    ...footLines(slice, entries[cursor]!, facts, size),
  ]
}

/** The question, else the selected trace and where everything is kept. */
function footLines({ question }: TraceHistory, entry: TraceEntry, facts: Facts, { width }: Size): readonly Line[] {
  const { history } = facts.tracing
  const shown = masker(facts)
  if (question !== undefined)
    return [
      [],
      ...paragraph(
        shown(`Forget the trace of ${targetText(question)}, ${timeText(question)}, and delete its capture?`),
        "warn",
        width,
      ).slice(0, 2),
      line(span(" y", "strong"), span(" deletes   ", "muted"), span("n", "strong"), span(" keeps", "muted")),
    ]
  const known = (value: number) => (value < 0 ? "n/a" : String(value))
  const summary =
    `${known(entry.captured)} captured, ${known(entry.dropped_by_kernel)} lost, [R] ${entry.rst_count}, ` +
    `${entry.confidence.toLowerCase()} confidence; ${entry.status}, ${entry.mode ?? "General triage"}, ` +
    `${entry.scope}, ${entry.direction}`
  const [note] = history?.ok === true ? history.value.notes : []
  const dataDir = history?.ok === true ? history.value.dataDir : ""
  const cut = (text: string, where: "end" | "start" = "end") => fit(shown(text), Math.max(1, width - 2), "left", where)
  return [
    [],
    line(span(` ${cut(entry.issue)}`, "strong")),
    line(span(` ${cut(summary)}`)),
    line(span(` ${cut(pcapText(entry, facts.isMasked), "start")}`, "muted")),
    note === undefined
      ? line(span(` ${cut(`in ${dataDir}, ${RETENTION_HOURS / 24} days`, "start")}`, "muted"))
      : line(span(` ${cut(note)}`, "warn")),
  ]
}
