/**
 * Closed connections beyond the number that have a row each: summed, so that no byte is lost.
 *
 * A connection that came in is summed by peer, local port and process, without its peer's port; one that went out by
 * peer, the peer's port and process, without its own port: the port that is left out is the one the kernel picked.
 */
import { appendCopies, type SocketTable } from "./socket-table.ts"

/** With more peers than this in one look the rest are summed without their peer. */
export const CLOSED_SUMS_MAX = 5_000

/** Cookies of sockets count up and never have the highest bit. */
const SUM_COOKIE_HIGH = 0xffffffff

/** Where each sum stands in the look's table. */
export interface ClosedSums {
  readonly rows: Map<string, number>
  peers: number
}

export const createClosedSums = (): ClosedSums => ({ rows: new Map(), peers: 0 })

/**
 * Adds the event to its sum. `isWhole`: a connection that no look has seen counts whole. Answers false when its peer
 * is left out.
 */
export function sumClosed(
  sums: ClosedSums,
  table: SocketTable,
  events: SocketTable,
  event: number,
  isWhole: boolean,
): boolean {
  const isCounted = !Number.isNaN(events.countedAcked[event]!)
  const isKnown = (isCounted || isWhole) && !Number.isNaN(events.bytesAcked[event]!)
  const port = events.isOpener[event] === 1 ? `>${events.remotePort[event]}` : `<${events.localPort[event]}`
  const rest = `${events.namespace[event]} ${port} ${events.owner[event]} ${isKnown}`
  const peer = events.remoteAddress.subarray(event * 4, event * 4 + 4).join(" ")
  const own = sums.rows.get(`${peer} ${rest}`)
  const hasPeer = own !== undefined || sums.peers < CLOSED_SUMS_MAX
  const row = own ?? (hasPeer ? undefined : sums.rows.get(rest))
  const acked = events.bytesAcked[event]! - (isCounted ? events.countedAcked[event]! : 0)
  const received = events.bytesReceived[event]! - (isCounted ? events.countedReceived[event]! : 0)
  const sent = events.bytesSent[event]! - (isCounted ? events.countedSent[event]! : 0)
  if (row === undefined) {
    const made = appendCopies(events, Int32Array.of(event), table)
    begin(table, made, { acked, received, sent, isKnown, hasPeer })
    table.cookieLow[made] = sums.rows.size
    sums.rows.set(hasPeer ? `${peer} ${rest}` : rest, made)
    if (hasPeer) sums.peers++
    return hasPeer
  }
  table.bytesAcked[row]! += acked
  table.bytesReceived[row]! += received
  table.bytesSent[row]! += sent
  table.bytesRetransmitted[row]! += events.bytesRetransmitted[event]!
  table.retransTotal[row]! += events.retransTotal[event]!
  table.connectionCount[row]!++
  table.lifetimeMs[row] = Math.max(table.lifetimeMs[row]!, events.lifetimeMs[event]!)
  return hasPeer
}

function begin(
  table: SocketTable,
  row: number,
  first: { acked: number; received: number; sent: number; isKnown: boolean; hasPeer: boolean },
): void {
  table.bytesAcked[row] = first.acked
  table.bytesReceived[row] = first.received
  table.countedAcked[row] = first.isKnown ? 0 : Number.NaN
  table.countedReceived[row] = first.isKnown ? 0 : Number.NaN
  table.bytesSent[row] = first.sent
  table.countedSent[row] = first.isKnown ? 0 : Number.NaN
  // No socket: a sum is nobody's continuation. Its name is one that no socket has, nor a flow's row.
  table.cookieHigh[row] = SUM_COOKIE_HIGH
  if (table.isOpener[row] === 1) table.localPort[row] = 0
  else table.remotePort[row] = 0
  if (!first.hasPeer) table.remoteAddress.fill(0, row * 4, row * 4 + 4)
}
