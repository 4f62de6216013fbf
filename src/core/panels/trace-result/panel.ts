/** The result of a trace: the verdict first, then its packets, its conversations, and how one of them opened and closed. */

import { maskOf } from "../../app/facts.ts"
import { overlaySize } from "../../app/overlay-size.ts"
import { definePanel } from "../../app/panel.ts"
import { maskAddresses } from "../../text/mask.ts"
import { windowNote } from "../../text/scroll.ts"
import { harmless } from "../../text/width.ts"
import { formatPeerPort } from "../../trace/filter.ts"
import { commands } from "./commands.ts"
import { conversationsOf, initial, opened, type TraceResult } from "./state.ts"
import { type TraceResultAction, update } from "./update.ts"
import { bodyHeight, detailLines, scrollLines, tableRows, view, windowTop } from "./view.ts"

const SIZE = { width: 150, height: 32 }
const WHEEL_LINES = 3
/** Lines above the first row of a table. */
const ABOVE_ROWS = 3

export const traceResult = definePanel<"trace-result", TraceResult, TraceResultAction>({
  id: "trace-result",
  name: "Trace result",
  place: {
    region: "overlay",
    size: ({ screen }) => overlaySize(screen, { ...SIZE, width: Math.min(SIZE.width, screen.width) }),
  },
  initial,
  commands,
  title: (_, facts) => {
    const { tracing } = facts
    const about = tracing.shown?.about
    if (about?.peer === undefined) return "Trace"
    const target = formatPeerPort(about.peer, about.port)
    return `Trace of ${harmless(maskAddresses(target, maskOf(facts)))}`
  },
  note: (slice, facts, size) => {
    const { shown } = facts.tracing
    if (shown === undefined) return ""
    if (slice.detail !== undefined)
      return windowNote(slice.detail.top, bodyHeight(size), detailLines(slice, shown, facts, size.width).length)
    const [cursor, total] =
      slice.page === "packets"
        ? [slice.packet, shown.trace.table.count]
        : slice.page === "conversations"
          ? [slice.conversation, conversationsOf(shown).length]
          : [undefined, 0]
    const rows = tableRows(slice.page, size)
    if (cursor !== undefined) return windowNote(windowTop(cursor, rows, total), rows, total)
    return windowNote(slice.top, bodyHeight(size), scrollLines(slice, shown, facts, size.width).length)
  },
  open: ({ tracing }) => [opened(tracing.shown)],
  update,
  view,
  mouse: (slice, { tracing }, size, { kind, y }) => {
    if (kind !== "click")
      return { type: "trace-result/move", by: kind === "wheel-up" ? -WHEEL_LINES : WHEEL_LINES, unit: "line" }
    const { shown } = tracing
    if (shown === undefined || slice.detail !== undefined || y < ABOVE_ROWS) return undefined
    const page = tableRows(slice.page, size)
    if (slice.page === "packets")
      return {
        type: "trace-result/select",
        at: windowTop(slice.packet, page, shown.trace.table.count) + y - ABOVE_ROWS,
      }
    if (slice.page !== "conversations") return undefined
    const total = conversationsOf(shown).length
    return { type: "trace-result/select", at: windowTop(slice.conversation, page, total) + y - ABOVE_ROWS }
  },
})
