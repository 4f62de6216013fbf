/** The keys of a trace's result. */
import type { Command } from "../../app/command.ts"
import type { Close } from "../../app/panel.ts"
import type { TraceResult } from "./state.ts"
import type { TraceResultAction } from "./update.ts"

type Entry = Command<TraceResult, TraceResultAction | Close>

const move = (by: number, unit: "line" | "page" | "all"): TraceResultAction => ({
  type: "trace-result/move",
  by,
  unit,
})

export const commands: readonly Entry[] = [
  { id: "trace-result.up", keys: ["up"], title: "Line or row above", group: "Select", action: move(-1, "line") },
  {
    id: "trace-result.down",
    keys: ["down"],
    title: "Line or row below",
    hint: { key: "↑↓", word: "move", rank: 3 },
    group: "Select",
    action: move(1, "line"),
  },
  { id: "trace-result.page-up", keys: ["pageup"], title: "Page back", group: "Select", action: move(-1, "page") },
  { id: "trace-result.page-down", keys: ["pagedown"], title: "Page on", group: "Select", action: move(1, "page") },
  { id: "trace-result.first", keys: ["home"], title: "To the top", group: "Select", action: move(-1, "all") },
  { id: "trace-result.last", keys: ["end"], title: "To the end", group: "Select", action: move(1, "all") },
  {
    id: "trace-result.next",
    keys: ["tab", "right"],
    title: "Verdict, packets, conversations, sequence",
    hint: { key: "Tab", word: "next page", rank: 1 },
    group: "Look",
    action: { type: "trace-result/turn", by: 1 },
  },
  {
    id: "trace-result.previous",
    keys: ["shift+tab", "left"],
    title: "The page before",
    group: "Look",
    action: { type: "trace-result/turn", by: -1 },
  },
  ...(["verdict", "packets", "conversations", "sequence"] as const).map(
    (page, i): Entry => ({
      id: `trace-result.${page}`,
      keys: [String(i + 1)],
      title: `Page ${i + 1}: ${page}`,
      group: "Look",
      action: { type: "trace-result/show", page },
    }),
  ),
  {
    id: "trace-result.open",
    keys: ["enter"],
    title: "The packet in full; the sequence",
    hint: { key: "Enter", word: "more", rank: 2 },
    group: "Look",
    action: { type: "trace-result/enter" },
  },
  {
    id: "trace-result.back",
    keys: ["escape", "q"],
    title: "Back, or close the result",
    hint: { key: "Esc", word: "back", rank: 1 },
    group: "Program",
    action: { type: "trace-result/back" },
  },
]
