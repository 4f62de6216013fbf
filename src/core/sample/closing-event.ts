/**
 * One socket that closed, as the sock_diag destroy groups tell it (since Linux 4.2): an inet_diag message in state
 * CLOSE with the final tcp_info, without inode, queues or cgroup.
 *
 * Every TCP socket that ends makes one, so listeners and sockets that were never connected are told too. Of a local
 * abort (SO_LINGER 0, net/ipv4/tcp.c: tcp_disconnect) the kernel has wiped the peer and the counters before it tells.
 */

import { align4 } from "../wire/codec.ts"
import { INET_DIAG_INFO, IPPROTO_TCP } from "../wire/inet-diag.ts"
import type { Datagram } from "../wire/message.ts"
import { LISTEN } from "./listeners.ts"
import { ATTRIBUTES, appendSocket, rowSource, type SocketTable } from "./socket-table.ts"

/**
 * What became of a message: a connection's row; the row of a listener, in state LISTEN, since it tells whose side of a
 * short connection was the server's; nothing, since it was neither; nothing, since its bytes make no sense.
 */
export type ClosingKind = "closed" | "listener" | "neither" | "broken"

/** True for a row whose counters and peer the kernel has wiped. */
export const isWiped = (table: SocketTable, row: number): boolean => table.remotePort[row] === 0

/** Appends the event in `[at, end)`. `arrivedMs` is the monotonic clock; `firstSeenMs` holds it. */
export function appendClosing(
  table: SocketTable,
  message: { readonly data: Datagram; readonly at: number; readonly end: number },
  namespace: number,
  arrivedMs: number,
): ClosingKind {
  const { data, at, end } = message
  const row = table.length
  if (!appendSocket(table, data, at, end, IPPROTO_TCP, namespace)) return "broken"
  const info = findInfo(data, at, end)
  table.source[row] = rowSource.closed
  table.firstSeenMs[row] = arrivedMs
  // The path MTU outlives the wiping; a socket that never had a peer has none.
  if (isWiped(table, row) && !(info.size >= 64 && data.words[(info.at + 60) >> 2]! > 0)) {
    table.state[row] = LISTEN
    if (table.localPort[row] !== 0) return "listener"
    table.length = row
    return "neither"
  }
  // struct tcp_info: the last data sent and received, milliseconds ago. Both clocks start with the connection, so the
  // elder is the least it lived. Wiped, they start with the host.
  if (info.size >= 60 && !isWiped(table, row))
    table.lifetimeMs[row] = Math.max(data.words[(info.at + 44) >> 2]!, data.words[(info.at + 52) >> 2]!)
  return "closed"
}

/** Where tcp_info stands; the lengths on the way have been checked by `appendSocket`. */
function findInfo({ halves }: Datagram, from: number, end: number): { at: number; size: number } {
  for (let at = from + ATTRIBUTES; at + 4 <= end; at += align4(halves[at >> 1]!)) {
    if (halves[(at >> 1) + 1] === INET_DIAG_INFO) return { at: at + 4, size: halves[at >> 1]! - 4 }
  }
  return { at: from, size: 0 }
}
