/** System Health: is this host's network well, in figures. Reads from the worst to the background. */

import type { Facts } from "../../app/facts.ts"
import { definePanel } from "../../app/panel.ts"
import { cutLine } from "../../text/layer.ts"
import type { Size } from "../../text/line.ts"
import { explanations } from "./explanations.ts"
import { fitting } from "./fitting.ts"
import type { SystemHealth } from "./state.ts"
import { stripLine } from "./strip.ts"

export type SystemHealthAction =
  | { readonly type: "system-health/sort" }
  | { readonly type: "system-health/scroll"; readonly by: number }

const topMax = (slice: SystemHealth, facts: Facts, size: Size) =>
  Math.max(0, fitting(slice, facts, size).length - size.height)

export const systemHealth = definePanel<"system-health", SystemHealth, SystemHealthAction>({
  id: "system-health",
  name: "System Health",
  place: { region: "side", weight: 3 },
  explanations,
  initial: { isAscending: false, top: 0 },
  commands: [
    {
      id: "system-health.up",
      keys: ["up"],
      title: "Scroll up",
      group: "Select",
      action: { type: "system-health/scroll", by: -1 },
    },
    {
      id: "system-health.down",
      keys: ["down"],
      title: "Scroll down",
      hint: { key: "↑↓", word: "scroll" },
      group: "Select",
      action: { type: "system-health/scroll", by: 1 },
    },
    {
      id: "system-health.sort",
      keys: ["s"],
      title: "Turn the order of connection states",
      hint: { key: "s", word: "sort" },
      group: "Filter and sort",
      action: { type: "system-health/sort" },
    },
  ],
  title: () => "System Health",
  update(slice, action, facts, size) {
    if (action.type === "system-health/sort") return [{ ...slice, isAscending: !slice.isAscending }]
    const top = Math.min(Math.max(0, slice.top + action.by), topMax(slice, facts, size))
    return [top === slice.top ? slice : { ...slice, top }]
  },
  view(slice, facts, size) {
    const top = Math.min(slice.top, topMax(slice, facts, size))
    return fitting(slice, facts, size)
      .slice(top, top + size.height)
      .map((part) => cutLine(part, size.width))
  },
  strip: (_, facts, width) => stripLine(facts, width),
  mouse: (_slice, _facts, _size, at) =>
    at.kind === "click" ? undefined : { type: "system-health/scroll", by: at.kind === "wheel-up" ? -1 : 1 },
})
