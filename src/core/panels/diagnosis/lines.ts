/** The ranked findings as lines; the selected one with evidence and advice. Text wraps, and is never cut. */
import { shownFindings } from "../../app/diagnosis.ts"
import { type Facts, wallTime } from "../../app/facts.ts"
import { culpritText } from "../../diagnosis/culprit.ts"
import { type Finding, withSymptoms } from "../../diagnosis/finding.ts"
import { type Line, line, type Span, span, type Tone } from "../../text/line.ts"
import { maskAddresses } from "../../text/mask.ts"
import { duration } from "../../text/units.ts"
import { harmless, wrap } from "../../text/width.ts"
import type { Diagnosed } from "./state.ts"

/** A finding keeps its place in the operator's mind by kind and namespace. */
export const keyOf = ({ id, culprit }: Finding): string => `${id} ${culprit.netns}`

/** Where the selected finding stands in the list; 0 when it has ended. */
export function selectedAt({ selected }: Diagnosed, findings: readonly Finding[]): number {
  return Math.max(
    0,
    findings.findIndex((finding) => keyOf(finding) === selected),
  )
}

export interface Content {
  readonly lines: readonly Line[]
  /** The first line of each finding, and one past the last. */
  readonly starts: readonly number[]
}

const INDENT = 5

export function content(slice: Diagnosed, facts: Facts, width: number): Content {
  const { diagnosis } = facts
  if (diagnosis === undefined) return { lines: [line(span(" waiting for the second look…", "muted"))], starts: [] }
  const findings = shownFindings(facts)
  const at = selectedAt(slice, findings)
  const lines: Line[] = []
  const starts: number[] = []
  for (const [i, finding] of findings.entries()) {
    starts.push(lines.length)
    const isSelected = i === at
    lines.push(...head(finding, facts, width, isSelected))
    if (isSelected && slice.isOpen) lines.push(...body(finding, facts, width))
  }
  starts.push(lines.length)
  if (findings.length === 0) lines.push(...calm(facts, width))
  return { lines: [...lines, ...recently(facts, width), ...unmeasured(facts, width)], starts }
}

const shown = ({ isMasked }: Facts, text: string) => harmless(isMasked ? maskAddresses(text) : text)

const paragraph = (text: string, width: number, tone: Tone, indent = INDENT, mark?: Span): Line[] =>
  wrap(text, Math.max(1, width - indent - 1)).map((piece, i) =>
    i === 0 && mark !== undefined
      ? [span(" ".repeat(Math.max(0, indent - mark.text.length))), mark, span(piece, tone)]
      : [span(" ".repeat(indent)), span(piece, tone)],
  )

const words = { warn: "WARN", crit: "CRIT" } as const

function head(finding: Finding, facts: Facts, width: number, isSelected: boolean): Line[] {
  const { severity, title, culprit, confidence, since } = finding
  const more = withSymptoms(finding).length - 1
  const about = [
    shown(facts, culpritText(culprit)),
    `${confidence} confidence`,
    `for ${duration(wallTime(facts) - since)}`,
    ...(more > 0 ? [`explains ${more} more`] : []),
  ]
  const [first = "", ...rest] = wrap(shown(facts, title), Math.max(1, width - INDENT - 2))
  const marker = span(isSelected ? "▌" : " ", "accent")
  return [
    [marker, span(words[severity], severity), span(` ${first}`, isSelected ? "strong" : "plain")],
    ...rest.map((piece): Line => [span(" ".repeat(INDENT + 1)), span(piece, isSelected ? "strong" : "plain")]),
    ...paragraph(about.join(" · "), width, "muted", INDENT + 1),
  ]
}

function body(finding: Finding, facts: Facts, width: number): Line[] {
  const indent = INDENT + 1
  const say = (text: string, tone: Tone, mark?: Span) => paragraph(shown(facts, text), width, tone, indent, mark)
  return [
    ...finding.evidence.flatMap((text) => say(text, "plain")),
    ...say(finding.meaning, "muted"),
    ...finding.next.flatMap((text, i) => say(text, "plain", span(`${i + 1} `, "accent"))),
    ...finding.symptoms.flatMap((symptom) =>
      withSymptoms(symptom).flatMap(({ title }) => say(`explains: ${title}`, "muted")),
    ),
    ...say(`clears when ${finding.clearsWhen}`, "muted"),
  ]
}

/** Nothing is wrong: the figures that were judged. */
function calm({ diagnosis, model, replay }: Facts, width: number): Line[] {
  if (isUnrecorded(replay)) return [line(span(" ?    ", "muted"), span(UNRECORDED))]
  const isUnknown = diagnosis?.level === "unknown"
  const parts = model?.health.parts.map(({ text }) => text) ?? []
  return [
    isUnknown
      ? line(span(" ?    ", "muted"), span("Not enough can be read for a verdict"))
      : line(span(" OK   ", "ok"), span("No dominant issue")),
    ...paragraph(parts.join(", "), width, "muted", INDENT + 1),
  ]
}

const UNRECORDED = "No diagnosis was recorded here"

/** Records of older programs tell of no findings, which is not the same as none. */
const isUnrecorded = (replay: Facts["replay"]): boolean =>
  replay?.shown !== undefined && replay.shown.line.findings === undefined

function recently(facts: Facts, width: number): Line[] {
  const recent = facts.diagnosis?.recent ?? []
  if (recent.length === 0) return []
  return [
    [],
    line(span(" Recently", "strong")),
    ...recent.flatMap(({ title, lastSeen, netns }) =>
      paragraph(
        `${title}, ${duration(wallTime(facts) - lastSeen)} ago${netns === "host" ? "" : ` in ${shown(facts, netns)}`}`,
        width,
        "muted",
        1,
      ),
    ),
  ]
}

/** What could not be judged counts as neither fine nor wrong. */
function unmeasured(facts: Facts, width: number): Line[] {
  const unknown = facts.diagnosis?.unknown ?? []
  if (unknown.length === 0) return []
  const reasons = Map.groupBy(unknown, ({ reason }) => reason)
  return [
    [],
    line(span(` Not measured (${unknown.length})`, "strong")),
    ...[...reasons].flatMap(([reason, kinds]) =>
      paragraph(`${kinds.map(({ id }) => id).join(", ")}: ${shown(facts, reason)}`, width, "muted", 1),
    ),
  ]
}

/** The diagnosis in one line, for screens without room for the panel. */
export function stripLine(facts: Facts): Line {
  const { diagnosis, model, replay } = facts
  if (isUnrecorded(replay)) return line(span(" ?  ", "muted"), span(UNRECORDED))
  if (diagnosis === undefined) return line(span(" waiting for the second look…", "muted"))
  const findings = shownFindings(facts)
  const [worst] = findings
  if (worst === undefined) {
    if (diagnosis.level === "unknown") return line(span(" ?  ", "muted"), span("Not enough can be read for a verdict"))
    const parts = model?.health.parts.map(({ text }) => text) ?? []
    return line(span(" OK  ", "ok"), span(`No dominant issue: ${[...parts, "states stable"].join(", ")}`))
  }
  const more = findings.length - 1
  return line(
    span(` ${words[worst.severity]}  `, worst.severity),
    span(shown(facts, worst.title), "strong"),
    span(`: ${shown(facts, culpritText(worst.culprit))}`),
    ...(more > 0 ? [span(`  +${more} more`, "muted")] : []),
  )
}
