/** The bandwidth charts: what the interface and the host did in the last minutes, second by second. */
import { definePanel, say } from "../../app/panel.ts"
import { harmless } from "../../text/width.ts"
import { explanations } from "./explanations.ts"
import { type BandwidthChart, figures, reaches } from "./state.ts"
import { view } from "./view.ts"

export type BandwidthChartAction =
  | { readonly type: "bandwidth-chart/reach"; readonly by: 1 | -1 }
  | { readonly type: "bandwidth-chart/figure" }

export const bandwidthChart = definePanel<"bandwidth-chart", BandwidthChart, BandwidthChartAction>({
  id: "bandwidth-chart",
  name: "Bandwidth",
  place: { region: "page", key: "2" },
  explanations,
  initial: { minutes: 1, figure: "retransmits" },
  commands: [
    {
      id: "bandwidth-chart.shorter",
      keys: ["+", "="],
      title: "Less time, seen closer",
      hint: { key: "+", word: "closer", rank: 3 },
      group: "Look",
      action: { type: "bandwidth-chart/reach", by: -1 },
    },
    {
      id: "bandwidth-chart.longer",
      keys: ["-"],
      title: "More time: 5 or 15 minutes",
      hint: { key: "-", word: "longer", rank: 2 },
      group: "Look",
      action: { type: "bandwidth-chart/reach", by: 1 },
    },
    {
      id: "bandwidth-chart.figure",
      keys: ["c"],
      title: "Lower chart: another figure",
      hint: { key: "c", word: "lower chart", rank: 2 },
      group: "Look",
      action: { type: "bandwidth-chart/figure" },
    },
  ],
  title: (_, { settings }) => `Bandwidth ${harmless(settings.interfaceName)}`,
  note: ({ minutes }) => `last ${minutes === 1 ? "minute" : `${minutes} minutes`}`,
  update(slice, action) {
    if (action.type === "bandwidth-chart/figure") {
      const next = figures[(figures.indexOf(slice.figure) + 1) % figures.length]!
      return [{ ...slice, figure: next }]
    }
    const minutes = reaches[reaches.indexOf(slice.minutes) + action.by]
    if (minutes === undefined)
      return [slice, say(action.by < 0 ? "one minute is the shortest" : "no more than 15 minutes are kept")]
    return [{ ...slice, minutes }]
  },
  view,
  mouse: (_slice, _facts, _size, { kind }) =>
    kind === "click" ? undefined : { type: "bandwidth-chart/reach", by: kind === "wheel-up" ? -1 : 1 },
})
