/** Top Connections: who talks to this host, one row a connection or one row a peer. */
import { definePanel } from "../../app/panel.ts"
import { count } from "../../text/units.ts"
import { commands } from "./commands.ts"
import { hitTest } from "./mouse.ts"
import { followSelection } from "./selection.ts"
import { initial, rowCount, type TopConnections, windowTop } from "./state.ts"
import { type TopConnectionsAction, update } from "./update.ts"
import { pageRows, view } from "./view.ts"

export const topConnections = definePanel<"top-connections", TopConnections, TopConnectionsAction>({
  id: "top-connections",
  place: { region: "main" },
  initial,
  commands,
  title: (slice) => (slice.side === "in" ? "Top Incoming" : "Top Outgoing"),
  note(slice, facts, size) {
    const total = rowCount(slice)
    if (total === 0) return ""
    const page = pageRows(slice, facts, size)
    const from = windowTop(slice, page, total)
    return `${count(from + 1)}-${count(Math.min(from + page, total))} of ${count(total)}`
  },
  update,
  refresh: followSelection,
  view,
  mouse: hitTest,
  capture: (slice, chord) => (slice.prompt === undefined ? undefined : { type: "top-connections/type", chord }),
  paste: (slice, text) => (slice.prompt === undefined ? undefined : { type: "top-connections/paste", text }),
})
