/** The keys of the blocked peers. */
import type { Command } from "../../app/command.ts"
import type { Close } from "../../app/panel.ts"
import type { BlockedPeers, BlockedPeersAction } from "./panel.ts"

/** More than any list has. */
const ALL = 1_000_000
const move = (by: number): BlockedPeersAction => ({ type: "blocked-peers/move", by })

export const commands: readonly Command<BlockedPeers, BlockedPeersAction | Close>[] = [
  { id: "blocked-peers.up", keys: ["up"], title: "Block above", group: "Select", action: move(-1) },
  {
    id: "blocked-peers.down",
    keys: ["down"],
    title: "Block below",
    hint: { key: "↑↓", word: "select", rank: 3 },
    group: "Select",
    action: move(1),
  },
  { id: "blocked-peers.first", keys: ["home"], title: "First block", group: "Select", action: move(-ALL) },
  { id: "blocked-peers.last", keys: ["end"], title: "Last block", group: "Select", action: move(ALL) },
  {
    id: "blocked-peers.extend",
    keys: ["+"],
    title: "Five minutes more",
    hint: { key: "+", word: "5 min more", rank: 2 },
    group: "Act",
    action: { type: "blocked-peers/extend" },
  },
  {
    id: "blocked-peers.lift",
    keys: ["x", "delete"],
    title: "Lift the selected block",
    hint: { key: "x", word: "lift", rank: 1 },
    group: "Act",
    action: { type: "blocked-peers/ask", kind: "one" },
  },
  {
    id: "blocked-peers.lift-all",
    keys: ["X"],
    title: "Lift all blocks",
    hint: { key: "X", word: "lift all", rank: 2 },
    group: "Act",
    action: { type: "blocked-peers/ask", kind: "all" },
  },
  {
    id: "blocked-peers.close",
    keys: ["escape", "q", "b"],
    title: "Close the list",
    hint: { key: "Esc", word: "close", rank: 1 },
    group: "Program",
    action: { type: "app/close" },
  },
]
