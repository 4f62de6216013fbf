/** What each key does to the pod lookup. Closed while the answer is on its way, it does not come up again by itself. */
import type { Facts } from "../../app/facts.ts"
import type { PanelStep } from "../../app/panel.ts"
import { parsePort } from "../../mitigation/target.ts"
import type { PortLookup } from "../../pods/port-users.ts"
import { editField, insertText } from "../../text/field.ts"
import type { Size } from "../../text/line.ts"
import { scrolled } from "../../text/scroll.ts"
import { initial, type PodLookup } from "./state.ts"
import { bodyLines, pageHeight } from "./view.ts"

export type PodLookupAction =
  | { readonly type: "pod-lookup/type"; readonly chord: string }
  | { readonly type: "pod-lookup/paste"; readonly text: string }
  | { readonly type: "pod-lookup/scroll"; readonly by: number }
  /** A lookup came back. */
  | { readonly type: "pod-lookup/answered"; readonly found: PortLookup }

type Step = PanelStep<PodLookup>

export function update(slice: PodLookup, action: PodLookupAction, facts: Facts, size: Size): Step {
  switch (action.type) {
    case "pod-lookup/type":
      return slice.step === "found" ? readKey(slice, action.chord, facts, size) : typeKey(slice, action.chord)
    case "pod-lookup/paste":
      return slice.step === "form" ? [edited(slice, insertText(slice.port, action.text))] : [slice]
    case "pod-lookup/scroll":
      return [slice.step === "found" ? moved(slice, action.by, facts, size) : slice]
    case "pod-lookup/answered":
      return slice.step === "looking" && slice.asked === action.found.port
        ? [{ ...slice, step: "found", found: action.found, top: 0 }]
        : [slice]
  }
}

function typeKey(slice: PodLookup, chord: string): Step {
  if (chord === "escape") return [slice, { type: "app/close" }]
  if (slice.step === "looking") return [slice]
  if (chord === "enter") return submit(slice)
  return [edited(slice, editField(slice.port, chord))]
}

function edited(slice: PodLookup, port: PodLookup["port"]): PodLookup {
  if (port === slice.port) return slice
  const { problem: _, ...rest } = slice
  return { ...rest, port }
}

function submit(slice: PodLookup): Step {
  const port = parsePort(slice.port.text.trim())
  if (!port.ok) return [{ ...slice, problem: port.reason }]
  const { problem: _, ...rest } = slice
  return [
    { ...rest, step: "looking", asked: port.value },
    { type: "port/look-up", port: port.value },
  ]
}

const closing: ReadonlySet<string> = new Set(["escape", "q", "K"])

/** The keys of what was found: scroll, look again, another port. */
function readKey(slice: PodLookup, chord: string, facts: Facts, size: Size): Step {
  if (closing.has(chord)) return [slice, { type: "app/close" }]
  if (chord === "enter") return [{ ...initial, port: slice.port }]
  if (chord === "r") return submit(slice)
  const page = pageHeight(size)
  const total = bodyLines(slice, facts, size.width).length
  const by = new Map([
    ["up", -1],
    ["down", 1],
    ["pageup", -page],
    ["pagedown", page],
    ["home", -total],
    ["end", total],
  ]).get(chord)
  return [by === undefined ? slice : moved(slice, by, facts, size)]
}

function moved(slice: PodLookup, by: number, facts: Facts, size: Size): PodLookup {
  const top = scrolled(slice.top, by, pageHeight(size), bodyLines(slice, facts, size.width).length)
  return top === slice.top ? slice : { ...slice, top }
}
