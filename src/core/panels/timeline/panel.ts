/** The timeline: the whole window at a glance, and where in it we are. */
import { definePanel } from "../../app/panel.ts"
import { columnOf, type Measure, rangeOf, timeOf } from "./columns.ts"
import { explanations } from "./explanations.ts"
import { chartWidth, MARGIN, scaleText, view } from "./view.ts"

export interface Timeline {
  readonly measure: Measure
}

export type TimelineAction =
  | { readonly type: "timeline/measure" }
  /** One cell of the chart. */
  | { readonly type: "timeline/move"; readonly by: number }
  | { readonly type: "timeline/point"; readonly column: number }

/** Frame, header, marks and axis; what is more is the chart's. */
const LOW = { height: 7, below: 34 } as const
const HIGH = 9

export const timeline = definePanel<"timeline", Timeline, TimelineAction>({
  id: "timeline",
  name: "Timeline",
  only: "replay",
  place: { region: "band", height: ({ height }) => (height < LOW.below ? LOW.height : HIGH) },
  initial: { measure: "bytes" },
  explanations,
  commands: [
    {
      id: "timeline.left",
      keys: ["left"],
      title: "One column back",
      hint: { key: "←→", word: "move", rank: 2 },
      group: "Time",
      action: { type: "timeline/move", by: -1 },
    },
    {
      id: "timeline.right",
      keys: ["right"],
      title: "One column on",
      group: "Time",
      action: { type: "timeline/move", by: 1 },
    },
    {
      id: "timeline.far-left",
      keys: ["pageup"],
      title: "A tenth of the window back",
      group: "Time",
      action: { type: "timeline/move", by: -0.1 },
    },
    {
      id: "timeline.far-right",
      keys: ["pagedown"],
      title: "A tenth of the window on",
      group: "Time",
      action: { type: "timeline/move", by: 0.1 },
    },
    {
      id: "timeline.first",
      keys: ["home"],
      title: "To its start",
      group: "Time",
      action: { type: "replay/end", to: "oldest" },
    },
    {
      id: "timeline.last",
      keys: ["end"],
      title: "To its end",
      group: "Time",
      action: { type: "replay/end", to: "latest" },
    },
    {
      id: "timeline.measure",
      keys: ["c"],
      title: "Bytes a second, or connections",
      hint: { key: "c", word: "bytes/conns" },
      group: "Look",
      action: { type: "timeline/measure" },
    },
  ],
  title: ({ measure }) => (measure === "bytes" ? "Timeline: bytes" : "Timeline: connections"),
  note: scaleText,
  looksAt: ["replay", "now", "isMasked", "tracing"],
  update(slice, action, { replay, wanted }, size) {
    if (action.type === "timeline/measure") return [{ measure: slice.measure === "bytes" ? "connections" : "bytes" }]
    if (replay === undefined || replay.history.index.length === 0) return [slice]
    const { index } = replay.history
    const range = rangeOf(index, replay.window)
    const width = chartWidth(size)
    if (action.type === "timeline/point")
      return [slice, { type: "replay/go", at: timeOf(Math.min(width - 1, Math.max(0, action.column)), range, width) }]
    const by = Math.abs(action.by) < 1 ? Math.round(action.by * width) : action.by
    const hereAt = (wanted ?? replay.shown)?.at ?? range.from
    const here = columnOf(hereAt, range, width)
    const target = here + by
    if (target < 0 || target >= width) return [slice, { type: "replay/end", to: by < 0 ? "oldest" : "latest" }]
    // A column of which there is no snapshot must not hold the cursor back.
    const at = timeOf(target, range, width)
    const step = (range.to - range.from) / width
    return [
      slice,
      {
        type: "replay/skip",
        byMs: by < 0 ? Math.min(-step, at - hereAt) : Math.max(step, at - hereAt),
      },
    ]
  },
  view,
  drags: true,
  mouse: (_slice, _facts, _size, { kind, x }) =>
    kind === "wheel-up" || kind === "wheel-down"
      ? { type: "timeline/move", by: kind === "wheel-up" ? -1 : 1 }
      : { type: "timeline/point", column: x - MARGIN },
})
