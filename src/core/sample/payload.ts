/**
 * Payload out of TCP's counters.
 *
 * TCP numbers SYN and FIN like bytes, and `bytes_acked` and `bytes_received` count what was numbered
 * (net/ipv4/tcp_input.c, tcp_snd_una_update and tcp_rcv_nxt_update): the side that opened has its SYN in
 * `bytes_acked`, either side its FIN once it is acknowledged, and the peer's FIN is in `bytes_received`. The peer's SYN
 * is in neither. `bytes_sent` (since 4.19) counts data alone, which tells the two apart exactly.
 */
import { type Listeners, listenerOf } from "./listeners.ts"
import type { SocketTable } from "./socket-table.ts"

// net/tcp_states.h
const FIN_WAIT2 = 5
const CLOSE_WAIT = 8
const LAST_ACK = 9
const CLOSING = 11

/** True in the states that follow the peer's FIN. */
export const hasPeerFinished = (state: number): boolean =>
  state === CLOSE_WAIT || state === LAST_ACK || state === CLOSING

/**
 * Decides for every row who opened it and when it was first seen, and takes SYN and FIN out of `bytesAcked` and
 * `bytesReceived`. Runs once over a table that `linkPrevious` has joined with `previous`; what was decided there stays,
 * so that differences never go back. Hot: once a look.
 */
export function settlePayload(
  table: SocketTable,
  previous: SocketTable | undefined,
  listeners: Listeners,
  nowMs: number,
): void {
  const { previousRow, isOpener, firstSeenMs, hasInfo, state, bytesAcked, bytesReceived, localPort } = table
  for (let row = 0; row < table.length; row++) {
    const match = previousRow[row]!
    if (match >= 0 && previous !== undefined) {
      isOpener[row] = previous.isOpener[match]!
      firstSeenMs[row] = previous.firstSeenMs[match]!
    } else if (Number.isNaN(firstSeenMs[row]!)) {
      // A row that was found among those awaiting their end knows already.
      firstSeenMs[row] = nowMs
      isOpener[row] = listeners.first[localPort[row]!]! >= 0 && listenerOf(table, listeners, row) >= 0 ? 0 : 1
    }
    if (hasInfo[row] === 0) continue
    const finAcked = state[row] === FIN_WAIT2 ? 1 : 0
    bytesAcked[row] = ackedPayload(table, row, isOpener[row]!, finAcked)
    if (hasPeerFinished(state[row]!)) bytesReceived[row] = Math.max(0, bytesReceived[row]! - 1)
  }
}

/**
 * The final counters of a closed connection as payload. Its state says nothing any more (it is CLOSE for all), so
 * that the peer had finished is taken from `wasFinished`, or from our own FIN being acknowledged: a connection that
 * was broken off seldom gets that far.
 */
export function settleFinalPayload(table: SocketTable, row: number, wasFinished: boolean): void {
  const opener = table.isOpener[row]!
  const data = table.bytesSent[row]! - table.bytesRetransmitted[row]!
  const isFinAcked = !(table.bytesAcked[row]! - opener - data < 1)
  table.bytesAcked[row] = ackedPayload(table, row, opener, 1)
  if (wasFinished || isFinAcked) table.bytesReceived[row] = Math.max(0, table.bytesReceived[row]! - 1)
}

/** Never more than the data sent; on kernels that do not count it, less `finAcked`. */
function ackedPayload(table: SocketTable, row: number, opener: number, finAcked: number): number {
  const acked = Math.max(0, table.bytesAcked[row]! - opener)
  const data = table.bytesSent[row]! - table.bytesRetransmitted[row]!
  return Number.isNaN(data) ? Math.max(0, acked - finAcked) : Math.min(acked, data)
}
