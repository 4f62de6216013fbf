/** Help: every key that works where the operator is, searched with `/`. */
import type { Hint } from "../../app/command.ts"
import type { Facts } from "../../app/facts.ts"
import { definePanel } from "../../app/panel.ts"
import { editField, type Field, field, insertText } from "../../text/field.ts"
import type { Line, Size } from "../../text/line.ts"
import { scrolled, windowNote } from "../../text/scroll.ts"
import { commands } from "./commands.ts"
import { found, lines, promptLine } from "./view.ts"

export interface Help {
  /** First line of the window. */
  readonly top: number
  /** Only entries with all of these words. */
  readonly search: string
  /** What is being typed. */
  readonly prompt?: Field
}

export type HelpAction =
  | { readonly type: "help/scroll"; readonly by: number; readonly unit: "line" | "page" | "all" }
  | { readonly type: "help/search" }
  | { readonly type: "help/type"; readonly chord: string }
  | { readonly type: "help/paste"; readonly text: string }

const WIDTH = 72
/** On a screen narrower than this, the strips at its sides would only be noise. */
const WHOLE_BELOW = 90
const WHEEL_LINES = 3

const initial: Help = { top: 0, search: "" }

const widthOn = (screen: Size) => (screen.width < WHOLE_BELOW ? screen.width : WIDTH)

/** While words are typed, what they find is shown already. */
const wanted = ({ search, prompt }: Help): string => prompt?.text ?? search

const shownLines = (slice: Help, { guide }: Facts, width: number): readonly Line[] =>
  lines(found(guide, wanted(slice)), width)

/** Lines of entries that the window has: the first one is the search, while there is one. */
const page = (slice: Help, height: number) => (wanted(slice) === "" && slice.prompt === undefined ? height : height - 1)

const withField = (slice: Help, prompt: Field): Help => (prompt === slice.prompt ? slice : { ...slice, top: 0, prompt })

function typed(slice: Help, chord: string): Help {
  const { prompt, ...rest } = slice
  if (prompt === undefined) return slice
  if (chord === "escape") return { ...rest, top: 0 }
  if (chord === "enter") return { ...rest, top: 0, search: prompt.text.trim() }
  return withField(slice, editField(prompt, chord))
}

const promptHints: readonly Hint[] = [
  { key: "Enter", word: "keep", rank: 1 },
  { key: "Esc", word: "cancel", rank: 1 },
]

export const help = definePanel<"help", Help, HelpAction>({
  id: "help",
  name: "Help",
  place: {
    region: "overlay",
    // As high as all keys need, so that a search does not move the frame.
    size: ({ screen, guide }) => {
      const width = widthOn(screen)
      return { width, height: Math.max(5, Math.min(lines(guide, width - 2).length + 2, screen.height - 1)) }
    },
  },
  initial,
  commands,
  title: () => "Keys",
  note: (slice, facts, { width, height }) =>
    windowNote(slice.top, page(slice, height), shownLines(slice, facts, width).length),
  update: (slice, action, facts, { width, height }) => {
    switch (action.type) {
      case "help/search":
        return [{ ...slice, prompt: field(slice.search) }]
      case "help/type":
        return [typed(slice, action.chord)]
      case "help/paste":
        return [slice.prompt === undefined ? slice : withField(slice, insertText(slice.prompt, action.text))]
      case "help/scroll": {
        const total = shownLines(slice, facts, width).length
        const room = page(slice, height)
        const top = scrolled(slice.top, action.by * { line: 1, page: room, all: total }[action.unit], room, total)
        return [top === slice.top ? slice : { ...slice, top }]
      }
    }
  },
  view: (slice, facts, { width, height }) => {
    const all = shownLines(slice, facts, width)
    const room = page(slice, height)
    const from = scrolled(slice.top, 0, room, all.length)
    const head = room === height ? [] : [promptLine(slice, width)]
    return [...head, ...all.slice(from, from + room)]
  },
  mouse: (_slice, _facts, _size, { kind }) =>
    kind === "click"
      ? undefined
      : { type: "help/scroll", by: kind === "wheel-up" ? -WHEEL_LINES : WHEEL_LINES, unit: "line" },
  capture: (slice, chord) => (slice.prompt === undefined ? undefined : { type: "help/type", chord }),
  captureHints: (slice) => (slice.prompt === undefined ? undefined : promptHints),
  paste: (slice, text) => (slice.prompt === undefined ? undefined : { type: "help/paste", text }),
})
