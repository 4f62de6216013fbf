/**
 * What moved on each flow between two looks, and on the rows that flows stand behind.
 *
 * These are IP bytes, headers and retransmissions included. The looks of flows have a window of their own: where the
 * table is large it is read less often than the sockets.
 */

import type { FlowTable } from "../sample/flow-table.ts"
import type { Flows, FlowsSeen } from "../sample/flows.ts"
import { isCompleteFlows, isInScope } from "../sample/flows.ts"
import { isSenderSide } from "../sample/nat.ts"
import { IPPROTO_UDP, rowSource, type SocketTable } from "../sample/socket-table.ts"
import { type FlowRateTable, fitFlowRates } from "./flow-rates.ts"
import { byteMark, type RateTable } from "./rates.ts"

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
  const { scope, table: tableBefore } = before.flows
  const bytesMax = (BYTES_PER_SECOND_MAX * before.elapsedMs) / 1000
  for (let row = 0; row < table.length; row++) {
    const match = table.previousRow[row]!
    let original = table.originalBytes[row]!
    let reply = table.replyBytes[row]!
    let reason: number = byteMark.exact
    if (match >= 0) {
      original -= tableBefore.originalBytes[match]!
      reply -= tableBefore.replyBytes[match]!
    } else if (!isCompleteFlows(before.flows, table.namespace[row]!) || !isInScope(scope, table, row))
      reason = byteMark.first
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
 *
 * Where flows are read less often than sockets, a living row gets the part of the flows' window that one look is: `part`
 * is 1 where both windows are the same.
 */
export function applyFlowBytes(
  rates: RateTable,
  sockets: SocketTable,
  flows: { readonly table: FlowTable; readonly rates: FlowRateTable; readonly part?: number },
): void {
  const { part = 1 } = flows
  for (let row = 0; row < sockets.length; row++) {
    const flow = sockets.flow[row]!
    if (flow < 0) continue
    if (hasOwnCounters(sockets, row)) continue
    const { originalBytes, replyBytes, mark } = flows.rates
    const isSender = isSenderSide(sockets, row, flows.table)
    const own = sockets.source[row] === rowSource.closed ? 1 : part
    rates.txBytes[row] = (isSender ? originalBytes : replyBytes)[flow]! * own
    rates.rxBytes[row] = (isSender ? replyBytes : originalBytes)[flow]! * own
    rates.mark[row] = mark[flow]!
  }
}

/** TCP sockets, living and closed, count for themselves. The row of a flow that has ended has no tcp_info. */
export const hasOwnCounters = ({ source, protocol, hasInfo }: SocketTable, row: number): boolean =>
  protocol[row] !== IPPROTO_UDP &&
  (source[row] === rowSource.socket || (source[row] === rowSource.closed && hasInfo[row] === 1))

/**
 * The part of the flows' window that the window of the sockets is: 1 where the flows were read in both looks, NaN where
 * no window is known.
 */
export function flowPart(
  now: FlowsSeen,
  before: { readonly flows: FlowsSeen | undefined; readonly elapsedMs: number } | undefined,
): number {
  if (before === undefined || now.before === undefined) return Number.NaN
  const isEveryLook = !now.isKept && now.before.readAtMs === before.flows?.now.readAtMs && !before.flows.isKept
  return isEveryLook ? 1 : before.elapsedMs / (now.now.readAtMs - now.before.readAtMs)
}
