/** The keys of the help itself. */
import type { Command } from "../../app/command.ts"
import type { Close } from "../../app/panel.ts"
import type { Help, HelpAction } from "./panel.ts"

const scroll = (by: number, unit: "line" | "page" | "all"): HelpAction => ({ type: "help/scroll", by, unit })

export const commands: readonly Command<Help, HelpAction | Close>[] = [
  { id: "help.up", keys: ["up"], title: "Line above", group: "Look", action: scroll(-1, "line") },
  {
    id: "help.down",
    keys: ["down"],
    title: "Line below",
    hint: { key: "↑↓", word: "scroll", rank: 2 },
    group: "Look",
    action: scroll(1, "line"),
  },
  { id: "help.page-up", keys: ["pageup"], title: "Page back", group: "Look", action: scroll(-1, "page") },
  { id: "help.page-down", keys: ["pagedown"], title: "Page on", group: "Look", action: scroll(1, "page") },
  { id: "help.first", keys: ["home"], title: "To the top", group: "Look", action: scroll(-1, "all") },
  { id: "help.last", keys: ["end"], title: "To the end", group: "Look", action: scroll(1, "all") },
  {
    id: "help.search",
    keys: ["/"],
    title: "Find a key by what it does",
    hint: { key: "/", word: "find", rank: 2 },
    group: "Look",
    action: { type: "help/search" },
  },
  {
    id: "help.close",
    keys: ["escape", "?", "q", "enter"],
    title: "Close the help",
    hint: { key: "Esc", word: "close", rank: 1 },
    group: "Program",
    action: { type: "app/close" },
  },
]
