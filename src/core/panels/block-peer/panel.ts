/** Block peer: the form in which a peer is named, and the questions before it is kept out. */
import type { Hint } from "../../app/command.ts"
import { overlaySize } from "../../app/overlay-size.ts"
import { definePanel } from "../../app/panel.ts"
import { type BlockPeer, filledWith, initial, minutesOf } from "./state.ts"
import { type BlockPeerAction, countMatches, update } from "./update.ts"
import { formLines } from "./view.ts"

const SIZE = { width: 76, height: 13 }

const hints: Readonly<Record<BlockPeer["step"], readonly Hint[]>> = {
  form: [
    { key: "Enter", word: "do it", rank: 1 },
    { key: "Tab", word: "next field", rank: 2 },
    { key: "Esc", word: "close", rank: 1 },
  ],
  guard: [
    { key: "Enter", word: "do it anyway", rank: 1 },
    { key: "Esc", word: "back", rank: 1 },
  ],
  confirm: [
    { key: "y", word: "do it", rank: 1 },
    { key: "n", word: "back", rank: 1 },
  ],
}

export const blockPeer = definePanel<"block-peer", BlockPeer, BlockPeerAction>({
  id: "block-peer",
  name: "Block a peer",
  only: "live",
  place: { region: "overlay", size: ({ screen }) => overlaySize(screen, SIZE) },
  initial,
  // Every key is a field's: what Enter and Esc do stands in the form.
  commands: [],
  title: (slice) => (minutesOf(slice) === 0 ? "End connections" : "Block a peer"),
  open: (_facts, about) => {
    const slice = about === undefined ? initial : filledWith(about)
    const place = slice.namespace === undefined ? {} : { namespace: slice.namespace }
    return [slice, { type: "lifelines/read", ...place }, ...countMatches(slice)]
  },
  update,
  view: formLines,
  capture: (_slice, chord) => ({ type: "block-peer/type", chord }),
  captureHints: ({ step }) => hints[step],
  paste: (_slice, text) => ({ type: "block-peer/paste", text }),
})
