/** The pod lookup as lines: the port, then who was found. */
import { type Facts, maskOf } from "../../app/facts.ts"
import { summaryText, userText } from "../../pods/text.ts"
import { fieldLine } from "../../text/field-view.ts"
import { lineWidth } from "../../text/layer.ts"
import { type Line, line, type Size, type Span, span, type Tone } from "../../text/line.ts"
import { maskAddresses } from "../../text/mask.ts"
import { scrolled } from "../../text/scroll.ts"
import { wrap } from "../../text/width.ts"
import type { PodLookup } from "./state.ts"

const MARGIN = 1
const LABEL = 9
const PORT_WIDTH = 6
const ENTRY_LABEL = 13
/** The line of the port and a blank one. */
const HEAD_HEIGHT = 2

export const pageHeight = ({ height }: Size): number => Math.max(1, height - HEAD_HEIGHT)

export function view(slice: PodLookup, facts: Facts, size: Size): readonly Line[] {
  const body = bodyLines(slice, facts, size.width)
  const page = pageHeight(size)
  const from = scrolled(slice.top, 0, page, body.length)
  return [portLine(slice, size.width), [], ...body.slice(from, from + page)]
}

function portLine(slice: PodLookup, width: number): Line {
  const isTyped = slice.step === "form"
  const label = span(`${" ".repeat(MARGIN)}${"PORT".padEnd(LABEL)}`, isTyped ? "accent" : "muted")
  const content = isTyped ? fieldLine(slice.port, PORT_WIDTH) : [span(slice.port.text.trim(), "strong")]
  const rest = span("_".repeat(Math.max(0, PORT_WIDTH - lineWidth(content))), "muted")
  const box: Line = [label, ...content, ...(isTyped ? [rest] : [])]
  const [text, tone] = besideText(slice)
  return lineWidth(box) + 2 + text.length <= width ? [...box, span(`  ${text}`, tone)] : box
}

function besideText({ step, problem }: PodLookup): readonly [text: string, tone: Tone] {
  if (problem !== undefined) return [problem, "warn"]
  if (step === "form") return ["Enter says whose it is, Esc closes", "muted"]
  return step === "looking" ? ["", "muted"] : ["Enter asks about another port, r looks again", "muted"]
}

/** Everything below the port, however much there is. */
export function bodyLines(slice: PodLookup, facts: Facts, width: number): readonly Line[] {
  const paragraph = (text: string, tone: Tone, indent = MARGIN): readonly Line[] =>
    wrap(maskAddresses(text, maskOf(facts)), width - indent - MARGIN).map((piece) =>
      line(span(`${" ".repeat(indent)}${piece}`, tone)),
    )
  if (slice.step === "form")
    return paragraph(
      "Which process, container and pod listens on this port or uses it, in every network namespace of this host.",
      "muted",
    )
  if (slice.step === "looking" || slice.found === undefined)
    return paragraph("looking into every network namespace…", "muted")
  const { found } = slice
  const users = found.users.map(userText).flatMap(({ title, tone, entries }) => [
    [],
    ...paragraph(title, tone),
    ...entries.flatMap(({ label, value, tone: entryTone = "plain" }) =>
      wrap(maskAddresses(value, maskOf(facts)), Math.max(1, width - MARGIN * 3 - ENTRY_LABEL)).map((piece, i): Line => {
        const head: Span = span(`${" ".repeat(MARGIN * 2)}${(i === 0 ? label : "").padEnd(ENTRY_LABEL)}`, "muted")
        return [head, span(piece, entryTone)]
      }),
    ),
  ])
  const notes = found.notes.flatMap((note) => paragraph(note, "warn"))
  return [
    ...paragraph(summaryText(found), found.users.length === 0 ? "warn" : "plain"),
    ...users,
    ...(notes.length === 0 ? [] : [[], ...notes]),
  ]
}
