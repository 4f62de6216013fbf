/** Local ports in use, counted by where they lead. */
import type { Owner } from "../sample/owners.ts"
import type { SocketTable } from "../sample/socket-table.ts"
import { LISTEN } from "./direction.ts"
import type { RateTable } from "./rates.ts"
import { isThere, peerKey, type Subject, subjectOf } from "./survey-subject.ts"

const TIME_WAIT = 6

/** Local ports taken towards one destination. */
export interface PortUse extends Subject {
  readonly used: number
  readonly timeWait: number
}

/** How many outgoing rows each remote port has: all 0. One count at a time. */
export const startCountingPorts = (): Uint32Array => portCounts.fill(0)

/** By namespace: the destination towards which most local ports are taken. */
export function countPorts(
  table: SocketTable,
  rates: RateTable,
  owners: readonly Owner[],
  { remotePorts, worthCounting }: { readonly remotePorts: Uint32Array; readonly worthCounting: number },
): Map<number, PortUse> {
  const worst = new Map<number, PortUse>()
  const isOutgoing = (row: number) => table.state[row] !== LISTEN && isThere(table, row) && rates.isIncoming[row] === 0
  let isAny = false
  for (let port = 0; port < 65_536 && !isAny; port++) isAny = remotePorts[port]! >= worthCounting
  if (!isAny) return worst
  // Rows are counted by the hash of their destination first: only destinations that may be many are told apart.
  const buckets = bucketCounts.fill(0)
  const isCounted = (row: number) => isOutgoing(row) && remotePorts[table.remotePort[row]!]! >= worthCounting
  for (let row = 0; row < table.length; row++) if (isCounted(row)) buckets[bucketOf(table, row)]!++
  const groups = new Map<string, { rows: number; timeWait: number; row: number }>()
  for (let row = 0; row < table.length; row++) {
    if (!isCounted(row) || buckets[bucketOf(table, row)]! < worthCounting) continue
    const key = `${table.namespace[row]} ${table.localAddress[row * 4 + 3]} ${peerKey(table, row)} ${table.remotePort[row]}`
    let group = groups.get(key)
    if (group === undefined) {
      group = { rows: 0, timeWait: 0, row }
      groups.set(key, group)
    }
    group.rows++
    if (table.state[row] === TIME_WAIT) group.timeWait++
    else if (table.owner[group.row]! < 0) group.row = row
  }
  for (const { rows, timeWait, row } of groups.values()) {
    const net = table.namespace[row]!
    if (rows <= (worst.get(net)?.used ?? 0)) continue
    const { port: _, ...subject } = subjectOf(table, owners, row, "connection")
    worst.set(net, { ...subject, used: rows, timeWait })
  }
  return worst
}

// Used from look to look: made anew each time they would be half a megabyte of garbage a look.
const portCounts = new Uint32Array(65_536)
const bucketCounts = new Uint32Array(65_536)

const bucketOf = ({ remoteAddress, localAddress, remotePort, namespace }: SocketTable, row: number): number => {
  const at = row * 4 + 3
  const mixed = Math.imul(remoteAddress[at]! ^ Math.imul(localAddress[at]!, 0x85ebca6b), 0x9e3779b1)
  return (mixed ^ Math.imul(remotePort[row]! + namespace[row]! * 65_537, 0xcc9e2d51)) >>> 16
}
