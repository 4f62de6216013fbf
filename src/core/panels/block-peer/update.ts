/** What each key does to the block form. Nothing is done to the host before the last question has its answer. */
import type { Effect } from "../../app/effect.ts"
import type { Facts } from "../../app/facts.ts"
import { type PanelStep, say } from "../../app/panel.ts"
import { guardTarget, peerPhrase, standing, typedOverride } from "../../mitigation/guards.ts"
import { isHost, isSameTarget, type Target, targetText } from "../../mitigation/target.ts"
import { editField, insertText } from "../../text/field.ts"
import { type BlockPeer, backToForm, type FieldName, minutesOf, problemsOf, targetOf } from "./state.ts"

export type BlockPeerAction =
  | { readonly type: "block-peer/type"; readonly chord: string }
  | { readonly type: "block-peer/paste"; readonly text: string }
  /** The timer of the match count fired. */
  | { readonly type: "block-peer/count-due"; readonly at: number }
  /** What must not be cut off is known. */
  | { readonly type: "block-peer/checked" }

type Step = PanelStep<BlockPeer>

/** The fields of this step, in the order of Tab. */
export const fieldsOf = ({ step }: BlockPeer): readonly FieldName[] =>
  step === "guard" ? ["anyway"] : ["peer", "port", "minutes"]

export function update(slice: BlockPeer, action: BlockPeerAction, facts: Facts): Step {
  switch (action.type) {
    case "block-peer/type":
      return typeKey(slice, action.chord, facts)
    case "block-peer/paste":
      return slice.step === "confirm" ? [slice] : edited(slice, (before) => insertText(before, action.text))
    case "block-peer/count-due":
      return [slice, ...countMatches(slice)]
    case "block-peer/checked":
      return slice.isWaiting ? submit({ ...slice, isWaiting: false }, facts) : [slice]
  }
}

function typeKey(slice: BlockPeer, chord: string, facts: Facts): Step {
  if (chord === "escape") return slice.step === "form" ? [slice, { type: "app/close" }] : [backToForm(slice)]
  if (slice.step === "confirm") return answer(slice, chord, facts)
  if (chord === "enter") return submit(slice, facts)
  const step = steps.get(chord)
  if (step !== undefined) return [moved(slice, step)]
  return edited(slice, (before) => editField(before, chord))
}

const steps = new Map([
  ["tab", 1],
  ["down", 1],
  ["shift+tab", -1],
  ["up", -1],
])

function moved(slice: BlockPeer, by: number): BlockPeer {
  const order = fieldsOf(slice)
  const at = order.indexOf(slice.focus)
  const focus = order[(at + by + order.length) % order.length]!
  return focus === slice.focus ? slice : { ...slice, focus }
}

function edited(
  slice: BlockPeer,
  edit: (field: BlockPeer["fields"][FieldName]) => BlockPeer["fields"][FieldName],
): Step {
  const { focus, fields, problems } = slice
  const after = edit(fields[focus])
  if (after === fields[focus]) return [slice]
  const { [focus]: _, ...rest } = problems
  const next = { ...slice, fields: { ...fields, [focus]: after }, problems: rest, isWaiting: false }
  return [next, ...countAnew(slice, next)]
}

/** Another target is counted at once, not only when the timer fires. */
function countAnew(before: BlockPeer, after: BlockPeer): readonly Effect[] {
  const target = targetOf(after)
  const known = targetOf(before)
  if (target === undefined || (known !== undefined && isSameTarget(target, known))) return []
  return countMatches(after)
}

export function countMatches(slice: BlockPeer): readonly Effect[] {
  const target = targetOf(slice)
  return target === undefined ? [] : [{ type: "peer/match", ...placeOf(slice, target) }]
}

const placeOf = ({ namespace }: BlockPeer, target: Target) => ({
  target,
  ...(namespace === undefined ? {} : { namespace }),
})

/** Fields, then guards, then the question of a network: the first that objects stops. */
function submit(slice: BlockPeer, facts: Facts): Step {
  const problems = problemsOf(slice)
  const [first] = Object.keys(problems) as FieldName[]
  const target = targetOf(slice)
  if (first !== undefined || target === undefined) return [{ ...slice, problems, focus: first ?? "peer" }]
  if (facts.lifelines === undefined) return [{ ...slice, isWaiting: true }]
  const overrides = slice.step === "guard" ? typedOverride(target, slice.fields.anyway.text) : slice.overrides
  const refusals = standing(guardTarget(target, facts.lifelines), overrides)
  if (refusals.length > 0) return [refused(slice, target, refusals)]
  const cleared: BlockPeer = { ...slice, overrides }
  if (!isHost(target)) return [{ ...cleared, step: "confirm", problems: {} }]
  return go(cleared, target)
}

function refused(slice: BlockPeer, target: Target, refusals: BlockPeer["refusals"]): BlockPeer {
  const isTyped = slice.step === "guard"
  const problem = `type ${peerPhrase(target, refusals)}`
  return {
    ...slice,
    step: "guard",
    focus: "anyway",
    refusals,
    problems: isTyped ? { anyway: problem } : {},
  }
}

/** One key says that a network is meant. */
function answer(slice: BlockPeer, chord: string, { match }: Facts): Step {
  if (chord === "n") return [backToForm(slice)]
  const target = targetOf(slice)
  if (chord !== "y" || target === undefined) return [slice, say("y does it, n goes back")]
  if (match === undefined || !isSameTarget(match.target, target))
    return [slice, say("still counting what would be hit"), ...countMatches(slice)]
  return go(slice, target)
}

function go(slice: BlockPeer, target: Target): Step {
  const minutes = minutesOf(slice) ?? 0
  const place = placeOf(slice, target)
  const { overrides } = slice
  const effect: Effect =
    minutes === 0 ? { type: "peer/kill", ...place, overrides } : { type: "peer/block", ...place, minutes, overrides }
  const doing = minutes === 0 ? "ending the connections of" : "blocking"
  return [slice, { type: "app/close" }, say(`${doing} ${targetText(target)}…`), effect]
}
