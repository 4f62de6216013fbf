/** Trace history: what traces found in the last week, one in full, two side by side. */
import type { Hint } from "../../app/command.ts"
import { overlaySize } from "../../app/overlay-size.ts"
import { definePanel } from "../../app/panel.ts"
import { windowNote } from "../../text/scroll.ts"
import { commands } from "./commands.ts"
import { cursorIn, entriesIn, initial, opened, type TraceHistory } from "./state.ts"
import { type TraceHistoryAction, update } from "./update.ts"
import { pageLines, pageRows, view, windowTop } from "./view.ts"

const SIZE = { width: 120, height: 26 }

const answerHints: readonly Hint[] = [
  { key: "y", word: "delete", rank: 1 },
  { key: "n", word: "keep", rank: 1 },
]

const titles = { list: "Traces", detail: "Trace", compare: "Two traces" } as const

export const traceHistory = definePanel<"trace-history", TraceHistory, TraceHistoryAction>({
  id: "trace-history",
  name: "Traces",
  place: { region: "overlay", size: ({ screen }) => overlaySize(screen, SIZE) },
  initial,
  commands,
  title: ({ page }) => titles[page],
  note: (slice, facts, size) => {
    if (slice.page !== "list") return windowNote(slice.top, size.height, pageLines(slice, facts, size.width).length)
    const entries = entriesIn(facts)
    const page = pageRows(size)
    return windowNote(windowTop(cursorIn(slice, entries), page, entries.length), page, entries.length)
  },
  open: (facts) => [opened(facts), { type: "trace/list" }],
  update,
  view,
  mouse: (slice, facts, size, { kind, y }) => {
    if (slice.question !== undefined) return undefined
    if (kind !== "click") return { type: "trace-history/move", by: kind === "wheel-up" ? -1 : 1, unit: "line" }
    const entries = entriesIn(facts)
    const page = pageRows(size)
    const at = windowTop(cursorIn(slice, entries), page, entries.length) + y - 1
    if (slice.page !== "list" || y < 1 || y > page || at >= entries.length) return undefined
    return { type: "trace-history/select", at }
  },
  capture: ({ question }, chord) => (question === undefined ? undefined : { type: "trace-history/answer", chord }),
  captureHints: ({ question }) => (question === undefined ? undefined : answerHints),
})
