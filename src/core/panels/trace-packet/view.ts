/** The trace form as lines: the fields, the filter as it will run, what it takes, and what stands in the way. */
import { type Facts, maskOf } from "../../app/facts.ts"
import { fieldLine } from "../../text/field-view.ts"
import { cutLine, lineWidth } from "../../text/layer.ts"
import { type Line, line, type Size, type Span, span, type Tone } from "../../text/line.ts"
import { maskAddress, maskAddresses } from "../../text/mask.ts"
import { bytes, count } from "../../text/units.ts"
import { cellWidth, fit, harmless, wrap } from "../../text/width.ts"
import {
  aliasesOf,
  directions,
  formatPeerPort,
  largestFile,
  modes,
  PACKETS_MAX,
  readForm,
  SECONDS_MAX,
  SNAP_LENGTH_MAX,
  SNAP_LENGTH_MIN,
  strategies,
  usualFile,
} from "../../trace/filter.ts"
import { type FieldName, fieldOrder, formOf, preparationFor, type TextName, type TracePacket } from "./state.ts"

const MARGIN = 1
const LABEL = 11

const labels: Readonly<Record<FieldName, string>> = {
  peer: "PEER",
  port: "PORT",
  interface: "INTERFACE",
  mode: "MODE",
  strategy: "STRATEGY",
  clause: "CLAUSE",
  direction: "DIRECTION",
  seconds: "SECONDS",
  packets: "PACKETS",
  "snap-length": "BYTES EACH",
  saved: "SAVE",
}
const widths: Readonly<Record<TextName, number>> = {
  peer: 40,
  port: 6,
  interface: 16,
  clause: 60,
  seconds: 6,
  packets: 6,
  "snap-length": 6,
}

/** What a choice says now, and what that means. */
function choiceOf(slice: TracePacket, name: FieldName): readonly [text: string, meaning: string] | undefined {
  switch (name) {
    case "mode": {
      const { label, meaning } = modes.find(({ mode }) => mode === slice.mode)!
      return [label, meaning]
    }
    case "strategy": {
      const { label, meaning } = strategies.find(({ strategy }) => strategy === slice.strategy)!
      return [label, meaning]
    }
    case "direction": {
      const { label, meaning } = directions.find(({ direction }) => direction === slice.direction)!
      return [label, meaning]
    }
    case "saved":
      return slice.isSaved ? ["Yes", "packets, for a week"] : ["No", "only the verdict"]
    default:
      return undefined
  }
}

function helpOf(slice: TracePacket, name: FieldName): string {
  switch (name) {
    case "port":
      return "either side's; empty: every port"
    case "interface":
      if (slice.namespace !== undefined) return "in the row's network namespace"
      return slice.isTranslated ? "any: addresses are translated here" : "the way to the peer, or any"
    case "clause":
      return "BPF, such as greater 1000"
    case "seconds":
      return `1 to ${SECONDS_MAX}`
    case "packets":
      return `1 to ${count(PACKETS_MAX)}`
    case "snap-length":
      return `${SNAP_LENGTH_MIN} to ${count(SNAP_LENGTH_MAX)}`
    default:
      return ""
  }
}

/** The field with the keys is always seen; what is known of the whole has what is left, and a few lines at least. */
export function formLines(slice: TracePacket, facts: Facts, { width, height }: Size): readonly Line[] {
  const fields = fieldOrder(slice).map((name) => ({ name, lines: fieldLines(slice, name, facts, width) }))
  const foot = footLines(slice, facts, width)
  const notes = noteLines(slice, facts, width)
  const all = fields.flatMap(({ lines }) => lines)
  const spare = height - all.length - foot.length
  if (spare >= notes.length) {
    const gaps = spare > notes.length ? [[]] : []
    return [...all, ...gaps, ...notes, ...foot]
  }
  const kept = shortened(notes, Math.max(spare, Math.min(NOTES_MIN, notes.length)), width)
  const room = Math.max(1, height - kept.length - foot.length)
  const at = fields.findIndex(({ name }) => name === slice.focus)
  const end = fields.slice(0, at + 1).reduce((sum, { lines }) => sum + lines.length, 0)
  const top = Math.max(0, Math.min(Math.max(0, end - room), all.length - room))
  return [...all.slice(top, top + room), ...kept, ...foot]
}

const NOTES_MIN = 3

/** The first lines, with a sign that there are more. */
function shortened(lines: readonly Line[], most: number, width: number): readonly Line[] {
  if (lines.length <= most) return lines
  const last = lines[most - 1] ?? []
  return [...lines.slice(0, most - 1), [...cutLine(last, width - MARGIN - 1), span("…", "muted")]]
}

const paragraph = (text: string, tone: Tone, width: number, indent = MARGIN): readonly Line[] =>
  wrap(harmless(text), Math.max(1, width - indent - MARGIN)).map((piece) =>
    line(span(`${" ".repeat(indent)}${piece}`, tone)),
  )

