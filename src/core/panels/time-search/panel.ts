/** Search across time: what is looked for, how far the search is, and the snapshots that have it. */
import type { Hint } from "../../app/command.ts"
import { overlaySize } from "../../app/overlay-size.ts"
import { type Close, definePanel } from "../../app/panel.ts"
import { editField, type Field, field, insertText } from "../../text/field.ts"
import { scrolled, windowNote } from "../../text/scroll.ts"
import { commands } from "./commands.ts"
import { lines, rowsOf } from "./view.ts"

export interface TimeSearchState {
  /** What is being typed; absent while the list is gone through. */
  readonly field?: Field
  readonly cursor: number
  readonly top: number
}

export type TimeSearchAction =
  | { readonly type: "time-search/type"; readonly chord: string }
  | { readonly type: "time-search/paste"; readonly text: string }
  | { readonly type: "time-search/move"; readonly by: number; readonly unit: "row" | "page" | "all" }
  | { readonly type: "time-search/show" }
  | { readonly type: "time-search/again" }
  | { readonly type: "time-search/leave" }
  | { readonly type: "time-search/click"; readonly row: number }

const SIZE = { width: 84, height: 22 }
const WHEEL_ROWS = 3
const close: Close = { type: "app/close" }
const hints: readonly Hint[] = [
  { key: "Enter", word: "search", rank: 1 },
  { key: "Esc", word: "cancel", rank: 1 },
]

export const timeSearch = definePanel<"time-search", TimeSearchState, TimeSearchAction>({
  id: "time-search",
  name: "Search across time",
  only: "replay",
  place: { region: "overlay", size: ({ screen }) => overlaySize(screen, SIZE) },
  initial: { field: field(), cursor: 0, top: 0 },
  commands,
  title: () => "Search across time",
  note: ({ top }, { replay }, { height }) => windowNote(top, rowsOf(height), replay?.search?.hits.length ?? 0),
  // What was found the last time stands there still: Enter goes on with it.
  open: ({ replay }) => [
    replay?.search === undefined || replay.search.hits.length === 0
      ? { field: field(replay?.search?.text ?? ""), cursor: 0, top: 0 }
      : { cursor: nearestHit(replay.search.hits, replay.shown?.at ?? 0), top: 0 },
  ],
  update(slice, action, { replay }, { height }) {
    const hits = replay?.search?.hits ?? []
    const page = rowsOf(height)
    const at = (wanted: number): TimeSearchState => {
      const cursor = Math.max(0, Math.min(wanted, hits.length - 1))
      const top = scrolled(Math.min(Math.max(slice.top, cursor - page + 1), cursor), 0, page, hits.length)
      return { cursor, top }
    }
    switch (action.type) {
      case "time-search/paste":
        return [slice.field === undefined ? slice : { ...slice, field: insertText(slice.field, action.text) }]
      case "time-search/type": {
        if (slice.field === undefined) return [slice]
        if (action.chord === "escape") return [slice, close]
        if (action.chord === "enter") {
          const { text } = slice.field
          return text.trim() === ""
            ? [slice, close]
            : [
                { cursor: 0, top: 0 },
                { type: "replay/search", text },
              ]
        }
        const edited = editField(slice.field, action.chord)
        return [edited === slice.field ? slice : { ...slice, field: edited }]
      }
      case "time-search/move":
        return [
          at(
            action.unit === "all"
              ? action.by < 0
                ? 0
                : hits.length - 1
              : slice.cursor + action.by * (action.unit === "page" ? page : 1),
          ),
        ]
      case "time-search/click": {
        const row = slice.top + action.row
        if (row < 0 || row >= hits.length) return [slice]
        return row === slice.cursor ? [slice, close, { type: "replay/show-hit", hit: hits[row]! }] : [at(row)]
      }
      case "time-search/show": {
        const hit = hits[slice.cursor]
        return hit === undefined ? [slice] : [slice, close, { type: "replay/show-hit", hit }]
      }
      case "time-search/again":
        return [{ field: field(replay?.search?.text ?? ""), cursor: 0, top: 0 }, { type: "replay/stop-search" }]
      case "time-search/leave":
        // The first Esc ends a search that goes on, and leaves what was found.
        return replay?.search?.isRunning === true ? [slice, { type: "replay/stop-search" }] : [slice, close]
    }
  },
  view: lines,
  mouse: (_slice, _facts, _size, { kind, y }) =>
    kind === "click"
      ? { type: "time-search/click", row: y - 2 }
      : { type: "time-search/move", by: kind === "wheel-up" ? -WHEEL_ROWS : WHEEL_ROWS, unit: "row" },
  capture: (slice, chord) => (slice.field === undefined ? undefined : { type: "time-search/type", chord }),
  captureHints: (slice) => (slice.field === undefined ? undefined : hints),
  paste: (slice, text) => (slice.field === undefined ? undefined : { type: "time-search/paste", text }),
})

function nearestHit(hits: readonly { readonly at: number }[], at: number): number {
  const next = hits.findIndex((hit) => hit.at >= at)
  return next < 0 ? hits.length - 1 : next
}
