/** Top Connections: who talks to this host, one row a connection or one row a peer. */
import type { Hint } from "../../app/command.ts"
import { definePanel } from "../../app/panel.ts"
import { commands } from "./commands.ts"
import { hitTest } from "./mouse.ts"
import { pageNote } from "./page.ts"
import { refreshRows } from "./selection.ts"
import { initial, initialInReplay, type TopConnections } from "./state.ts"
import { type TopConnectionsAction, update } from "./update.ts"
import { view } from "./view.ts"

const title = ({ side }: TopConnections) => (side === "in" ? "Top Incoming" : "Top Outgoing")

const promptHints: readonly Hint[] = [
  { key: "Enter", word: "apply", rank: 1 },
  { key: "Esc", word: "cancel", rank: 1 },
]

export const topConnections = definePanel<"top-connections", TopConnections, TopConnectionsAction>({
  id: "top-connections",
  name: "Top Connections",
  place: { region: "main" },
  initial,
  initialIn: { replay: initialInReplay },
  commands,
  title,
  note: (slice, facts, size) => pageNote(slice, title(slice), facts, size),
  update,
  refresh: refreshRows,
  looksAt: ["model", "isMasked", "settings", "replay"],
  view,
  mouse: hitTest,
  capture: (slice, chord) => (slice.prompt === undefined ? undefined : { type: "top-connections/type", chord }),
  captureHints: (slice) => (slice.prompt === undefined ? undefined : promptHints),
  paste: (slice, text) => (slice.prompt === undefined ? undefined : { type: "top-connections/paste", text }),
})
