/** The block form as lines: the fields, what they match, and why not. */
import { type Facts, maskOf } from "../../app/facts.ts"
import { stillActive } from "../../mitigation/active.ts"
import { peerPhrase } from "../../mitigation/guards.ts"
import { countText, type MatchCount } from "../../mitigation/plan.ts"
import { isSameTarget, MINUTES_MAX, peerText, type Target, targetText } from "../../mitigation/target.ts"
import { fieldLine } from "../../text/field-view.ts"
import { lineWidth } from "../../text/layer.ts"
import { type Line, line, type Size, type Span, span, type Tone } from "../../text/line.ts"
import { maskAddress, maskAddresses } from "../../text/mask.ts"
import { count, countdown } from "../../text/units.ts"
import { cellWidth, fit, harmless, wrap } from "../../text/width.ts"
import { type BlockPeer, type FieldName, minutesOf, targetOf } from "./state.ts"

const MARGIN = 1
const LABEL = 9
const labels: Readonly<Record<FieldName, string>> = { peer: "PEER", port: "PORT", minutes: "MINUTES", anyway: "ANYWAY" }
const widths: Readonly<Record<FieldName, number>> = { peer: 43, port: 6, minutes: 6, anyway: 43 }
const helps: Readonly<Record<FieldName, string>> = {
  peer: "",
  port: "of this host; empty: every port",
  minutes: `1 to ${MINUTES_MAX}; 0 only ends connections`,
  anyway: "",
}

/** Fields and the question always have their room; what is known of the target has what is left. */
export function formLines(slice: BlockPeer, facts: Facts, { width, height }: Size): readonly Line[] {
  const masked = (text: string) => maskAddresses(text, maskOf(facts))
  const sentence = (text: string, tone: Tone) => paragraph(masked(text), tone, width)
  const fields = (["peer", "port", "minutes"] as const).flatMap((name) => fieldLines(slice, name, facts, width))
  const target = targetOf(slice)
  if (target === undefined) return fields
  const asked = questionLines(slice, facts, target, sentence, width)
  const notes = targetNotes(slice, facts, target).flatMap(([text, tone]) => sentence(text, tone))
  const room = Math.max(0, height - fields.length - asked.length)
  const known = [[], ...notes, []].slice(0, room)
  return [...fields, ...known, ...asked]
}

const paragraph = (text: string, tone: Tone, width: number): readonly Line[] =>
  wrap(harmless(text), width - MARGIN * 2).map((piece) => line(span(`${" ".repeat(MARGIN)}${piece}`, tone)))

/** A field with its help, or what is wrong with it: beside it where there is room, else below. */
function fieldLines(slice: BlockPeer, name: FieldName, facts: Facts, width: number): readonly Line[] {
  const hasFocus = slice.focus === name && slice.step !== "confirm"
  const room = Math.max(1, Math.min(widths[name], width - MARGIN * 2 - LABEL))
  const label = span(`${" ".repeat(MARGIN)}${labels[name].padEnd(LABEL)}`, hasFocus ? "accent" : "muted")
  const content = fieldContent(slice, name, facts, hasFocus, room)
  const box: Line = [label, ...content, span("_".repeat(Math.max(0, room - lineWidth(content))), "muted")]
  const problem = slice.problems[name]
  const [text, tone]: [string, Tone] = problem === undefined ? [helps[name], "muted"] : [problem, "warn"]
  if (text === "") return [box]
  const shown = maskAddresses(text, maskOf(facts))
  if (lineWidth(box) + 2 + cellWidth(shown) + MARGIN <= width) return [[...box, span(`  ${shown}`, tone)]]
  return problem === undefined ? [box] : [box, ...paragraph(shown, tone, width)]
}

