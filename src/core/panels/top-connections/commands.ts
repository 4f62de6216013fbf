/** The keys of Top Connections. */
import type { Command } from "../../app/command.ts"
import type { TopConnections } from "./state.ts"
import { whyNoBlock, whyNoDetails, whyNoTrace } from "./subject.ts"
import type { TopConnectionsAction } from "./update.ts"

type Entry = Command<TopConnections, TopConnectionsAction>

const move = (by: 1 | -1, unit: "row" | "page" | "all"): TopConnectionsAction => ({
  type: "top-connections/move",
  by,
  unit,
})

export const commands: readonly Entry[] = [
  { id: "top-connections.up", keys: ["up"], title: "Row above", group: "Select", action: move(-1, "row") },
  {
    id: "top-connections.down",
    keys: ["down"],
    title: "Row below",
    hint: { key: "↑↓", word: "row", rank: 2 },
    group: "Select",
    action: move(1, "row"),
  },
  {
    id: "top-connections.page-up",
    keys: ["pageup", "["],
    replayKeys: ["pageup"],
    title: "Page back",
    group: "Select",
    action: move(-1, "page"),
  },
  {
    id: "top-connections.page-down",
    keys: ["pagedown", "]"],
    replayKeys: ["pagedown"],
    title: "Page on",
    group: "Select",
    action: move(1, "page"),
  },
  {
    id: "top-connections.details",
    keys: ["enter"],
    title: "All that is known of the selected row",
    hint: { key: "Enter", word: "details", rank: 2 },
    group: "Look",
    refuse: whyNoDetails,
    action: { type: "top-connections/details" },
  },
  {
    id: "top-connections.block",
    keys: ["k"],
    title: "Block the peer or end its connections",
    hint: { key: "k", word: "block", rank: 2 },
    group: "Act",
    refuse: whyNoBlock,
    action: { type: "top-connections/block" },
  },
  {
    id: "top-connections.trace",
    keys: ["T"],
    title: "Capture packets of the selected row",
    group: "Act",
    refuse: whyNoTrace,
    action: { type: "top-connections/trace" },
  },
  { id: "top-connections.first", keys: ["home"], title: "First row", group: "Select", action: move(-1, "all") },
  { id: "top-connections.last", keys: ["end"], title: "Last row", group: "Select", action: move(1, "all") },
  {
    id: "top-connections.search",
    keys: ["/"],
    title: "Find rows with words, without !words",
    hint: { key: "/", word: "find", rank: 2 },
    group: "Filter and sort",
    action: { type: "top-connections/ask", kind: "search" },
  },
  {
    id: "top-connections.port",
    keys: ["f"],
    title: "Only one port",
    hint: { key: "f", word: "port", rank: 3 },
    group: "Filter and sort",
    action: { type: "top-connections/ask", kind: "port" },
  },
  {
    id: "top-connections.clear",
    keys: ["F"],
    title: "Clear both filters",
    group: "Filter and sort",
    action: { type: "top-connections/clear" },
  },
  {
    id: "top-connections.sort-by-bandwidth",
    keys: ["B"],
    title: "Sort by bandwidth; again: other order",
    group: "Filter and sort",
    action: { type: "top-connections/sort", field: "bandwidth" },
  },
  {
    id: "top-connections.sort-by-connections",
    keys: ["C"],
    title: "Sort by connections of the peer",
    group: "Filter and sort",
    action: { type: "top-connections/sort", field: "connections" },
  },
  {
    id: "top-connections.sort-by-port",
    keys: ["P"],
    title: "Sort by port",
    group: "Filter and sort",
    action: { type: "top-connections/sort", field: "port" },
  },
  {
    id: "top-connections.side",
    keys: ["o"],
    title: "Incoming or outgoing",
    hint: { key: "o", word: "in/out", rank: 3 },
    group: "Look",
    action: { type: "top-connections/side" },
  },
  {
    id: "top-connections.protocol",
    keys: ["u"],
    title: "TCP, UDP or both",
    group: "Look",
    refuse: (_, { source }) => (source === "replay" ? "a record does not tell TCP and UDP apart" : undefined),
    action: { type: "top-connections/protocol" },
  },
  {
    id: "top-connections.view",
    keys: ["g"],
    title: "By connection, or by peer and process",
    hint: { key: "g", word: "group" },
    only: "live",
    group: "Look",
    action: { type: "top-connections/view" },
  },
  {
    id: "top-connections.record-view",
    keys: ["g"],
    title: "By port, or by peer and process",
    hint: { key: "g", word: "group" },
    only: "replay",
    group: "Look",
    action: { type: "top-connections/view" },
  },
]
