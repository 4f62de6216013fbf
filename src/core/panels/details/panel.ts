/** Details: all that is known of one connection or group, and what can be done about it. */
import { maskOf } from "../../app/facts.ts"
import { overlaySize } from "../../app/overlay-size.ts"
import { definePanel } from "../../app/panel.ts"
import { describeSubject, pointOf, type Subject, type SubjectFacts } from "../../model/subject.ts"
import { addPoint, type Trail } from "../../model/trail.ts"
import { scrolled, windowNote } from "../../text/scroll.ts"
import { commands } from "./commands.ts"
import { bodyLines, footLines } from "./view.ts"

export interface Details {
  readonly subject?: Subject
  /** What the last look that saw it said. */
  readonly shown?: SubjectFacts
  /** When the look was made that this is of, and that the trail ends with: one look is one point. */
  readonly at?: number
  /** It is not in the last look. */
  readonly isGone: boolean
  readonly trail: Trail
  /** First line of the window. */
  readonly top: number
}

export type DetailsAction =
  | { readonly type: "details/scroll"; readonly by: number; readonly unit: "line" | "page" | "all" }
  | { readonly type: "details/block" }
  | { readonly type: "details/kill" }

const SIZE = { width: 88, height: 20 }
const WHEEL_LINES = 3
/** The lines that never scroll away: a blank one and the keys. */
const FOOT_HEIGHT = 2

const initial: Details = { isGone: false, trail: [], top: 0 }
const page = (height: number) => Math.max(1, height - FOOT_HEIGHT)

export const details = definePanel<"details", Details, DetailsAction>({
  id: "details",
  name: "Details",
  place: { region: "overlay", size: ({ screen }) => overlaySize(screen, SIZE) },
  initial,
  commands,
  title: ({ subject }) => (subject?.kind === "group" ? "Group" : "Connection"),
  note: (slice, facts, { width, height }) =>
    slice.isGone ? "ended" : windowNote(slice.top, page(height), bodyLines(slice, maskOf(facts), width).length),
  open: ({ model, settings }, about) => {
    if (about === undefined || model?.connections.ok !== true) return [initial]
    const { subject, trail = [] } = about
    const shown = describeSubject(model.connections.value, subject, settings.ownPid)
    return [{ ...initial, subject, trail, at: model.at, ...(shown === undefined ? { isGone: true } : { shown }) }]
  },
  // Called for a new mask too, which adds nothing.
  refresh: (slice, { model, settings }) => {
    if (slice.subject === undefined || model?.connections.ok !== true || model.at === slice.at) return slice
    const shown = describeSubject(model.connections.value, slice.subject, settings.ownPid)
    if (shown === undefined) return slice.isGone ? slice : { ...slice, isGone: true }
    return { ...slice, shown, at: model.at, isGone: false, trail: addPoint(slice.trail, pointOf(shown)) }
  },
  update: (slice, action, facts, { width, height }) => {
    if (action.type === "details/scroll") {
      const total = bodyLines(slice, maskOf(facts), width).length
      const step = { line: 1, page: page(height), all: total }[action.unit]
      const top = scrolled(slice.top, action.by * step, page(height), total)
      return [top === slice.top ? slice : { ...slice, top }]
    }
    const { subject } = slice
    if (subject === undefined) return [slice]
    // The form takes the place of the details: closed, it leads back to the rows.
    const about = { subject, ...(action.type === "details/kill" ? { isKillOnly: true } : {}) }
    return [slice, { type: "app/close" }, { type: "app/open", panel: "block-peer", about }]
  },
  view: (slice, facts, { width, height }) => {
    const all = bodyLines(slice, maskOf(facts), width)
    const rows = page(height)
    const from = scrolled(slice.top, 0, rows, all.length)
    const shown = all.slice(from, from + rows)
    return [...shown, ...Array.from({ length: rows - shown.length }, () => []), ...footLines(slice, facts, width)]
  },
  mouse: (_slice, _facts, _size, { kind }) =>
    kind === "click"
      ? undefined
      : { type: "details/scroll", by: kind === "wheel-up" ? -WHEEL_LINES : WHEEL_LINES, unit: "line" },
})