function fieldContent(
  slice: BlockPeer,
  name: FieldName,
  facts: Facts,
  hasFocus: boolean,
  room: number,
): readonly Span[] {
  const { text } = slice.fields[name]
  // Masked, an address that was taken over from a row is hidden; what the operator types is theirs to see.
  const isHidden = facts.isMasked && name === "peer" && text === slice.prefilledPeer
  if (isHidden) {
    const shown = maskAddress(text, maskOf(facts))
    return [{ ...span(fit(shown, Math.min(room, shown.length)), "strong"), isInverse: hasFocus }]
  }
  return hasFocus
    ? fieldLine(slice.fields[name], room)
    : [span(fit(harmless(text), Math.min(room, cellWidth(harmless(text)))), "strong")]
}

type Note = readonly [text: string, tone: Tone]

/** What is known of the target: matches, other ports of the group, the namespace, a block that is there. */
function targetNotes(slice: BlockPeer, facts: Facts, target: Target): readonly Note[] {
  const { match, blocks, now, capabilities } = facts
  const minutes = minutesOf(slice)
  const matched = match !== undefined && isSameTarget(match.target, target) ? match.count : undefined
  const existing = stillActive(blocks, now).find((block) => isSameTarget(block.target, target))
  const ports = slice.ports.map(({ port, connections }) => `${port} (${count(connections)})`).join("  ")
  const firewall = capabilities?.firewall
  const socket = capabilities?.socket
  return [
    matchNote(slice, matched),
    ...(matched !== undefined && matched.outgoing > 0
      ? [
          [
            `${count(matched.outgoing)} that this host opened to it ${matched.outgoing === 1 ? "is" : "are"} not ended`,
            "muted",
          ] as const,
        ]
      : []),
    ...(ports === "" ? [] : [[`ports of the group: ${ports}`, "muted"] as const]),
    ...(slice.elsewhereCount === 0
      ? []
      : [[`${count(slice.elsewhereCount)} of the group are in other network namespaces and stay`, "warn"] as const]),
    ...(slice.namespace === undefined ? [] : [[`in network namespace ${slice.namespace.name}`, "muted"] as const]),
    ...(existing === undefined || minutes === 0
      ? []
      : [[`blocked already, ${countdown(existing.endsAt - now)} left: it gets this time`, "warn"] as const]),
    ...(minutes !== undefined && minutes > 0 && firewall?.backend === "none"
      ? [[firewall.reason, "crit"] as const]
      : []),
    ...(minutes !== undefined && minutes > 0 && firewall?.backend === "exec"
      ? [["by iptables, the weaker mode: a guardian process lifts it, not the kernel", "warn"] as const]
      : []),
    ...(socket?.backend === "none" ? [[socket.reason, "crit"] as const] : []),
  ]
}

function matchNote({ isPassedOn }: BlockPeer, matched: MatchCount | undefined): Note {
  if (matched === undefined) return ["counting what matches…", "muted"]
  if (isPassedOn && matched.connections === 0) return ["passed on for others: its flows are deleted", "strong"]
  return [`${countText(matched)} match${matched.connections > 1 ? "" : "es"} now`, "strong"]
}

function questionLines(
  slice: BlockPeer,
  facts: Facts,
  target: Target,
  sentence: (text: string, tone: Tone) => readonly Line[],
  width: number,
): readonly Line[] {
  const does = minutesOf(slice) === 0 ? "ends the connections" : "blocks and ends the connections"
  if (slice.isWaiting) return sentence("finding out what must not be cut off…", "muted")
  if (slice.step === "guard")
    return [
      ...sentence(`Refused: ${slice.refusals.map(({ reason }) => reason).join("; ")}.`, "crit"),
      ...sentence(`To do it anyway, type: ${peerPhrase(target, slice.refusals)}`, "plain"),
      ...fieldLines(slice, "anyway", facts, width),
    ]
  if (slice.step === "confirm")
    return [
      ...sentence(`${peerText(target)} is a network. Is all of it meant?`, "warn"),
      ...sentence(`y ${does}   n goes back`, "strong"),
    ]
  return sentence(`Enter ${does} of ${targetText(target)}; Esc closes the form.`, "muted")
}
