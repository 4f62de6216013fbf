/** Which groups matter most. */
import { addressText } from "../sample/socket-table.ts"
import { type Connections, processNameAt } from "./connections.ts"
import type { GroupTable } from "./groups.ts"
import { sortRows } from "./order.ts"

/**
 * Groups by bytes moved, connections, bytes queued, all descending; then peer as text, port and process ascending. At
 * most `limit`.
 */
export function busiestGroups(connections: Connections, groups: GroupTable, limit: number): number[] {
  const { txBytes, rxBytes, txQueue, rxQueue, connectionCount, port, row } = groups
  const known = (bytes: number) => (Number.isNaN(bytes) ? 0 : bytes)
  const moved = (group: number) => known(txBytes[group]!) + known(rxBytes[group]!)
  const queued = (group: number) => txQueue[group]! + rxQueue[group]!
  const name = (group: number) => processNameAt(connections, row[group]!)
  const peers: string[] = []
  const peer = (group: number) => {
    peers[group] ??= addressText(connections.table.remoteAddress, row[group]!)
    return peers[group]
  }
  const order = Uint32Array.from({ length: groups.length }, (_, group) => group)
  sortRows(
    order,
    (a, b) =>
      moved(b) - moved(a) ||
      connectionCount[b]! - connectionCount[a]! ||
      queued(b) - queued(a) ||
      compareText(peer(a), peer(b)) ||
      port[a]! - port[b]! ||
      compareText(name(a), name(b)),
  )
  return [...order.subarray(0, limit)]
}

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
