/**
 * What moved on each flow between two looks, and on the rows that flows stand behind.
 *
 * These are IP bytes, headers and retransmissions included. The looks of flows have a window of their own: where the
 * table is large it is read less often than the sockets.
 */

import type { FlowTable } from "../sample/flow-table.ts"
import type { Flows } from "../sample/flows.ts"
import { isInScope } from "../sample/flows.ts"
import { isSenderSide } from "../sample/nat.ts"
import { IPPROTO_UDP, rowSource, type SocketTable } from "../sample/socket-table.ts"
import { byteMark, type RateTable } from "./rates.ts"

/** Bytes that moved in the window, row by row beside the `FlowTable`. Reused from look to look. */
export interface FlowRateTable {
  /** From whom sent first to whom answers, and back; NaN is unknown. */
  originalBytes: Float64Array
  replyBytes: Float64Array
  /** byteMark. */
  mark: Uint8Array
}

export const createFlowRateTable = (): FlowRateTable => ({
  originalBytes: new Float64Array(0),
  replyBytes: new Float64Array(0),
  mark: new Uint8Array(0),
})

function fitFlowRates(rates: FlowRateTable, capacity: number): void {
  if (rates.mark.length >= capacity) return
  rates.originalBytes = new Float64Array(capacity)
  rates.replyBytes = new Float64Array(capacity)
  rates.mark = new Uint8Array(capacity)
}

/** As for sockets: no device carries more than 400 Gbit/s. */
const BYTES_PER_SECOND_MAX = 400e9 / 8

/**
 * Fills `rates` from two looks that `linkFlows` has joined. A flow that the look before would have shown, had it been
 * there, has begun since and counts from zero; else it is `first`. Flows that have ended are counted too: what they
 * moved before they ended, once. Hot: once a look.
 */
export function deriveFlowBytes(
  rates: FlowRateTable,
  now: Flows,
  before: { readonly flows: Flows; readonly elapsedMs: number } | undefined,
): void {
  const { table } = now
  fitFlowRates(rates, table.capacity)
  const { originalBytes, replyBytes, mark } = rates
  if (before === undefined || !(before.elapsedMs > 0)) {
    originalBytes.fill(Number.NaN, 0, table.length)
    replyBytes.fill(Number.NaN, 0, table.length)
    mark.fill(byteMark.first, 0, table.length)
    return
  }
  const { isComplete, scope, table: tableBefore } = before.flows
  const bytesMax = (BYTES_PER_SECOND_MAX * before.elapsedMs) / 1000
  for (let row = 0; row < table.length; row++) {
    const match = table.previousRow[row]!
    let original = table.originalBytes[row]!
    let reply = table.replyBytes[row]!
    let reason: number = byteMark.exact
    if (match >= 0) {
      original -= tableBefore.originalBytes[match]!
      reply -= tableBefore.replyBytes[match]!
    } else if (!isComplete || !isInScope(scope, table, row)) reason = byteMark.first
    // The comparisons are false for NaN, which is told apart last.
    if (reason === byteMark.exact) {
      if (original < 0 || reply < 0) reason = byteMark.wentBack
      else if (original > bytesMax || reply > bytesMax) reason = byteMark.impossible
      else if (Number.isNaN(original) || Number.isNaN(reply)) reason = byteMark.uncounted
    }
    mark[row] = reason
    originalBytes[row] = reason === byteMark.exact ? original : Number.NaN
    replyBytes[row] = reason === byteMark.exact ? reply : Number.NaN
  }
}

/**
 * Puts the bytes of flows where only they know: in rows that came from conntrack, and in connected UDP sockets. Run it
 * after `deriveBytes`; `appendFlowRows` has joined sockets and flows.
 */
export function applyFlowBytes(
  rates: RateTable,
  sockets: SocketTable,
  flows: { readonly table: FlowTable; readonly rates: FlowRateTable },
): void {
  for (let row = 0; row < sockets.length; row++) {
    const flow = sockets.flow[row]!
    if (flow < 0) continue
    if (sockets.source[row] === rowSource.socket && sockets.protocol[row] !== IPPROTO_UDP) continue
    const { originalBytes, replyBytes, mark } = flows.rates
    const isSender = isSenderSide(sockets, row, flows.table)
    rates.txBytes[row] = (isSender ? originalBytes : replyBytes)[flow]!
    rates.rxBytes[row] = (isSender ? replyBytes : originalBytes)[flow]!
    rates.mark[row] = mark[flow]!
  }
}
