/** The commands that belong to no panel. */
import type { SomeCommand } from "./registry.ts"

export const appCommands: readonly SomeCommand[] = [
  {
    id: "app.next-panel",
    keys: ["tab"],
    title: "Next panel",
    hint: { key: "Tab", word: "panel" },
    group: "Look",
    action: { type: "app/focus-next", step: 1 },
  },
  {
    id: "app.previous-panel",
    keys: ["shift+tab"],
    title: "Previous panel",
    group: "Look",
    action: { type: "app/focus-next", step: -1 },
  },
  { id: "app.zoom", keys: ["z"], title: "This panel alone, and back", group: "Look", action: { type: "app/zoom" } },
  { id: "app.refresh", keys: ["r"], title: "Look now, paused or not", group: "Look", action: { type: "look/wanted" } },
  {
    id: "app.pause",
    keys: ["p"],
    title: "Freeze the screen, and go on",
    hint: { key: "p", word: "pause" },
    group: "Look",
    action: { type: "app/pause" },
  },
  {
    id: "app.mask",
    keys: ["m"],
    title: "Hide the first half of addresses",
    group: "Look",
    action: { type: "app/mask" },
  },
  {
    id: "app.help",
    keys: ["?"],
    title: "All keys",
    hint: { key: "?", word: "help" },
    group: "Program",
    action: { type: "app/open", panel: "help" },
  },
  { id: "app.leave", keys: ["escape"], title: "Leave the zoom", group: "Program", action: { type: "app/close" } },
  {
    id: "app.quit",
    keys: ["q", "ctrl+c"],
    title: "Quit",
    hint: { key: "q", word: "quit" },
    group: "Program",
    action: { type: "app/quit" },
  },
]
