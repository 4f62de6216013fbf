/** Whose sockets they are: what rows have in common, and the largest part of them that has it. */
import type { Owner } from "../sample/owners.ts"
import { addressText, IPPROTO_TCP, isIpv4At, rowSource, type SocketTable } from "../sample/socket-table.ts"

const CLOSE = 7

/** Whose trouble it is; a field is there where all the sockets meant have it in common. */
export interface Subject {
  readonly process?: string
  readonly pid?: number
  readonly localAddress?: string
  readonly port?: number
  readonly peer?: string
  readonly peerPort?: number
}

/** Sockets in one kind of trouble, and the largest part of them that has something in common. */
export interface Tally {
  readonly count: number
  readonly worst?: Subject & { readonly count: number }
}

/** What sockets may have in common. */
export type Common = "process" | "port" | "peer" | "destination" | "local" | "connection"

export function peerKey({ remoteAddress }: SocketTable, row: number): number {
  const at = row * 4
  if (isIpv4At(remoteAddress, row)) return remoteAddress[at + 3]!
  let key = 0x811c9dc5
  for (let i = 0; i < 4; i++) key = Math.imul(key ^ remoteAddress[at + i]!, 0x01000193) ^ (key >>> 15)
  // Above every IPv4 address.
  return 2 ** 32 + (key >>> 0)
}

function keyOf(table: SocketTable, row: number, common: Common): number {
  switch (common) {
    case "process":
      // A socket without a known process is joined with those of its port.
      return table.owner[row]! >= 0 ? table.owner[row]! : -1 - table.localPort[row]!
    case "port":
      return table.localPort[row]!
    case "peer":
      return peerKey(table, row)
    case "destination":
      return peerKey(table, row) * 65_536 + table.remotePort[row]!
    case "local":
      return table.localAddress[row * 4 + 3]!
    case "connection":
      return row
  }
}

export function tallyOf(table: SocketTable, owners: readonly Owner[], rows: readonly number[], common: Common): Tally {
  if (rows.length === 0) return { count: 0 }
  const groups = new Map<number, { count: number; row: number }>()
  let worst: { count: number; row: number } | undefined
  for (const row of rows) {
    const key = keyOf(table, row, common)
    let group = groups.get(key)
    if (group === undefined) {
      group = { count: 0, row }
      groups.set(key, group)
    }
    group.count++
    if (worst === undefined || group.count > worst.count) worst = group
  }
  const { row, count } = worst!
  return { count: rows.length, worst: { ...subjectOf(table, owners, row, common, count === 1), count } }
}

/** The fields that a group has in common; one socket alone has them all. */
export function subjectOf(
  table: SocketTable,
  owners: readonly Owner[],
  row: number,
  common: Common,
  isAlone = common === "connection",
): Subject {
  const owner = owners[table.owner[row]!]
  const process = owner === undefined ? {} : { pid: owner.pid, ...(owner.name === "" ? {} : { process: owner.name }) }
  const port = { port: table.localPort[row]! }
  const peer = { peer: addressText(table.remoteAddress, row) }
  const local = { localAddress: addressText(table.localAddress, row) }
  const peerPort = { peerPort: table.remotePort[row]! }
  if (isAlone) return { ...process, ...local, ...port, ...peer, ...peerPort }
  if (common === "process") return owner === undefined ? port : { ...process, ...port }
  if (common === "port") return { ...process, ...port }
  if (common === "peer") return { ...process, ...peer }
  if (common === "destination") return { ...process, ...peer, ...peerPort }
  return local
}

export function distinctPeers(table: SocketTable, rows: readonly number[]): number {
  const peers = new Set<number>()
  for (const row of rows) peers.add(peerKey(table, row))
  return peers.size
}

/** A TCP socket of the kernel's list; the row in TIME_WAIT stays one when the event of its end completes it. */
export const isThere = ({ protocol, source, state }: SocketTable, row: number): boolean =>
  protocol[row] === IPPROTO_TCP &&
  (source[row] === rowSource.socket || (source[row] === rowSource.closed && state[row] !== CLOSE))
