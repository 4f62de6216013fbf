/**
 * The connections of one look: every socket that is not a listener and not our own, with what moved on it.
 *
 * Rows stay columns; `connectionAt` makes an object for the few that reach a screen, a file or a caller.
 */
import type { Owner } from "../sample/owners.ts"
import { addressText, cookieOf, IPPROTO_UDP, rowSource, type SocketTable, stateName } from "../sample/socket-table.ts"
import { LISTEN } from "./direction.ts"
import type { RateTable } from "./rates.ts"

/** What is asked of a row's socket from outside the model. */
export { cookieOf, stateName }

export interface Connections {
  readonly table: SocketTable
  readonly owners: readonly Owner[]
  readonly rates: RateTable
  /** Milliseconds between the two looks; absent after a single look, when there are no rates. */
  readonly elapsedMs?: number
}

export type Side = "in" | "out"

export interface Connection {
  /** Names the socket for its life: the cookie in decimal. */
  readonly key: string
  readonly proto: "tcp" | "udp"
  readonly state: string
  readonly side: Side
  readonly localAddress: string
  readonly localPort: number
  readonly peerAddress: string
  readonly peerPort: number
  readonly owner?: Owner
  /** Absent when nobody holds the socket: the kernel then says 0, which would be root. */
  readonly uid?: number
  readonly cgroupId: number
  readonly txQueue: number
  readonly rxQueue: number
  /** Payload bytes in the window; absent when unknown. */
  readonly txBytes?: number
  readonly rxBytes?: number
  readonly txBytesPerSecond?: number
  readonly rxBytesPerSecond?: number
  /** byteMark: why bytes are unknown. */
  readonly mark: number
  readonly rttUs?: number
  readonly retrans?: number
}

export const ownerAt = ({ table, owners }: Connections, row: number): Owner | undefined => owners[table.owner[row]!]

/** True for rows that are connections at all: no listener, and none of `ownPid`. */
export const isConnection = (connections: Connections, row: number, ownPid: number): boolean =>
  connections.table.state[row] !== LISTEN && ownerAt(connections, row)?.pid !== ownPid

export function connectionAt(connections: Connections, row: number): Connection {
  const { table, rates, elapsedMs } = connections
  const owner = ownerAt(connections, row)
  const tx = rates.txBytes[row]!
  const rx = rates.rxBytes[row]!
  const hasInfo = table.hasInfo[row] === 1
  return {
    key: cookieOf(table, row).toString(),
    proto: table.protocol[row] === IPPROTO_UDP ? "udp" : "tcp",
    state: stateName(table.state[row]!),
    side: rates.isIncoming[row] === 1 ? "in" : "out",
    localAddress: addressText(table.localAddress, row),
    localPort: table.localPort[row]!,
    peerAddress: addressText(table.remoteAddress, row),
    peerPort: table.remotePort[row]!,
    ...(owner === undefined ? {} : { owner }),
    ...(table.uid[row] === 0 && table.inode[row] === 0 ? {} : { uid: table.uid[row]! }),
    cgroupId: table.cgroupId[row]!,
    txQueue: table.sendQueue[row]!,
    rxQueue: table.receiveQueue[row]!,
    ...(Number.isNaN(tx) ? {} : { txBytes: tx, ...perSecond("txBytesPerSecond", tx, elapsedMs) }),
    ...(Number.isNaN(rx) ? {} : { rxBytes: rx, ...perSecond("rxBytesPerSecond", rx, elapsedMs) }),
    mark: rates.mark[row]!,
    ...(hasInfo ? { rttUs: table.rttUs[row]!, retrans: table.retransTotal[row]! } : {}),
  }
}

const perSecond = <K extends string>(
  name: K,
  bytes: number,
  elapsedMs: number | undefined,
): { readonly [P in K]?: number } =>
  elapsedMs === undefined ? {} : ({ [name]: (bytes * 1000) / elapsedMs } as { [P in K]: number })

const CLOSE = 7

/** Sockets by state, listeners included. A connection that has ended and left no socket is none. */
export function countStates(table: SocketTable): ReadonlyMap<string, number> {
  const counts = new Uint32Array(256)
  for (let row = 0; row < table.length; row++) {
    if (table.source[row] === rowSource.socket || table.state[row] !== CLOSE) counts[table.state[row]!]!++
  }
  const named: [string, number][] = []
  for (const [state, total] of counts.entries()) if (total > 0) named.push([stateName(state), total])
  return new Map(named)
}
