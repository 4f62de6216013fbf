/** Trace packets: the form in which a short capture of one peer is asked for. */
import { overlaySize } from "../../app/overlay-size.ts"
import { definePanel } from "../../app/panel.ts"
import { formFor } from "./seed.ts"
import { initial, refilled, type TracePacket } from "./state.ts"
import { prepare, type TracePacketAction, update } from "./update.ts"
import { formLines } from "./view.ts"

const SIZE = { width: 92, height: 22 }

export const tracePacket = definePanel<"trace-packet", TracePacket, TracePacketAction>({
  id: "trace-packet",
  name: "Trace packets",
  place: { region: "overlay", size: ({ screen }) => overlaySize(screen, SIZE) },
  initial,
  // Every key is a field's: what Enter and Esc do stands in the form.
  commands: [],
  title: () => "Trace packets",
  // Without a row it is the request that failed.
  open: (facts, about) => {
    const { failed } = facts.tracing
    const slice =
      about !== undefined ? formFor(facts, about.subject) : failed === undefined ? initial : refilled(failed.request)
    const peer = slice.texts.peer.text
    // Rights and room are asked anew each time; a request that failed comes back with what is known already.
    return peer === "" ? [slice] : [slice, prepare(slice, peer)]
  },
  update,
  view: formLines,
  capture: (_slice, chord) => ({ type: "trace-packet/type", chord }),
  captureHints: () => [
    { key: "Enter", word: "start", rank: 1 },
    { key: "Tab", word: "next field", rank: 2 },
    { key: "Esc", word: "close", rank: 1 },
  ],
  paste: (_slice, text) => ({ type: "trace-packet/paste", text }),
})