/** A field with its help, or what is wrong with it: beside it where there is room, else below. */
function fieldLines(slice: TracePacket, name: FieldName, facts: Facts, width: number): readonly Line[] {
  const hasFocus = slice.focus === name
  const label = span(`${" ".repeat(MARGIN)}${labels[name].padEnd(LABEL)}`, hasFocus ? "accent" : "muted")
  const choice = choiceOf(slice, name)
  const box: Line =
    choice === undefined
      ? [label, ...textSpans(slice, name as TextName, facts, hasFocus, width)]
      : [label, choiceSpan(choice[0], hasFocus)]
  const problem = slice.problems[name]
  const help = choice?.[1] ?? helpOf(slice, name)
  const [text, tone]: [string, Tone] = problem === undefined ? [help, "muted"] : [problem, "warn"]
  if (text === "") return [box]
  const shown = harmless(maskAddresses(text, maskOf(facts)))
  if (lineWidth(box) + 2 + cellWidth(shown) + MARGIN <= width) return [[...box, span(`  ${shown}`, tone)]]
  return problem === undefined ? [box] : [box, ...paragraph(shown, tone, width, MARGIN + LABEL)]
}

const CHOICE_WIDTH = 16

const choiceSpan = (text: string, hasFocus: boolean): Span => {
  const shown = `‹ ${text} ›`
  return hasFocus
    ? { text: fit(shown, CHOICE_WIDTH + 2), tone: "strong", isInverse: true }
    : span(fit(shown, CHOICE_WIDTH + 2), "strong")
}

function textSpans(
  slice: TracePacket,
  name: TextName,
  facts: Facts,
  hasFocus: boolean,
  width: number,
): readonly Span[] {
  const room = Math.max(1, Math.min(widths[name], width - MARGIN * 2 - LABEL))
  const { text } = slice.texts[name]
  // Masked, an address that was taken over from a row is hidden; what the operator types is theirs to see.
  const isHidden = facts.isMasked && name === "peer" && text === slice.prefilledPeer
  const content: readonly Span[] = isHidden
    ? [{ ...span(fit(maskAddress(text, maskOf(facts)), Math.min(room, text.length)), "strong"), isInverse: hasFocus }]
    : hasFocus
      ? fieldLine(slice.texts[name], room)
      : [span(fit(harmless(text), Math.min(room, cellWidth(harmless(text)))), "strong")]
  return [...content, span("_".repeat(Math.max(0, room - lineWidth(content))), "muted")]
}

/** The filter, its size, the namespace. */
function noteLines(slice: TracePacket, facts: Facts, width: number): readonly Line[] {
  const form = formOf(slice, facts)
  const reading = readForm(form)
  const preparation = preparationFor(slice, facts)
  // The filter names addresses as numbers too.
  const filter = !reading.ok
    ? `not yet: ${labels[reading.field].toLowerCase()} ${reading.reason}`
    : facts.isMasked
      ? "hidden while addresses are masked"
      : reading.filter
  const [first = "", ...rest] = wrap(harmless(filter), Math.max(1, width - MARGIN * 2 - LABEL))
  const aliases = aliasesOf(form).map(({ address, aliasPort }) =>
    formatPeerPort(maskAddress(address, maskOf(facts)), form.port === undefined ? undefined : aliasPort),
  )
  const free = preparation?.free === undefined ? "" : `; ${bytes(preparation.free)} free in ${preparation.folder}`
  const size =
    Number.isNaN(form.packets) || Number.isNaN(form.snapLength)
      ? []
      : paragraph(`about ${bytes(usualFile(form))}, at most ${bytes(largestFile(form))}${free}`, "muted", width)
  return [
    ...(slice.namespace === undefined
      ? []
      : paragraph(`captured in network namespace ${slice.namespace.name}`, "muted", width)),
    ...(slice.elsewhereCount === 0
      ? []
      : paragraph(
          `${count(slice.elsewhereCount)} of the group are in other network namespaces and are not seen`,
          "warn",
          width,
        )),
    ...(aliases.length === 0 || slice.strategy === "five-tuple"
      ? []
      : paragraph(`translated on this host: also ${aliases.join(", ")}`, "muted", width)),
    line(span(`${" ".repeat(MARGIN)}${"FILTER".padEnd(LABEL)}`, "muted"), span(first, reading.ok ? "plain" : "muted")),
    ...rest.map((piece) => line(span(`${" ".repeat(MARGIN + LABEL)}${piece}`, reading.ok ? "plain" : "muted"))),
    ...size,
  ]
}

/** Why nothing can be captured, why the last try failed, or what Enter does. */
function footLines(slice: TracePacket, facts: Facts, width: number): readonly Line[] {
  const say = (text: string, tone: Tone) => paragraph(maskAddresses(text, maskOf(facts)), tone, width)
  const { failed } = facts.tracing
  const refusal = preparationFor(slice, facts)?.refusal
  if (refusal !== undefined) return say(refusal, "crit")
  if (slice.isWaiting) return say("finding out whether it can be done…", "muted")
  if (failed !== undefined && failed.request.form.peer === formOf(slice, facts).peer) return say(failed.reason, "crit")
  return say("Enter starts; ←→ choose; Esc closes the form.", "muted")
}
