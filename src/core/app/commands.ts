/** The commands that belong to no panel. */
import type { Facts } from "./facts.ts"
import { dashboardPanels, type SomeCommand } from "./registry.ts"
import { replayCommands } from "./replay-commands.ts"

/** The first two digits are pages: the dashboard and the charts. */
const PAGES = 2

const noSeconds = (source: Facts["source"]) => (source === "replay" ? "a replay has no seconds to draw" : undefined)

/** A digit for each panel of the dashboard, from wherever the operator is. */
const toPanels = dashboardPanels().map(
  (panel, i): SomeCommand => ({
    id: `app.panel-${i + 1}`,
    keys: [String(PAGES + i + 1)],
    title: `To ${panel.name ?? panel.id}`,
    group: "Screen",
    ...(panel.only === undefined ? {} : { only: panel.only }),
    action: { type: "app/focus", panel: panel.id },
  }),
)

export const appCommands: readonly SomeCommand[] = [
  ...replayCommands,
  {
    id: "app.dashboard",
    keys: ["1", "ctrl+1"],
    title: "The dashboard",
    group: "Screen",
    refuse: (_, { page }) => (page === undefined ? "this is the dashboard" : undefined),
    action: { type: "app/dashboard" },
  },
  {
    id: "app.chart",
    keys: ["2", "ctrl+2"],
    title: "Charts: bandwidth and more, by the second",
    group: "Screen",
    refuse: (_, { source, page }) => noSeconds(source) ?? (page === undefined ? undefined : "1 goes back"),
    action: { type: "app/page", panel: "bandwidth-chart" },
  },
  {
    id: "app.charts",
    keys: ["v"],
    title: "Charts, and back",
    hint: { key: "v", word: "charts" },
    group: "Screen",
    refuse: (_, { source }) => noSeconds(source),
    action: { type: "app/page", panel: "bandwidth-chart" },
  },
  ...toPanels,
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
  {
    id: "app.zoom",
    keys: ["z"],
    title: "This panel alone, and back",
    group: "Screen",
    refuse: (_, { page }) => (page === undefined ? undefined : "this has the whole screen already"),
    action: { type: "app/zoom" },
  },
  {
    id: "app.leave",
    keys: ["escape"],
    title: "Leave the charts or the zoom",
    hint: { key: "Esc", word: "back", rank: 1 },
    group: "Screen",
    action: { type: "app/close" },
  },
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
    title: "Hide addresses behind aliases, and back",
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
    only: "live",
    title: "Action log: who did what, and the result",
    group: "Act",
    action: { type: "app/open", panel: "action-log" },
  },
  {
    id: "app.explain",
    keys: ["i"],
    title: "What the columns and lines here mean",
    hint: { key: "i", word: "explain" },
    group: "Look",
    action: { type: "app/explain" },
  },
  {
    id: "app.explain-interface",
    keys: ["I"],
    title: "What the lines of the interface mean",
    group: "Look",
    action: { type: "app/explain", panel: "system-health", word: "Interface" },
  },
  {
    id: "app.pods",
    keys: ["K"],
    title: "Whose is a port: process, pod, workload",
    group: "Look",
    refuse: (_, { source }) => (source === "replay" ? "a replay cannot look at processes" : undefined),
    action: { type: "app/open", panel: "pod-lookup" },
  },
  {
    id: "app.traces",
    keys: ["t"],
    replayKeys: ["h"],
    title: "Traces: the one that runs, or all before",
    group: "Act",
    action: { type: "trace/show" },
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
    id: "app.release",
    keys: ["U"],
    title: "Ask once if there is a newer release",
    group: "Program",
    refuse: (_, { source }) => (source === "replay" ? "a replay asks nothing of the network" : undefined),
    action: { type: "release/wanted" },
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
