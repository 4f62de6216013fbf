/** The keys of the list of what was found. */
import type { Command } from "../../app/command.ts"
import type { TimeSearchAction, TimeSearchState } from "./panel.ts"

type Entry = Command<TimeSearchState, TimeSearchAction>

const move = (by: 1 | -1, unit: "row" | "page" | "all"): TimeSearchAction => ({ type: "time-search/move", by, unit })

export const commands: readonly Entry[] = [
  { id: "time-search.up", keys: ["up"], title: "Snapshot above", group: "Select", action: move(-1, "row") },
  {
    id: "time-search.down",
    keys: ["down"],
    title: "Snapshot below",
    hint: { key: "↑↓", word: "select", rank: 2 },
    group: "Select",
    action: move(1, "row"),
  },
  { id: "time-search.page-up", keys: ["pageup"], title: "Page back", group: "Select", action: move(-1, "page") },
  { id: "time-search.page-down", keys: ["pagedown"], title: "Page on", group: "Select", action: move(1, "page") },
  { id: "time-search.first", keys: ["home"], title: "First snapshot", group: "Select", action: move(-1, "all") },
  { id: "time-search.last", keys: ["end"], title: "Last snapshot", group: "Select", action: move(1, "all") },
  {
    id: "time-search.show",
    keys: ["enter"],
    title: "Go to that snapshot",
    hint: { key: "Enter", word: "go", rank: 1 },
    group: "Look",
    action: { type: "time-search/show" },
  },
  {
    id: "time-search.again",
    keys: ["S", "/", "ctrl+f"],
    title: "Search for something else",
    hint: { key: "S", word: "search again", rank: 2 },
    group: "Look",
    action: { type: "time-search/again" },
  },
  {
    id: "time-search.leave",
    keys: ["escape", "q"],
    title: "Stop the search; again: close",
    hint: { key: "Esc", word: "stop, close", rank: 1 },
    group: "Program",
    action: { type: "time-search/leave" },
  },
]
