/** The keys of the trace history. */
import type { Command } from "../../app/command.ts"
import type { Close } from "../../app/panel.ts"
import type { TraceHistory } from "./state.ts"
import type { TraceHistoryAction } from "./update.ts"

const move = (by: number, unit: "line" | "page" | "all"): TraceHistoryAction => ({
  type: "trace-history/move",
  by,
  unit,
})

type Entry = Command<TraceHistory, TraceHistoryAction | Close>

export const commands: readonly Entry[] = [
  { id: "trace-history.up", keys: ["up"], title: "Trace or line above", group: "Select", action: move(-1, "line") },
  {
    id: "trace-history.down",
    keys: ["down"],
    title: "Trace or line below",
    hint: { key: "↑↓", word: "select", rank: 3 },
    group: "Select",
    action: move(1, "line"),
  },
  { id: "trace-history.page-up", keys: ["pageup"], title: "Page back", group: "Select", action: move(-1, "page") },
  { id: "trace-history.page-down", keys: ["pagedown"], title: "Page on", group: "Select", action: move(1, "page") },
  { id: "trace-history.first", keys: ["home"], title: "The latest", group: "Select", action: move(-1, "all") },
  { id: "trace-history.last", keys: ["end"], title: "The oldest", group: "Select", action: move(1, "all") },
  {
    id: "trace-history.detail",
    keys: ["enter"],
    title: "All that is remembered of it",
    hint: { key: "Enter", word: "detail", rank: 1 },
    group: "Look",
    action: { type: "trace-history/enter" },
  },
  {
    id: "trace-history.packets",
    keys: ["o"],
    title: "Open its capture: packets and verdict",
    hint: { key: "o", word: "packets", rank: 2 },
    group: "Look",
    action: { type: "trace-history/open" },
  },
  {
    id: "trace-history.compare",
    keys: ["c"],
    title: "Mark it; on another: compare the two",
    hint: { key: "c", word: "compare", rank: 2 },
    group: "Look",
    action: { type: "trace-history/compare" },
  },
  {
    id: "trace-history.forget",
    keys: ["x", "delete"],
    title: "Forget it, and delete its capture",
    hint: { key: "x", word: "delete", rank: 2 },
    group: "Act",
    refuse: (_, { source }) => (source === "replay" ? "replay is read-only" : undefined),
    action: { type: "trace-history/ask" },
  },
  {
    id: "trace-history.back",
    keys: ["escape", "q", "t"],
    replayKeys: ["escape", "q", "h"],
    title: "Back to the list, or close it",
    hint: { key: "Esc", word: "back", rank: 1 },
    group: "Program",
    action: { type: "trace-history/back" },
  },
]
