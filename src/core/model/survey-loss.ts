/** What was sent again, and to whom. */
import { addressText, isIpv4At, rowSource, type SocketTable } from "../sample/socket-table.ts"
import { peerKey } from "./survey-subject.ts"

export interface Loss {
  /** Payload bytes of connections that sent something in the window. */
  readonly sentBytes: number
  readonly retransmittedBytes: number
  readonly segmentCount: number
  /** Connections that retransmitted, and of how many that sent. */
  readonly lossyCount: number
  readonly sendingCount: number
  readonly worst?: { readonly peer: string; readonly share: number }
  /** All lossy peers are in this network. */
  readonly prefix?: string
  /** The peer that most was sent to again, by itself. */
  readonly peer?: { readonly sentBytes: number; readonly retransmittedBytes: number; readonly segmentCount: number }
}

/** Of all connections that sent in the window. */
interface Sent {
  readonly sent: number
  readonly retransmitted: number
  readonly segments: number
  /** How many connections. */
  readonly sending: number
}

export function lossOf(
  table: SocketTable,
  total: Sent,
  rows: readonly number[],
  again: (row: number) => number,
  sending: { readonly net: number; readonly sent: (row: number) => number },
): Loss {
  const byPeer = new Map<number, { bytes: number; row: number }>()
  let worst: { bytes: number; row: number } | undefined
  const networks = new Set<number>()
  for (const row of rows) {
    const key = peerKey(table, row)
    let peer = byPeer.get(key)
    if (peer === undefined) {
      peer = { bytes: 0, row }
      byPeer.set(key, peer)
    }
    peer.bytes += again(row)
    if (worst === undefined || peer.bytes > worst.bytes) worst = peer
    // The first three bytes of IPv4, as they lie in memory.
    networks.add(isIpv4At(table.remoteAddress, row) ? key & 0xffffff : key)
  }
  const first = rows[0]
  let sentBytes = 0
  let segmentCount = 0
  if (worst !== undefined) {
    const key = peerKey(table, worst.row)
    const word = table.remoteAddress[worst.row * 4 + 3]
    for (let row = 0; row < table.length; row++) {
      if (table.remoteAddress[row * 4 + 3] !== word || table.namespace[row] !== sending.net) continue
      if (table.source[row] !== rowSource.socket) continue
      const sent = table.hasInfo[row] === 1 && peerKey(table, row) === key ? sending.sent(row) : 0
      if (!(sent > 0)) continue
      sentBytes += sent
      segmentCount += sent / (table.sendMss[row]! || 1)
    }
  }
  return {
    sentBytes: total.sent,
    retransmittedBytes: total.retransmitted,
    segmentCount: total.segments,
    lossyCount: rows.length,
    sendingCount: total.sending,
    ...(worst === undefined
      ? {}
      : {
          worst: {
            peer: addressText(table.remoteAddress, worst.row),
            share: total.retransmitted > 0 ? worst.bytes / total.retransmitted : 0,
          },
          peer: { sentBytes, retransmittedBytes: worst.bytes, segmentCount },
        }),
    ...(networks.size === 1 && byPeer.size > 1 && first !== undefined && isIpv4At(table.remoteAddress, first)
      ? { prefix: `${addressText(table.remoteAddress, first).replace(/\.\d+$/, ".0")}/24` }
      : {}),
  }
}
