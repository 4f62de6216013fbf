/** The result of a trace as lines: the pages' names, the page, and under it what is known of the selected row. */
import { type Facts, maskOf } from "../../app/facts.ts"
import type { ShownTrace } from "../../app/tracing.ts"
import { type Line, line, type Size, type Span, span } from "../../text/line.ts"
import { maskAddresses } from "../../text/mask.ts"
import { scrolled } from "../../text/scroll.ts"
import { columnWidths, tableHead, tableRow } from "../../text/table.ts"
import { offsetOf, timestamp } from "../../text/timestamp.ts"
import { count, microseconds } from "../../text/units.ts"
import { cut, harmless, wrap } from "../../text/width.ts"
import { type Conversation, NEVER } from "../../trace/conversations.ts"
import { type PacketLine, packetLine } from "../../trace/packet-text.ts"
import { protocolName } from "../../trace/report.ts"
import { sequenceLines } from "../../trace/sequence.ts"
import { conversationColumns, packetColumns } from "./columns.ts"
import { conversationsOf, pageNames, pages, type TraceResult } from "./state.ts"
import { verdictLines } from "./verdict.ts"

/** The names of the pages and a blank line. */
const HEAD = 2
const TABLE_HEAD = 1
const MARKER = 1

export const bodyHeight = ({ height }: Size): number => Math.max(1, height - HEAD)
/** Rows of a table that are seen at once. */
export const pageRows = (size: Size): number => Math.max(1, bodyHeight(size) - TABLE_HEAD)

/** The first row of a window in which the cursor is seen. */
export const windowTop = (cursor: number, page: number, total: number): number =>
  Math.max(0, Math.min(cursor - (page >> 1), total - page))

const showing =
  (facts: Pick<Facts, "isMasked" | "settings">) =>
  (text: string): string =>
    harmless(maskAddresses(text, maskOf(facts)))

export function view(slice: TraceResult, facts: Facts, size: Size): readonly Line[] {
  const { shown } = facts.tracing
  if (shown === undefined) return [line(span(" no trace was made yet", "muted"))]
  return [headLine(slice, shown, size.width), [], ...bodyLines(slice, shown, facts, size)]
}

function headLine({ page }: TraceResult, shown: ShownTrace, width: number): Line {
  const total: Readonly<Partial<Record<(typeof pages)[number], number>>> = {
    packets: shown.trace.packetCount,
    conversations: shown.trace.conversations.length,
  }
  const isRoomy = width >= 76
  return pages.flatMap((name, i): Span[] => {
    const number = isRoomy && total[name] !== undefined ? ` ${count(total[name])}` : ""
    const text = ` ${i + 1} ${pageNames[name]}${number} `
    return [span(i === 0 ? "" : " "), name === page ? { text, tone: "strong", isInverse: true } : span(text, "muted")]
  })
}

function bodyLines(slice: TraceResult, shown: ShownTrace, facts: Facts, size: Size): readonly Line[] {
  const rows = bodyHeight(size)
  if (slice.page === "packets" && slice.detail !== undefined) {
    const lines = detailLines(slice, shown, facts, size.width)
    const top = scrolled(slice.detail.top, 0, rows, lines.length)
    return lines.slice(top, top + rows)
  }
  if (slice.page === "packets") return packetsPage(slice, shown, facts, size)
  if (slice.page === "conversations") return conversationsPage(slice, shown, facts, size)
  const lines = scrollLines(slice, shown, facts, size.width)
  const top = scrolled(slice.top, 0, rows, lines.length)
  return lines.slice(top, top + rows)
}

/** Every line of a page that scrolls. */
export function scrollLines(slice: TraceResult, shown: ShownTrace, facts: Facts, width: number): readonly Line[] {
  if (slice.page === "verdict") return verdictLines(shown, showing(facts), facts.isMasked, width)
  return sequencePage(slice, shown, facts)
}

function packetsPage({ packet }: TraceResult, shown: ShownTrace, facts: Facts, size: Size): readonly Line[] {
  const { trace } = shown
  const total = trace.table.count
  if (total === 0) return [line(span(" no packet was captured", "muted"))]
  const columns = packetColumns(size.width)
  const widths = columnWidths(columns, size.width - MARKER)
  const page = pageRows(size)
  const top = windowTop(packet, page, total)
  const text = showing(facts)
  const rows = Array.from({ length: Math.min(page, total - top) }, (_, i): Line => {
    const at = top + i
    const row = { packet: packetLine(trace, at), shown: text }
    return [span(at === packet ? "▌" : " ", "accent"), ...tableRow(columns, widths, row, at === packet)]
  })
  return [[span(" "), ...tableHead(columns, widths)], ...rows]
}

/** Under the conversations: what the selected one asked for. */
const NAMES = 3

/** Rows of the page's table that are seen at once. */
export const tableRows = (page: TraceResult["page"], size: Size): number =>
  Math.max(1, pageRows(size) - (page === "conversations" ? NAMES : 0))

