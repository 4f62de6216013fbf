/** What each action does to Top Connections. Display only: nothing here collects. */
import type { Facts } from "../../app/facts.ts"
import type { PanelStep } from "../../app/panel.ts"
import { editField, field, insertText } from "../../text/field.ts"
import type { Size } from "../../text/line.ts"
import { followSelection, selectAt } from "./selection.ts"
import { type Prompt, rowCount, type SortField, type TopConnections, windowTop } from "./state.ts"
import { pageRows } from "./view.ts"

export type TopConnectionsAction =
  | { readonly type: "top-connections/move"; readonly by: number; readonly unit: "row" | "page" | "all" }
  | { readonly type: "top-connections/select"; readonly at: number }
  | { readonly type: "top-connections/scroll"; readonly by: number }
  | { readonly type: "top-connections/side" }
  | { readonly type: "top-connections/view" }
  | { readonly type: "top-connections/sort"; readonly field: SortField }
  | { readonly type: "top-connections/ask"; readonly kind: Prompt["kind"] }
  | { readonly type: "top-connections/clear" }
  | { readonly type: "top-connections/type"; readonly chord: string }
  | { readonly type: "top-connections/paste"; readonly text: string }

type ActionOf<T extends TopConnectionsAction["type"]> = Extract<TopConnectionsAction, { type: T }>
type Reducers = {
  readonly [T in TopConnectionsAction["type"]]: (
    slice: TopConnections,
    action: ActionOf<T>,
    facts: Facts,
    size: Size,
  ) => TopConnections
}

/** A new question begins at its first row. */
const ask = (slice: TopConnections, query: Partial<TopConnections>, facts: Facts): TopConnections => {
  const { selected: _, ...rest } = { ...slice, ...query, cursor: 0, top: 0, isGone: false }
  return followSelection(rest, facts)
}

const reducers: Reducers = {
  "top-connections/move": (slice, { by, unit }, facts, size) => {
    const page = pageRows(slice, facts, size)
    const step = { row: by, page: by * page, all: by * rowCount(slice) }[unit]
    const moved = selectAt(slice, slice.cursor + step)
    return moved === slice ? slice : { ...moved, top: windowTop(moved, page, rowCount(moved)) }
  },
  "top-connections/select": (slice, { at }) => selectAt(slice, at),
  "top-connections/scroll": (slice, { by }, facts, size) => {
    const page = pageRows(slice, facts, size)
    const top = Math.max(0, Math.min(windowTop(slice, page, rowCount(slice)) + by, rowCount(slice) - page))
    // The cursor stays in the window.
    const moved = selectAt(slice, Math.min(Math.max(slice.cursor, top), top + page - 1))
    return moved.top === top ? moved : { ...moved, top }
  },
  "top-connections/side": (slice, _, facts) => {
    const { port: _port, ...rest } = slice
    return ask(rest, { side: slice.side === "in" ? "out" : "in" }, facts)
  },
  "top-connections/view": (slice, _, facts) =>
    ask(slice, { view: slice.view === "groups" ? "connections" : "groups" }, facts),
  "top-connections/sort": (slice, { field: wanted }, facts) => {
    const sort = slice.sorts[slice.view]
    const next = { field: wanted, isDescending: sort.field === wanted ? !sort.isDescending : true }
    return ask(slice, { sorts: { ...slice.sorts, [slice.view]: next } }, facts)
  },
  "top-connections/ask": (slice, { kind }) => ({
    ...slice,
    prompt: { kind, field: field(kind === "port" ? String(slice.port ?? "") : slice.search) },
  }),
  "top-connections/clear": (slice, _, facts) => {
    if (slice.port === undefined && slice.search === "") return slice
    const { port: _port, ...rest } = slice
    return ask(rest, { search: "" }, facts)
  },
  "top-connections/type": (slice, { chord }, facts) => {
    const { prompt } = slice
    if (prompt === undefined) return slice
    if (chord === "escape") return withoutPrompt(slice)
    if (chord === "enter") return submit(slice, prompt, facts)
    return { ...slice, prompt: { kind: prompt.kind, field: editField(prompt.field, chord) } }
  },
  "top-connections/paste": (slice, { text }) =>
    slice.prompt === undefined
      ? slice
      : { ...slice, prompt: { kind: slice.prompt.kind, field: insertText(slice.prompt.field, text) } },
}

function withoutPrompt(slice: TopConnections): TopConnections {
  const { prompt: _, ...rest } = slice
  return rest
}

/** Uses what was typed as the filter; nothing typed is no filter. */
function submit(slice: TopConnections, prompt: Prompt, facts: Facts): TopConnections {
  const text = prompt.field.text.trim()
  if (prompt.kind === "search") return ask(withoutPrompt(slice), { search: text }, facts)
  const { port: _, ...withoutPort } = withoutPrompt(slice)
  if (text === "") return ask(withoutPort, {}, facts)
  if (!/^\d{1,5}$/.test(text) || Number(text) < 1 || Number(text) > 65_535) {
    return { ...slice, prompt: { ...prompt, problem: "a port is a number from 1 to 65535" } }
  }
  return ask(withoutPort, { port: Number(text) }, facts)
}

export function update(
  slice: TopConnections,
  action: TopConnectionsAction,
  facts: Facts,
  size: Size,
): PanelStep<TopConnections> {
  const reduce = reducers[action.type] as (
    slice: TopConnections,
    action: TopConnectionsAction,
    facts: Facts,
    size: Size,
  ) => TopConnections
  return [reduce(slice, action, facts, size)]
}
