/** Explain: what the columns, lines and words of a panel mean. */
import type { Command } from "../../app/command.ts"
import type { Explained, Explanation } from "../../app/explanation.ts"
import { overlaySize } from "../../app/overlay-size.ts"
import { type Close, definePanel } from "../../app/panel.ts"
import { type Line, line, span } from "../../text/line.ts"
import { scrolled, windowNote } from "../../text/scroll.ts"
import { wrap } from "../../text/width.ts"

/** First line of the window. */
export interface Explain {
  readonly top: number
}

export type ExplainAction = {
  readonly type: "explain/scroll"
  readonly by: number
  readonly unit: "line" | "page" | "all"
}

const SIZE = { width: 84, height: 30 }
const WHEEL_LINES = 3
const INDENT = 3

function entryLines({ words, text }: Explanation, width: number): readonly Line[] {
  const pieces = wrap(text, width - INDENT - 1)
  return [
    line(span(` ${words.join(", ")}`, "strong")),
    ...pieces.map((piece) => line(span(`${" ".repeat(INDENT)}${piece}`))),
    [],
  ]
}

const allLines = ({ entries }: Explained, width: number): readonly Line[] =>
  entries.flatMap((entry) => entryLines(entry, width)).slice(0, -1)

/** The line at which the entry begins that is asked for. */
const firstLine = ({ entries, first }: Explained, width: number): number =>
  entries.slice(0, first).reduce((sum, entry) => sum + entryLines(entry, width).length, 0)

const nothing: Explained = { title: "", entries: [], first: 0 }

const scroll = (by: number, unit: ExplainAction["unit"]): ExplainAction => ({ type: "explain/scroll", by, unit })

const commands: readonly Command<Explain, ExplainAction | Close>[] = [
  { id: "explain.up", keys: ["up"], title: "Line above", group: "Look", action: scroll(-1, "line") },
  {
    id: "explain.down",
    keys: ["down"],
    title: "Line below",
    hint: { key: "↑↓", word: "scroll", rank: 2 },
    group: "Look",
    action: scroll(1, "line"),
  },
  { id: "explain.page-up", keys: ["pageup"], title: "Page back", group: "Look", action: scroll(-1, "page") },
  { id: "explain.page-down", keys: ["pagedown", "space"], title: "Page on", group: "Look", action: scroll(1, "page") },
  { id: "explain.first", keys: ["home"], title: "To the top", group: "Look", action: scroll(-1, "all") },
  { id: "explain.last", keys: ["end"], title: "To the end", group: "Look", action: scroll(1, "all") },
  {
    id: "explain.close",
    keys: ["escape", "i", "I", "q", "enter"],
    title: "Close the explanation",
    hint: { key: "Esc", word: "close", rank: 1 },
    group: "Program",
    action: { type: "app/close" },
  },
]

export const explain = definePanel<"explain", Explain, ExplainAction>({
  id: "explain",
  name: "Explain",
  place: {
    region: "overlay",
    size: ({ screen, explained = nothing }) => {
      const { width, height } = overlaySize(screen, SIZE)
      return { width, height: Math.min(height, Math.max(1, allLines(explained, width - 2).length) + 2) }
    },
  },
  initial: { top: 0 },
  commands,
  title: (_, { explained = nothing }) => `What it means: ${explained.title}`,
  note: ({ top }, { explained = nothing }, { width, height }) =>
    windowNote(top, height, allLines(explained, width).length),
  open: ({ screen, explained = nothing }) => [{ top: firstLine(explained, overlaySize(screen, SIZE).width - 2) }],
  update: (slice, { by, unit }, { explained = nothing }, { width, height }) => {
    const total = allLines(explained, width).length
    const before = scrolled(slice.top, 0, height, total)
    const top = scrolled(before, by * { line: 1, page: height, all: total }[unit], height, total)
    return [top === slice.top ? slice : { top }]
  },
  view: ({ top }, { explained = nothing }, { width, height }) => {
    const all = allLines(explained, width)
    const from = scrolled(top, 0, height, all.length)
    return all.slice(from, from + height)
  },
  mouse: (_slice, _facts, _size, { kind }) =>
    kind === "click" ? undefined : scroll(kind === "wheel-up" ? -WHEEL_LINES : WHEEL_LINES, "line"),
})
