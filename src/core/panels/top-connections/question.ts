/** The first line: which rows are asked for and in which order; while something is typed, the field. */
import { fieldLine } from "../../text/field-view.ts"
import { cutLine, lineWidth } from "../../text/layer.ts"
import { type Line, type Span, span } from "../../text/line.ts"
import { cut, harmless } from "../../text/width.ts"
import type { Prompt, TopConnections } from "./state.ts"

const FIELD_WIDTH = 36

/** With less room than this a note says nothing. */
const NOTE_MIN = 20

/**
 * `note` is what the rows lack: it stands behind the question, as much as there is room for. The order gives way to
 * both: the arrow in the heading says it as well.
 */
export function questionLine(slice: TopConnections, width: number, note = ""): Line {
  if (slice.prompt !== undefined) return promptLine(slice, slice.prompt, width)
  const { field, isDescending } = slice.sorts[slice.view]
  const kind = [
    span(` ${viewNames[slice.view]}`, "muted"),
    // Rows of a record are of both: there is no choice to tell of.
    ...(slice.view === "services" ? [] : [protocolSpan(slice)]),
  ]
  const order = span(`  sort ${field} ${isDescending ? "↓" : "↑"}`, "muted")
  const filters = filterSpans(slice)
  const wanted = note === "" ? 0 : NOTE_MIN + 2
  const isRoomy = lineWidth([...kind, order, ...filters]) + wanted < width
  const parts = isRoomy ? [...kind, order, ...filters] : [...kind, ...filters]
  const room = width - 1 - lineWidth(parts) - 2
  if (note !== "" && room >= NOTE_MIN) parts.push(span(`  ${cut(harmless(note), room)}`, "warn"))
  return cutLine(parts, width)
}

const filterSpans = ({ port, search }: TopConnections): readonly Span[] => [
  ...(port === undefined ? [] : [span(`  port ${port}`, "accent")]),
  ...(search === "" ? [] : [span(`  find ${harmless(search)}`, "accent")]),
  ...(port === undefined && search === "" ? [] : [span("  F clears", "muted")]),
]

const viewNames = {
  connections: "by connection",
  groups: "by peer and process",
  services: "by peer, port and process",
} as const

const protocolSpan = ({ protocol }: TopConnections): Span =>
  span(`  ${protocolNames[protocol]}`, protocol === "tcp" ? "muted" : "accent")

const protocolNames = { tcp: "TCP", udp: "UDP", all: "TCP+UDP" } as const

function promptLine({ side }: TopConnections, { kind, field, problem }: Prompt, width: number): Line {
  const label = kind === "search" ? " Find: " : side === "in" ? " Local port: " : " Remote port: "
  const room = Math.max(1, Math.min(FIELD_WIDTH, width - label.length - 1))
  const complaint = problem === undefined ? [] : [span(`  ${problem}`, "warn")]
  return cutLine([span(label, "accent"), ...fieldLine(field, room), ...complaint], width)
}
