/** What each key does to the trace form. Nothing is captured before filter, permission and room are known to be right. */
import type { Effect } from "../../app/effect.ts"
import type { Facts } from "../../app/facts.ts"
import { type PanelStep, say } from "../../app/panel.ts"
import { editField, type Field, field, insertText } from "../../text/field.ts"
import { bytes } from "../../text/units.ts"
import { canonicalPeer, directions, isBalanced, largestFile, modes, readForm, strategies } from "../../trace/filter.ts"
import { SPARE_BYTES } from "../../trace/retention.ts"
import {
  clauseOf,
  type FieldName,
  fieldOrder,
  formOf,
  preparationFor,
  type TextName,
  type TracePacket,
  withMode,
} from "./state.ts"

export type TracePacketAction =
  | { readonly type: "trace-packet/type"; readonly chord: string }
  | { readonly type: "trace-packet/paste"; readonly text: string }
  /** The way to the peer is known, or what tcpdump says of the clause. */
  | { readonly type: "trace-packet/known" }

type Step = PanelStep<TracePacket>

export function update(slice: TracePacket, action: TracePacketAction, facts: Facts): Step {
  switch (action.type) {
    case "trace-packet/type":
      return typeKey(slice, action.chord, facts)
    case "trace-packet/paste":
      return edited(slice, facts, (before) => insertText(before, action.text))
    case "trace-packet/known":
      return known(slice, facts)
  }
}

const steps = new Map([
  ["tab", 1],
  ["down", 1],
  ["shift+tab", -1],
  ["up", -1],
])
const turns = new Map([
  ["right", 1],
  ["space", 1],
  ["left", -1],
])

function typeKey(slice: TracePacket, chord: string, facts: Facts): Step {
  if (chord === "escape") return [slice, { type: "app/close" }]
  if (chord === "enter") return submit(slice, facts)
  const step = steps.get(chord)
  if (step !== undefined) return moved(slice, step, facts)
  if (isText(slice.focus)) return edited(slice, facts, (before) => editField(before, chord))
  const turn = turns.get(chord)
  return [turn === undefined ? slice : turned(slice, turn)]
}

const texts: ReadonlySet<FieldName> = new Set<TextName>([
  "peer",
  "port",
  "interface",
  "clause",
  "seconds",
  "packets",
  "snap-length",
])
const isText = (name: FieldName): name is TextName => texts.has(name)

/** Whoever leaves a clause hears at once what is wrong with it. */
function moved(slice: TracePacket, by: number, facts: Facts): Step {
  const order = fieldOrder(slice)
  const at = Math.max(0, order.indexOf(slice.focus))
  const focus = order[(at + by + order.length) % order.length]!
  const checks = slice.focus === "clause" ? checkClause(slice, facts) : []
  return [{ ...slice, focus }, ...checks]
}

function checkClause(slice: TracePacket, { tracing }: Facts): readonly Effect[] {
  const clause = clauseOf(slice)
  const isDue = clause !== "" && isBalanced(clause) && tracing.checked?.clause !== clause
  return isDue ? [{ type: "trace/check", clause }] : []
}

function edited(slice: TracePacket, facts: Facts, edit: (before: Field) => Field): Step {
  const { focus: name } = slice
  if (!isText(name)) return [slice]
  const after = edit(slice.texts[name])
  if (after === slice.texts[name]) return [slice]
  const { [name]: _, ...problems } = slice.problems
  const next: TracePacket = {
    ...slice,
    texts: { ...slice.texts, [name]: after },
    problems,
    edited: withName(slice.edited, name),
    isWaiting: false,
  }
  // With a port or without, a mode means another strategy.
  if (name === "port") return [withMode(next, next.mode === "custom" ? "custom" : next.mode)]
  return [next, ...(name === "peer" ? findWay(next, facts) : [])]
}

const withName = (names: readonly FieldName[], name: FieldName) => (names.includes(name) ? names : [...names, name])

