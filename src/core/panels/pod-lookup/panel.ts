/** Pod lookup: which process, container, pod and workload listens on a port or uses it. */
import type { Hint } from "../../app/command.ts"
import { overlaySize } from "../../app/overlay-size.ts"
import { definePanel } from "../../app/panel.ts"
import { windowNote } from "../../text/scroll.ts"
import { filledWith, initial, type PodLookup } from "./state.ts"
import { type PodLookupAction, update } from "./update.ts"
import { bodyLines, pageHeight, view } from "./view.ts"

const SIZE = { width: 88, height: 20 }
const WHEEL_LINES = 3

const close: Hint = { key: "Esc", word: "close", rank: 1 }
const hints: Readonly<Record<PodLookup["step"], readonly Hint[]>> = {
  form: [{ key: "Enter", word: "look", rank: 1 }, close],
  looking: [close],
  found: [
    { key: "↑↓", word: "scroll", rank: 2 },
    { key: "Enter", word: "another port", rank: 2 },
    { key: "r", word: "again", rank: 3 },
    close,
  ],
}

export const podLookup = definePanel<"pod-lookup", PodLookup, PodLookupAction>({
  id: "pod-lookup",
  name: "Whose is a port",
  place: { region: "overlay", size: ({ screen }) => overlaySize(screen, SIZE) },
  initial,
  // Every key is the field's, or scrolls: what they do stands beside the port.
  commands: [],
  title: () => "Whose is a port",
  note: (slice, facts, size) =>
    slice.step === "found" ? windowNote(slice.top, pageHeight(size), bodyLines(slice, facts, size.width).length) : "",
  open: (_facts, about) => [about === undefined ? initial : filledWith(about)],
  update,
  view,
  capture: (_slice, chord) => ({ type: "pod-lookup/type", chord }),
  captureHints: ({ step }) => hints[step],
  paste: (_slice, text) => ({ type: "pod-lookup/paste", text }),
  mouse: (_slice, _facts, _size, { kind }) =>
    kind === "click" ? undefined : { type: "pod-lookup/scroll", by: kind === "wheel-up" ? -WHEEL_LINES : WHEEL_LINES },
})
