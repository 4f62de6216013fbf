/** Go to a time: one line that takes what `--at` takes; a time of day is of the day in view. */
import type { Hint } from "../../app/command.ts"
import { overlaySize } from "../../app/overlay-size.ts"
import { type Close, definePanel } from "../../app/panel.ts"
import { dayInView, wallNow, zoneOf } from "../../app/replay.ts"
import { dayText, parseTime, TIME_FORMS, wallText } from "../../history/time-grammar.ts"
import { editField, type Field, field, insertText } from "../../text/field.ts"
import { fieldLine } from "../../text/field-view.ts"
import { type Line, line, span } from "../../text/line.ts"
import { wrap } from "../../text/width.ts"

export interface Jump {
  readonly field: Field
  readonly problem?: string
}

export type JumpAction =
  | { readonly type: "jump/type"; readonly chord: string }
  | { readonly type: "jump/paste"; readonly text: string }

const SIZE = { width: 70, height: 7 }
const close: Close = { type: "app/close" }
const hints: readonly Hint[] = [
  { key: "Enter", word: "go", rank: 1 },
  { key: "Esc", word: "cancel", rank: 1 },
]

const initial: Jump = { field: field() }

export const jump = definePanel<"jump", Jump, JumpAction>({
  id: "jump",
  name: "Go to a time",
  only: "replay",
  place: { region: "overlay", size: ({ screen }) => overlaySize(screen, SIZE) },
  initial,
  commands: [],
  title: () => "Go to a time",
  open: ({ replay }) => [
    replay?.shown === undefined ? initial : { field: field(wallText(replay.shown.at, zoneOf(replay))) },
  ],
  update(slice, action, { replay, now }) {
    if (action.type === "jump/paste") return [{ field: insertText(slice.field, action.text) }]
    if (action.chord === "escape" || replay === undefined) return [slice, close]
    if (action.chord !== "enter") {
      const edited = editField(slice.field, action.chord)
      return [edited === slice.field ? slice : { field: edited }]
    }
    if (slice.field.text.trim() === "") return [slice, close]
    const zone = zoneOf(replay)
    const reading = parseTime(slice.field.text, { now: wallNow(replay, now), zone, day: dayInView(replay, now) })
    if (!reading.ok) return [{ ...slice, problem: reading.reason }]
    return [slice, close, { type: "replay/go", at: reading.time.from, asked: slice.field.text }]
  },
  view(slice, { replay, now }, { width }) {
    const day = replay === undefined ? "" : dayText(dayInView(replay, now))
    const text = slice.problem ?? `A time of day is of ${day}. Forms: ${TIME_FORMS}`
    return [
      line(span(" Time: ", "accent"), ...fieldLine(slice.field, Math.max(1, width - 9))),
      [],
      ...wrap(text, width - 2).map(
        (piece): Line => line(span(` ${piece}`, slice.problem === undefined ? "muted" : "warn")),
      ),
    ]
  },
  capture: (_, chord) => ({ type: "jump/type", chord }),
  captureHints: () => hints,
  paste: (_, text) => ({ type: "jump/paste", text }),
})
