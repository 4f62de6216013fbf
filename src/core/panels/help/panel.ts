/** Help: every key that works where the operator is. */
import { definePanel } from "../../app/panel.ts"
import { scrolled, windowNote } from "../../text/scroll.ts"
import { commands } from "./commands.ts"
import { lines } from "./view.ts"

/** First line of the window. */
export interface Help {
  readonly top: number
}

export type HelpAction = {
  readonly type: "help/scroll"
  readonly by: number
  readonly unit: "line" | "page" | "all"
}

const WIDTH = 72
/** On a screen narrower than this, the strips at its sides would only be noise. */
const WHOLE_BELOW = 90
const WHEEL_LINES = 3

export const help = definePanel<"help", Help, HelpAction>({
  id: "help",
  name: "Help",
  place: {
    region: "overlay",
    size: ({ screen, guide }) => {
      const width = screen.width < WHOLE_BELOW ? screen.width : WIDTH
      return { width, height: Math.min(lines(guide, width - 2).length + 2, screen.height - 1) }
    },
  },
  initial: { top: 0 },
  commands,
  title: () => "Keys",
  note: ({ top }, { guide }, { width, height }) => windowNote(top, height, lines(guide, width).length),
  update: (slice, { by, unit }, { guide }, { width, height }) => {
    const total = lines(guide, width).length
    const top = scrolled(slice.top, by * { line: 1, page: height, all: total }[unit], height, total)
    return [top === slice.top ? slice : { top }]
  },
  view: ({ top }, { guide }, { width, height }) => {
    const all = lines(guide, width)
    const from = scrolled(top, 0, height, all.length)
    return all.slice(from, from + height)
  },
  mouse: (_slice, _facts, _size, { kind }) =>
    kind === "click"
      ? undefined
      : { type: "help/scroll", by: kind === "wheel-up" ? -WHEEL_LINES : WHEEL_LINES, unit: "line" },
})
