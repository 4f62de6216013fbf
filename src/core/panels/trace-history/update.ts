/** What each key does to the trace history. */
import type { Facts } from "../../app/facts.ts"
import { type PanelStep, say } from "../../app/panel.ts"
import { isLatest } from "../../app/tracing.ts"
import type { Size } from "../../text/line.ts"
import { scrolled } from "../../text/scroll.ts"
import { isSameEntry, type TraceEntry } from "../../trace/history.ts"
import { cursorIn, entriesIn, entryAtCursor, type TraceHistory } from "./state.ts"
import { pageLines, pageRows } from "./view.ts"

export type TraceHistoryAction =
  | { readonly type: "trace-history/move"; readonly by: number; readonly unit: "line" | "page" | "all" }
  | { readonly type: "trace-history/select"; readonly at: number }
  | { readonly type: "trace-history/enter" }
  | { readonly type: "trace-history/open" }
  | { readonly type: "trace-history/compare" }
  | { readonly type: "trace-history/ask" }
  | { readonly type: "trace-history/answer"; readonly chord: string }
  | { readonly type: "trace-history/back" }

type Step = PanelStep<TraceHistory>

export function update(slice: TraceHistory, action: TraceHistoryAction, facts: Facts, size: Size): Step {
  const entries = entriesIn(facts)
  const entry = entryAtCursor(slice, facts)
  switch (action.type) {
    case "trace-history/move":
      return [slice.page === "list" ? moved(slice, action, entries, size) : scrolledBy(slice, action, facts, size)]
    case "trace-history/select":
      return [selectAt(slice, entries, action.at)]
    case "trace-history/enter":
      if (entry === undefined) return [slice, say("there is no trace")]
      return [slice.page === "list" ? { ...slice, selected: entry, page: "detail", top: 0 } : toList(slice)]
    case "trace-history/open":
      if (entry === undefined) return [slice, say("there is no trace")]
      if (entry.pcap_path === undefined && !isLatest(entry, facts.tracing.latest))
        return [slice, say("its packets were not saved")]
      return [slice, say("reading the capture…"), { type: "trace/open", entry }]
    case "trace-history/compare":
      return entry === undefined ? [slice, say("there is no trace")] : compare(slice, entry)
    case "trace-history/ask":
      return entry === undefined ? [slice, say("there is no trace")] : [{ ...slice, question: entry }]
    case "trace-history/answer":
      return answer(slice, action.chord)
    case "trace-history/back":
      return slice.page === "list" ? [slice, { type: "app/close" }] : [toList(slice)]
  }
}

function toList({ incident: _, ...slice }: TraceHistory): TraceHistory {
  return { ...slice, page: "list", top: 0 }
}

type Move = Extract<TraceHistoryAction, { type: "trace-history/move" }>

function moved(slice: TraceHistory, { by, unit }: Move, entries: readonly TraceEntry[], size: Size): TraceHistory {
  const step = { line: 1, page: pageRows(size), all: entries.length }[unit]
  return selectAt(slice, entries, cursorIn(slice, entries) + by * step)
}

function selectAt(slice: TraceHistory, entries: readonly TraceEntry[], wanted: number): TraceHistory {
  const cursor = Math.max(0, Math.min(wanted, entries.length - 1))
  const selected = entries[cursor]
  const isSame = selected === undefined || (slice.selected !== undefined && isSameEntry(selected, slice.selected))
  return isSame && cursor === slice.cursor
    ? slice
    : { ...slice, cursor, ...(selected === undefined ? {} : { selected }) }
}

function scrolledBy(slice: TraceHistory, { by, unit }: Move, facts: Facts, size: Size): TraceHistory {
  const total = pageLines(slice, facts, size.width).length
  const top = scrolled(slice.top, by * { line: 1, page: size.height, all: total }[unit], size.height, total)
  return top === slice.top ? slice : { ...slice, top }
}

/** The first press marks the baseline, on the same trace takes it back, on another compares the two. */
function compare(slice: TraceHistory, entry: TraceEntry): Step {
  const { baseline, ...rest } = slice
  if (baseline === undefined)
    return [{ ...slice, selected: entry, baseline: entry }, say("marked; c on another trace compares the two")]
  if (isSameEntry(baseline, entry)) return [rest, say("no trace is marked any more")]
  return [{ ...slice, selected: entry, incident: entry, page: "compare", top: 0 }]
}

/** Only `y` deletes: Enter, pressed once too often, does nothing. */
function answer(slice: TraceHistory, chord: string): Step {
  const { question, baseline, ...rest } = slice
  const kept = baseline === undefined ? rest : { ...rest, baseline }
  if (question === undefined) return [slice]
  if (chord === "n" || chord === "escape") return [kept]
  if (chord !== "y") return [slice, say("y deletes, n keeps")]
  const isMarked = baseline !== undefined && isSameEntry(baseline, question)
  return [toList(isMarked ? rest : kept), say("deleting the trace…"), { type: "trace/forget", entry: question }]
}
