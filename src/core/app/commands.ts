/** The commands that belong to no panel. */
import type { SomeCommand } from "./registry.ts"
import { replayCommands } from "./replay-commands.ts"

export const appCommands: readonly SomeCommand[] = [
  ...replayCommands,
  {
    id: "app.next-panel",
    keys: ["tab"],
    title: "Next panel",
    hint: { key: "Tab", word: "panel" },
    group: "Screen",
    action: { type: "app/focus-next", step: 1 },
  },
  {
    id: "app.previous-panel",
    keys: ["shift+tab"],
    title: "Previous panel",
    group: "Screen",
    action: { type: "app/focus-next", step: -1 },
  },
  { id: "app.zoom", keys: ["z"], title: "This panel alone, and back", group: "Screen", action: { type: "app/zoom" } },
  { id: "app.leave", keys: ["escape"], title: "Leave the zoom", group: "Screen", action: { type: "app/close" } },
  {
    id: "app.pause",
    keys: ["p"],
    title: "Freeze the screen, and go on",
    hint: { key: "p", word: "pause" },
    group: "Screen",
    refuse: (_, { source }) => (source === "replay" ? "a replay stands still by itself; L follows its end" : undefined),
    action: { type: "app/pause" },
  },
  {
    id: "app.refresh",
    keys: ["r"],
    title: "Look now, even if paused",
    group: "Screen",
    refuse: (_, { source }) =>
      source === "replay" ? "a replay does not look at the host; L follows its end" : undefined,
    action: { type: "look/wanted" },
  },
  {
    id: "app.mask",
    keys: ["m"],
    title: "Hide the first half of addresses",
    group: "Screen",
    action: { type: "app/mask" },
  },
  {
    id: "app.diagnosis-history",
    keys: ["d"],
    title: "What came and went: the last findings",
    group: "Screen",
    action: { type: "app/open", panel: "diagnosis-history" },
  },
  {
    id: "app.blocks",
    keys: ["b"],
    title: "Blocked peers: extend and lift",
    group: "Act",
    refuse: (_, { source }) => (source === "replay" ? "replay is read-only" : undefined),
    action: { type: "app/open", panel: "blocked-peers" },
  },
  {
    id: "app.action-log",
    keys: ["h"],
    title: "Action log: who did what, and the result",
    group: "Act",
    refuse: (_, { source }) => (source === "replay" ? "a replay has no actions" : undefined),
    action: { type: "app/open", panel: "action-log" },
  },
  {
    id: "app.help",
    keys: ["?"],
    title: "These keys",
    hint: { key: "?", word: "help", rank: 1 },
    group: "Program",
    action: { type: "app/open", panel: "help" },
  },
  {
    id: "app.quit",
    keys: ["q", "ctrl+c"],
    title: "Quit",
    hint: { key: "q", word: "quit", rank: 1 },
    group: "Program",
    action: { type: "app/quit" },
  },
]
