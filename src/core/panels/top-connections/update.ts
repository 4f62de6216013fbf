/** What each action does to Top Connections. Display only: nothing here collects. */
import type { Facts } from "../../app/facts.ts"
import { type Open, type PanelStep, say } from "../../app/panel.ts"
import { editField, field, insertText } from "../../text/field.ts"
import type { Size } from "../../text/line.ts"
import { scrolled } from "../../text/scroll.ts"
import { pageRows } from "./page.ts"
import { followSelection, selectAt } from "./selection.ts"
import { type Prompt, protocols, rowCount, type SortField, type TopConnections, windowTop } from "./state.ts"
import { subjectOf, whyNoBlock, whyNoTrace } from "./subject.ts"

export type TopConnectionsAction =
  | { readonly type: "top-connections/move"; readonly by: 1 | -1; readonly unit: "row" | "page" | "all" }
  | { readonly type: "top-connections/select"; readonly at: number }
  | { readonly type: "top-connections/scroll"; readonly by: number }
  | { readonly type: "top-connections/side" }
  | { readonly type: "top-connections/protocol" }
  | { readonly type: "top-connections/view" }
  | { readonly type: "top-connections/sort"; readonly field: SortField }
  | { readonly type: "top-connections/ask"; readonly kind: Prompt["kind"] }
  | { readonly type: "top-connections/clear" }
  | { readonly type: "top-connections/details" }
  | { readonly type: "top-connections/block" }
  | { readonly type: "top-connections/trace" }
  | { readonly type: "top-connections/type"; readonly chord: string }
  | { readonly type: "top-connections/paste"; readonly text: string }

type Step = PanelStep<TopConnections>
type ActionOf<T extends TopConnectionsAction["type"]> = Extract<TopConnectionsAction, { type: T }>
type Reducers = {
  readonly [T in TopConnectionsAction["type"]]: (
    slice: TopConnections,
    action: ActionOf<T>,
    facts: Facts,
    size: Size,
  ) => Step
}

/** A new question begins at its first row. */
const ask = (slice: TopConnections, query: Partial<TopConnections>, facts: Facts): Step => {
  const { selected: _, ...rest } = { ...slice, ...query, cursor: 0, top: 0, isGone: false }
  return [followSelection(rest, facts)]
}