/** The names that a conversation asked for: a server's, or those of DNS with what became of them. */
function namesOf({ trace }: ShownTrace, { index, serverName }: Conversation): string {
  if (serverName !== undefined) return `TLS server name: ${serverName}`
  const asked = trace.questions.filter(({ conversation }) => conversation === index)
  if (asked.length === 0) return ""
  const answers = asked.map(({ name, type, answeredUs, atUs, rcode }) => {
    if (answeredUs === NEVER) return `${name} ${type}: no answer`
    return `${name} ${type}: ${rcode === 0 ? "" : `error ${rcode}, `}${microseconds(answeredUs - atUs)}`
  })
  return `DNS: ${answers.join("; ")}`
}

function conversationsPage(
  { conversation, page: name }: TraceResult,
  shown: ShownTrace,
  facts: Facts,
  size: Size,
): Line[] {
  const list = conversationsOf(shown)
  if (list.length === 0) return [line(span(" no conversation was captured", "muted"))]
  const columns = conversationColumns(size.width)
  const widths = columnWidths(columns, size.width - MARKER)
  const page = tableRows(name, size)
  const top = windowTop(conversation, page, list.length)
  const text = showing(facts)
  const rows = list.slice(top, top + page).map((each, i): Line => {
    const isSelected = top + i === conversation
    const row = { conversation: each, shown: text }
    return [span(isSelected ? "▌" : " ", "accent"), ...tableRow(columns, widths, row, isSelected)]
  })
  const blank = Array.from({ length: page - rows.length }, (): Line => [])
  const names = wrap(text(namesOf(shown, list[conversation] ?? list[0]!)), Math.max(1, size.width - 2)).slice(
    0,
    NAMES - 1,
  )
  return [
    [span(" "), ...tableHead(columns, widths)],
    ...rows,
    ...blank,
    [],
    ...names.map((piece) => line(span(` ${piece}`, "muted"))),
  ]
}

function sequencePage({ conversation }: TraceResult, shown: ShownTrace, facts: Facts): readonly Line[] {
  const selected = conversationsOf(shown)[conversation]
  if (selected === undefined) return [line(span(" no conversation was captured", "muted"))]
  const text = showing(facts)
  const lines = sequenceLines(shown.trace, selected)
  if (lines.length === 0)
    return [line(span(` ${protocolName(selected.protocol)} has no handshake and no close: see the packets`, "muted"))]
  const [head = "", ...steps] = lines
  return [
    line(span(text(` ${head}`), "strong")),
    ...steps.map((step) =>
      line(
        span(text(` ${step}`), /\[[^\]]*R/.test(step) ? "crit" : / again$|sent again/.test(step) ? "warn" : "plain"),
      ),
    ),
  ]
}

const LABEL = 14

/** One packet in full: what the list holds, and every layer that is in the file. */
export function detailLines(slice: TraceResult, shown: ShownTrace, facts: Facts, width: number): readonly Line[] {
  const { tracing } = facts
  const text = showing(facts)
  const number = slice.packet + 1
  const packet = packetLine(shown.trace, slice.packet)
  const { file } = shown.about
  const read = tracing.packet?.file === file && tracing.packet?.number === number ? tracing.packet.layers : undefined
  const say = (sentence: string, tone: "muted" | "warn") =>
    wrap(text(sentence), Math.max(1, width - 2)).map((piece) => line(span(` ${piece}`, tone)))
  return [
    ...summary(packet, shown, text, width),
    [],
    ...(file === undefined
      ? say("The packets were not saved: this is all that is known of it.", "muted")
      : read === undefined
        ? say("reading the capture…", "muted")
        : !read.ok
          ? say(read.reason, "warn")
          : read.value.flatMap(({ name, fields }) => [
              line(span(` ${text(name)}`, "strong")),
              ...fields.flatMap(([label, value]) => entry(label, text(value), width)),
            ])),
  ]
}

function summary(packet: PacketLine, shown: ShownTrace, text: (text: string) => string, width: number): Line[] {
  const atMs = (shown.trace.firstUs + packet.sinceStartUs) / 1000
  const clock = timestamp({ at: atMs, offsetMinutes: offsetOf(shown.about.capturedAt) }).slice(11)
  const ends = packet.from === "" && packet.to === "" ? "" : text(`${packet.from} → ${packet.to}`)
  return [
    line(
      span(` packet ${packet.number}`, "strong"),
      span(`  +${(packet.sinceStartUs / 1e6).toFixed(6)} s  ${clock}`, "muted"),
    ),
    line(span(` ${cut(ends, Math.max(1, width - 20), "middle")}`), span(`  ${packet.what}`, "strong")),
    ...(packet.remark === "" ? [] : [line(span(` ${packet.remark}`, "warn"))]),
  ]
}

const entry = (label: string, value: string, width: number): Line[] =>
  wrap(value, Math.max(1, width - LABEL - 4)).map((piece, i) =>
    line(span(`   ${(i === 0 ? label : "").padEnd(LABEL)}`, "muted"), span(piece)),
  )
