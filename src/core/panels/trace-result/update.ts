/** What each key does to the result of a trace. */
import type { Facts } from "../../app/facts.ts"
import { type PanelStep, say } from "../../app/panel.ts"
import type { ShownTrace } from "../../app/tracing.ts"
import type { Size } from "../../text/line.ts"
import { scrolled } from "../../text/scroll.ts"
import { conversationsOf, initial, type Page, pages, type TraceResult } from "./state.ts"
import { bodyHeight, detailLines, scrollLines } from "./view.ts"

export type TraceResultAction =
  | { readonly type: "trace-result/move"; readonly by: number; readonly unit: "line" | "page" | "all" }
  | { readonly type: "trace-result/select"; readonly at: number }
  | { readonly type: "trace-result/turn"; readonly by: 1 | -1 }
  | { readonly type: "trace-result/show"; readonly page: Page }
  | { readonly type: "trace-result/enter" }
  | { readonly type: "trace-result/back" }

type Step = PanelStep<TraceResult>

export function update(slice: TraceResult, action: TraceResultAction, facts: Facts, size: Size): Step {
  const { shown } = facts.tracing
  if (shown === undefined) return [slice, { type: "app/close" }]
  switch (action.type) {
    case "trace-result/move":
      return move(slice, action, shown, facts, size)
    case "trace-result/select":
      return select(slice, action.at, shown, facts)
    case "trace-result/turn": {
      const at = pages.indexOf(slice.page)
      return [showPage(slice, pages[(at + action.by + pages.length) % pages.length]!)]
    }
    case "trace-result/show":
      return [showPage(slice, action.page)]
    case "trace-result/enter":
      return enter(slice, shown, facts)
    case "trace-result/back": {
      const { detail, ...rest } = slice
      return detail === undefined ? [slice, { type: "app/close" }] : [rest]
    }
  }
}

function showPage({ detail: _, ...slice }: TraceResult, page: Page): TraceResult {
  return { ...slice, page, top: initial.top }
}

function move(
  slice: TraceResult,
  { by, unit }: Extract<TraceResultAction, { type: "trace-result/move" }>,
  shown: ShownTrace,
  facts: Facts,
  size: Size,
): Step {
  const page = bodyHeight(size)
  const step = (total: number) => by * { line: 1, page, all: total }[unit]
  if (slice.detail !== undefined && unit !== "line") {
    const total = detailLines(slice, shown, facts, size.width).length
    const top = scrolled(slice.detail.top, step(total), page, total)
    return [top === slice.detail.top ? slice : { ...slice, detail: { top } }]
  }
  if (slice.page === "packets") return select(slice, slice.packet + step(shown.trace.table.count), shown, facts)
  if (slice.page === "conversations")
    return select(slice, slice.conversation + step(conversationsOf(shown).length), shown, facts)
  const total = scrollLines(slice, shown, facts, size.width).length
  const top = scrolled(slice.top, step(total), page, total)
  return [top === slice.top ? slice : { ...slice, top }]
}

/** Moves the cursor of the page; with its detail open, the arrows go from packet to packet. */
function select(slice: TraceResult, wanted: number, shown: ShownTrace, facts: Facts): Step {
  const within = (total: number) => Math.max(0, Math.min(wanted, total - 1))
  if (slice.page === "conversations") {
    const conversation = within(conversationsOf(shown).length)
    return [conversation === slice.conversation ? slice : { ...slice, conversation }]
  }
  if (slice.page !== "packets") return [slice]
  const packet = within(shown.trace.table.count)
  if (packet === slice.packet) return [slice]
  const next = { ...slice, packet }
  return slice.detail === undefined ? [next] : openDetail(next, shown, facts)
}

function enter(slice: TraceResult, shown: ShownTrace, facts: Facts): Step {
  if (slice.page === "packets") {
    if (shown.trace.table.count === 0) return [slice, say("there is no packet")]
    if (slice.detail !== undefined) {
      const { detail: _, ...rest } = slice
      return [rest]
    }
    return openDetail(slice, shown, facts)
  }
  if (slice.page === "conversations") return [showPage(slice, "sequence")]
  return [showPage(slice, slice.page === "verdict" ? "packets" : "conversations")]
}

/** What the list does not hold is read from the file. */
function openDetail(slice: TraceResult, { about }: ShownTrace, { tracing }: Facts): Step {
  const number = slice.packet + 1
  const { file } = about
  const isKnown = file === undefined || (tracing.packet?.file === file && tracing.packet.number === number)
  return [{ ...slice, detail: { top: 0 } }, ...(isKnown ? [] : [{ type: "trace/read-packet", file, number } as const])]
}
