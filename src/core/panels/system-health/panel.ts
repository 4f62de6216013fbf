/** System Health: is this host's network well, in figures. */
import { definePanel } from "../../app/panel.ts"
import { line, span } from "../../text/line.ts"
import { count } from "../../text/units.ts"
import { fit } from "../../text/width.ts"

export type SystemHealth = { readonly isAscending: boolean }
export type SystemHealthAction = { readonly type: "system-health/sort" }

export const systemHealth = definePanel<"system-health", SystemHealth, SystemHealthAction>({
  id: "system-health",
  place: { region: "side", weight: 3 },
  initial: { isAscending: false },
  commands: [
    {
      id: "system-health.sort",
      keys: ["s"],
      title: "Turn the order of states",
      hint: { key: "s", word: "sort" },
      group: "Filter and sort",
      action: { type: "system-health/sort" },
    },
  ],
  title: () => "System Health",
  update: (slice) => [{ isAscending: !slice.isAscending }],
  view: (slice, facts) => {
    const states = [...(facts.model?.states ?? [])].sort(([, a], [, b]) => (slice.isAscending ? a - b : b - a))
    return states.map(([state, n]) => line(` ${fit(state, 12)} ${fit(count(n), 8, "right")}`))
  },
  strip: (_, facts) =>
    line(span(` ${[...(facts.model?.states ?? [])].map(([s, n]) => `${s} ${n}`).join("  ")}`, "muted")),
})