/** Another peer has another way. */
export function findWay(slice: TracePacket, facts: Pick<Facts, "tracing">): readonly Effect[] {
  const peer = canonicalPeer(slice.texts.peer.text)
  if (peer === undefined || preparationFor(slice, facts) !== undefined) return []
  return [prepare(slice, peer)]
}

export const prepare = ({ isTranslated, namespace }: TracePacket, peer: string): Effect => ({
  type: "trace/prepare",
  peer,
  isTranslated,
  ...(namespace === undefined ? {} : { namespace }),
})

const next = <T>(list: readonly T[], current: T, by: number): T =>
  list[(list.indexOf(current) + by + list.length) % list.length]!

function turned(slice: TracePacket, by: number): TracePacket {
  const { focus, mode, strategy, direction, isSaved } = slice
  const { [focus]: _, ...problems } = slice.problems
  const change = { problems, edited: withName(slice.edited, focus), isWaiting: false }
  switch (focus) {
    case "mode": {
      const names = modes.map((spec) => spec.mode)
      return withMode({ ...slice, problems, isWaiting: false }, next(names, mode, by))
    }
    case "strategy": {
      const names = strategies.map((spec) => spec.strategy)
      return { ...slice, ...change, strategy: next(names, strategy, by) }
    }
    case "direction": {
      const names = directions.map((spec) => spec.direction)
      return { ...slice, ...change, direction: next(names, direction, by) }
    }
    case "saved":
      return { ...slice, ...change, isSaved: !isSaved }
    default:
      return slice
  }
}

/** The way is taken over where no other was typed; what was waited for goes on. */
function known(slice: TracePacket, facts: Facts): Step {
  const preparation = preparationFor(slice, facts)
  const isFree = preparation !== undefined && !slice.edited.includes("interface")
  const way = isFree ? preparation.way.interfaceName : slice.texts.interface.text
  const filled =
    way === slice.texts.interface.text ? slice : { ...slice, texts: { ...slice.texts, interface: field(way) } }
  const { checked } = facts.tracing
  const isChecked = checked?.clause === clauseOf(filled) && checked.refusal !== undefined
  const judged = isChecked ? { ...filled, problems: { ...filled.problems, clause: checked.refusal! } } : filled
  return judged.isWaiting ? submit({ ...judged, isWaiting: false }, facts) : [judged]
}

const stopped = (slice: TracePacket, name: FieldName, problem: string): Step => [
  { ...slice, focus: name, problems: { ...slice.problems, [name]: problem }, isWaiting: false },
]

/** Fields, way, permission, interface, room, clause: the first that objects stops. */
function submit(slice: TracePacket, facts: Facts): Step {
  if (facts.tracing.running !== undefined) return [slice, say("a trace is running; Esc, then t shows it")]
  const form = formOf(slice, facts)
  const reading = readForm(form)
  if (!reading.ok) return stopped(slice, reading.field, reading.reason)
  const preparation = preparationFor(slice, facts)
  if (preparation === undefined) return [{ ...slice, isWaiting: true }, ...findWay(slice, facts)]
  if (preparation.refusal !== undefined) return [slice, say(preparation.refusal, "crit")]
  const { interfaces, free } = preparation
  if (interfaces !== undefined && form.interfaceName !== "any" && !interfaces.includes(form.interfaceName))
    return stopped(slice, "interface", `is none of this host: ${interfaces.join(", ")}, any`)
  const needed = largestFile(form) + SPARE_BYTES
  if (form.isSaved && free !== undefined && free < needed)
    return stopped(slice, "saved", `${bytes(free)} are free and ${bytes(needed)} should be; Space: do not save`)
  const clause = clauseOf(slice)
  const { checked } = facts.tracing
  if (clause !== "" && checked?.clause !== clause)
    return [
      { ...slice, isWaiting: true },
      { type: "trace/check", clause },
    ]
  if (clause !== "" && checked?.refusal !== undefined) return stopped(slice, "clause", checked.refusal)
  const { isTranslated, namespace } = slice
  const request = { form, isTranslated, ...(namespace === undefined ? {} : { namespace }) }
  return [slice, { type: "app/close" }, { type: "app/open", panel: "trace-progress" }, { type: "trace/start", request }]
}