const reducers: Reducers = {
  "top-connections/move": (slice, { by, unit }, facts, size) => {
    const page = pageRows(facts, size)
    if (unit === "page") return turnPage(slice, by, page)
    const total = rowCount(slice)
    // The row under the cursor took the place of one that ended: it is the next one down.
    const start = slice.isGone && by > 0 ? slice.cursor - 1 : slice.cursor
    const moved = selectAt(slice, unit === "row" ? start + by : by < 0 ? 0 : total - 1)
    return [moved === slice ? slice : { ...moved, top: windowTop(moved, page, total) }]
  },
  "top-connections/select": (slice, { at }) => [selectAt(slice, at)],
  "top-connections/scroll": (slice, { by }, facts, size) => {
    const page = pageRows(facts, size)
    const total = rowCount(slice)
    const before = windowTop(slice, page, total)
    const top = scrolled(before, by, page, total)
    if (top === before) return [slice]
    // The cursor stays in the window.
    return [{ ...selectAt(slice, Math.min(Math.max(slice.cursor, top), top + page - 1)), top }]
  },
  "top-connections/side": (slice, _, facts) => {
    // A port means another end now.
    const { port: _port, ...rest } = slice
    return ask(rest, { side: slice.side === "in" ? "out" : "in" }, facts)
  },
  "top-connections/protocol": (slice, _, facts) =>
    ask(slice, { protocol: protocols[(protocols.indexOf(slice.protocol) + 1) % protocols.length]! }, facts),
  "top-connections/view": (slice, _, facts) =>
    ask(slice, { view: slice.view === "groups" ? rowsView(facts) : "groups" }, facts),
  "top-connections/sort": (slice, { field: wanted }, facts) => {
    const sort = slice.sorts[slice.view]
    const next = { field: wanted, isDescending: sort.field === wanted ? !sort.isDescending : true }
    return ask(slice, { sorts: { ...slice.sorts, [slice.view]: next } }, facts)
  },
  "top-connections/ask": (slice, { kind }) => [
    { ...slice, prompt: { kind, field: field(kind === "port" ? String(slice.port ?? "") : slice.search) } },
  ],
  "top-connections/clear": (slice, _, facts) => {
    if (slice.port === undefined && slice.search === "") return [slice, say("no filter is set")]
    const { port: _port, ...rest } = slice
    return ask(rest, { search: "" }, facts)
  },
  "top-connections/details": (slice) => open(slice, "details"),
  // What was selected may have ended while the key was on its way.
  "top-connections/block": (slice, _, facts) => {
    const reason = whyNoBlock(slice, facts)
    return reason === undefined ? open(slice, "block-peer") : [slice, say(reason)]
  },
  "top-connections/trace": (slice, _, facts) => {
    if (facts.tracing.running !== undefined)
      return [slice, say("a trace is running already"), { type: "app/open", panel: "trace-progress" }]
    const reason = whyNoTrace(slice, facts)
    return reason === undefined ? open(slice, "trace-packet") : [slice, say(reason)]
  },
  "top-connections/type": (slice, { chord }, facts) => {
    const { prompt } = slice
    if (prompt === undefined) return [slice]
    if (chord === "escape") return [withoutPrompt(slice)]
    if (chord === "enter") return submit(slice, prompt, facts)
    const typed = editField(prompt.field, chord)
    return [typed === prompt.field ? slice : { ...slice, prompt: { kind: prompt.kind, field: typed } }]
  },
  "top-connections/paste": (slice, { text }) => [
    slice.prompt === undefined
      ? slice
      : { ...slice, prompt: { kind: slice.prompt.kind, field: insertText(slice.prompt.field, text) } },
  ],
}

/** The view with the most rows. */
const rowsView = ({ source }: Facts) => (source === "replay" ? "services" : "connections")

function open(slice: TopConnections, panel: Exclude<Open["panel"], "trace-progress">): Step {
  const subject = subjectOf(slice)
  return subject === undefined
    ? [slice]
    : [slice, { type: "app/open", panel, about: { subject, trail: slice.trail?.points ?? [] } }]
}

/** The window and the cursor in it move by one page; at an end that is said. */
function turnPage(slice: TopConnections, by: 1 | -1, page: number): Step {
  const total = rowCount(slice)
  if (total === 0) return [slice]
  const isAtEnd = by < 0 ? slice.cursor === 0 : slice.cursor === total - 1
  if (isAtEnd) return [slice, say(`already at the ${by < 0 ? "first" : "last"} page`)]
  const top = scrolled(windowTop(slice, page, total), by * page, page, total)
  return [{ ...selectAt(slice, slice.cursor + by * page), top }]
}

function withoutPrompt(slice: TopConnections): TopConnections {
  const { prompt: _, ...rest } = slice
  return rest
}

/** Uses what was typed as the filter; nothing typed is no filter. */
function submit(slice: TopConnections, prompt: Prompt, facts: Facts): Step {
  const text = prompt.field.text.trim()
  if (prompt.kind === "search") return ask(withoutPrompt(slice), { search: text }, facts)
  const { port: _, ...withoutPort } = withoutPrompt(slice)
  if (text === "") return ask(withoutPort, {}, facts)
  if (!/^\d{1,5}$/.test(text) || Number(text) < 1 || Number(text) > 65_535) {
    return [{ ...slice, prompt: { ...prompt, problem: "a port is a number from 1 to 65535" } }]
  }
  return ask(withoutPort, { port: Number(text) }, facts)
}

export function update(slice: TopConnections, action: TopConnectionsAction, facts: Facts, size: Size): Step {
  const reduce = reducers[action.type] as (
    slice: TopConnections,
    action: TopConnectionsAction,
    facts: Facts,
    size: Size,
  ) => Step
  return reduce(slice, action, facts, size)
}
