/** The trace form: what is typed and chosen, which field takes the keys, and what is wrong with them. */
import type { Facts } from "../../app/facts.ts"
import type { TracePreparation, TraceRequest } from "../../app/tracing.ts"
import type { NamespaceName } from "../../model/subject.ts"
import { type Field, field } from "../../text/field.ts"
import {
  canonicalPeer,
  type Direction,
  type FormField,
  type Mode,
  openForm,
  type Strategy,
  setMode,
  type TraceForm,
  type TraceSeed,
} from "../../trace/filter.ts"

export type TextName = "peer" | "port" | "interface" | "clause" | "seconds" | "packets" | "snap-length"
export type FieldName = FormField | "mode" | "direction" | "saved"

export interface TracePacket {
  readonly texts: Readonly<Record<TextName, Field>>
  readonly mode: Mode
  readonly strategy: Strategy
  readonly direction: Direction
  readonly isSaved: boolean
  readonly focus: FieldName
  readonly problems: Readonly<Partial<Record<FieldName, string>>>
  /** What the operator changed by hand: no mode and no way to the peer takes its place. */
  readonly edited: readonly FieldName[]
  /** What the form opened with: as long as the peer is still this, a masked screen hides it. */
  readonly prefilledPeer: string
  readonly seed?: Pick<TraceSeed, "tuple" | "protocol">
  /** Packets of this row change their addresses on the way. */
  readonly isTranslated: boolean
  readonly namespace?: NamespaceName
  /** Connections of a group that are in other namespaces, where this trace does not see. */
  readonly elsewhereCount: number
  /** Enter was pressed before everything was known. */
  readonly isWaiting: boolean
}

const blank: TraceForm = openForm({ peer: "", side: "in" }, "")

const fieldsOf = (form: TraceForm): TracePacket["texts"] => ({
  peer: field(form.peer),
  port: field(form.port === undefined ? "" : String(form.port)),
  interface: field(form.interfaceName),
  clause: field(form.clause),
  seconds: field(String(form.seconds)),
  packets: field(String(form.packets)),
  "snap-length": field(String(form.snapLength)),
})

function fromForm(form: TraceForm): TracePacket {
  const { mode, strategy, direction, isSaved, tuple, protocol } = form
  return {
    texts: fieldsOf(form),
    mode,
    strategy,
    direction,
    isSaved,
    focus: "mode",
    problems: {},
    edited: [],
    prefilledPeer: form.peer,
    seed: { ...(tuple === undefined ? {} : { tuple }), ...(protocol === undefined ? {} : { protocol }) },
    isTranslated: false,
    elsewhereCount: 0,
    isWaiting: false,
  }
}

export const initial: TracePacket = fromForm(blank)

/** Filled with exactly what was selected. */
export const filledWith = (
  seed: TraceSeed,
  interfaceName: string,
  about: Pick<TracePacket, "isTranslated" | "namespace" | "elsewhereCount">,
): TracePacket => ({ ...fromForm(openForm(seed, interfaceName)), ...about })

/** Filled with a request that could not be done: nothing of it is typed again. */
export const refilled = ({ form, isTranslated, namespace }: TraceRequest): TracePacket => ({
  ...fromForm(form),
  edited: ["interface", "strategy", "direction", "seconds", "packets"],
  isTranslated,
  ...(namespace === undefined ? {} : { namespace }),
})

/** The fields of this form, in the order of Tab. */
export const fieldOrder = ({ mode }: Pick<TracePacket, "mode">): readonly FieldName[] => [
  "peer",
  "port",
  "interface",
  "mode",
  "strategy",
  ...(mode === "custom" ? (["clause"] as const) : []),
  "direction",
  "seconds",
  "packets",
  "snap-length",
  "saved",
]

/** NaN where it is no number: the form's own check names the limits. */
const wholeNumber = ({ text }: Field): number => (/^\d{1,6}$/.test(text.trim()) ? Number(text.trim()) : Number.NaN)

/** What is known of the peer that stands in the form, when it was asked for already. */
export function preparationFor(slice: TracePacket, { tracing }: Pick<Facts, "tracing">): TracePreparation | undefined {
  const { preparation } = tracing
  const isMeant =
    preparation?.peer === canonicalPeer(slice.texts.peer.text) &&
    preparation?.isTranslated === slice.isTranslated &&
    preparation.namespace?.id === slice.namespace?.id
  return isMeant ? preparation : undefined
}

export function formOf(slice: TracePacket, facts: Pick<Facts, "tracing">): TraceForm {
  const { texts, mode, strategy, direction, isSaved, seed } = slice
  const { gateway, aliases } = preparationFor(slice, facts)?.way ?? {}
  return {
    peer: canonicalPeer(texts.peer.text) ?? texts.peer.text,
    ...(texts.port.text.trim() === "" ? {} : { port: wholeNumber(texts.port) }),
    interfaceName: texts.interface.text.trim(),
    mode,
    strategy,
    direction,
    seconds: wholeNumber(texts.seconds),
    packets: wholeNumber(texts.packets),
    snapLength: wholeNumber(texts["snap-length"]),
    isSaved,
    clause: texts.clause.text,
    ...seed,
    ...(gateway === undefined ? {} : { gateway }),
    ...(aliases === undefined ? {} : { aliases }),
  }
}

/** The clause that will be a part of the filter; empty when there is none. */
export const clauseOf = ({ mode, texts }: TracePacket): string => (mode === "custom" ? texts.clause.text.trim() : "")

/** Sets what the mode presets, but for what was changed by hand. */
export function withMode(slice: TracePacket, mode: Mode): TracePacket {
  const preset = setMode(formOf(slice, { tracing: { isNews: false } }), mode)
  const isKept = (name: FieldName) => slice.edited.includes(name) || mode === "custom"
  return {
    ...slice,
    mode,
    strategy: isKept("strategy") ? slice.strategy : preset.strategy,
    direction: isKept("direction") ? slice.direction : preset.direction,
    texts: {
      ...slice.texts,
      ...(isKept("seconds") ? {} : { seconds: field(String(preset.seconds)) }),
      ...(isKept("packets") ? {} : { packets: field(String(preset.packets)) }),
    },
  }
}
