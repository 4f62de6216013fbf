/**
 * The connections of one look: every socket that is not a listener and not our own, every connection that ended since
 * the look before, every flow without a socket, with what moved on it.
 *
 * Rows stay columns; `connectionAt` makes an object for the few that reach a screen, a file or a caller.
 */
import type { Cgroup } from "../proc/cgroup.ts"
import { flowRole } from "../sample/flow-table.ts"
import { type Flows, OLDER_THAN_ACCOUNTING } from "../sample/flows.ts"
import type { Owner } from "../sample/owners.ts"
import type { NamespaceLook } from "../sample/sample.ts"
import {
  addressText,
  cookieOf,
  IPPROTO_TCP,
  IPPROTO_UDP,
  NO_UID,
  rowSource,
  type SocketTable,
  stateName,
} from "../sample/socket-table.ts"
import type { Units } from "../sample/units.ts"
import { LISTEN } from "./direction.ts"
import { hasOwnCounters } from "./flows.ts"
import { byteMark, type RateTable } from "./rates.ts"
import { type Translation, translationOf } from "./translation.ts"
import { type Why, whys } from "./why.ts"

/** What is asked of a row's socket from outside the model. */
export { cookieOf, IPPROTO_TCP, IPPROTO_UDP, stateName }

export interface Connections {
  readonly table: SocketTable
  readonly owners: readonly Owner[]
  readonly rates: RateTable
  /** Milliseconds between the two looks; absent after a single look, when there are no rates. */
  readonly elapsedMs?: number
  /** Where `table.namespace` is an index. Absent: all rows are of the namespace we were started in. */
  readonly namespaces?: readonly NamespaceLook[]
  /** Where `table.flow` is an index. */
  readonly flows?: Flows
  readonly units?: Units
}

export type Side = "in" | "out"

export interface Connection {
  /** Names the row for its life: the cookie in decimal. */
  readonly key: string
  readonly source: keyof typeof rowSource
  /** How many connections the row stands for. More than 1: closed ones, summed; one of their ports is then 0. */
  readonly connectionCount: number
  /** The network namespace it was seen in; `host` is the one we were started in. */
  readonly namespace: string
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
  /** The unit, container or pod, and its cgroup's path. */
  readonly unit?: string
  readonly cgroup?: string
  /** What is translated on the way, when no socket in sight stands for the connection. */
  readonly translation?: Translation
  readonly txQueue: number
  readonly rxQueue: number
  /** Datagrams this socket has dropped since it was opened. */
  readonly drops?: number
  /** Sockets tell payload; flows tell IP bytes, headers included. */
  readonly bytesUnit: "payload" | "ip"
  /** Bytes in the window; absent when unknown. */
  readonly txBytes?: number
  readonly rxBytes?: number
  readonly txBytesPerSecond?: number
  readonly rxBytesPerSecond?: number
  /** byteMark: why bytes are unknown. */
  readonly mark: number
  /** Why the kernel counts no bytes here, where it says more than the mark. */
  readonly withoutBytes?: string
  /** Of one that has closed: it lived at least so long. */
  readonly lifetimeMs?: number
  readonly rttUs?: number
  readonly retrans?: number
  /** What holds it back. */
  readonly why: Why
}

export const ownerAt = ({ table, owners }: Connections, row: number): Owner | undefined => owners[table.owner[row]!]

/** The name of the process; `ct/nat` for what is only passed on; empty when nobody is known. */
export function processNameAt(connections: Connections, row: number): string {
  const owner = ownerAt(connections, row)
  if (owner !== undefined) return owner.name
  return isPassedOn(connections, row) ? PASSED_ON : ""
}

/** Stands where a process would, on rows of traffic that is translated or routed for others. */
export const PASSED_ON = "ct/nat"

/** True for the row of a flow that no process of this host is an end of. */
export function isPassedOn({ table, flows }: Connections, row: number): boolean {
  const flow = table.flow[row]!
  if (flow < 0 || flows === undefined || table.source[row] === rowSource.socket) return false
  return flows.table.role[flow]! >= flowRole.targetNat && flows.table.socketRow[flow] === row
}

/** True for rows that are connections at all: no listener, no idle UDP socket without a peer, and none of `ownPid`. */
export const isConnection = (connections: Connections, row: number, ownPid: number): boolean =>
  connections.table.state[row] !== LISTEN &&
  ownerAt(connections, row)?.pid !== ownPid &&
  (connections.table.protocol[row] !== IPPROTO_UDP || hasPeerOrTrouble(connections.table, row))

/**
 * A UDP socket without a peer is what a listener is to TCP. It is a row only while data waits in it or it has dropped
 * some: then it is what an operator looks for.
 */
const hasPeerOrTrouble = ({ remotePort, receiveQueue, sendQueue, drops }: SocketTable, row: number): boolean =>
  remotePort[row] !== 0 || receiveQueue[row]! > 0 || sendQueue[row]! > 0 || drops[row]! > 0

export function connectionAt(connections: Connections, row: number): Connection {
  const { table, rates, elapsedMs } = connections
  const owner = ownerAt(connections, row)
  const tx = rates.txBytes[row]!
  const rx = rates.rxBytes[row]!
  const hasInfo = table.hasInfo[row] === 1
  const isSummed = table.connectionCount[row]! > 1
  const isClosed = table.source[row] === rowSource.closed
  const cgroup = cgroupOf(connections, row)
  const translation = isPassedOn(connections, row) ? translationOf(connections.flows!.table, table, row) : undefined
  const withoutBytes = rates.mark[row] === byteMark.uncounted ? reasonOf(connections, row) : undefined
  return {
    key: cookieOf(table, row).toString(),
    source: sourceNames[table.source[row]!]!,
    connectionCount: table.connectionCount[row]!,
    namespace: connections.namespaces?.[table.namespace[row]!]?.name ?? HOST,
    proto: table.protocol[row] === IPPROTO_UDP ? "udp" : "tcp",
    state: stateAt(table, row),
    side: rates.isIncoming[row] === 1 ? "in" : "out",
    localAddress: addressText(table.localAddress, row),
    localPort: table.localPort[row]!,
    peerAddress: addressText(table.remoteAddress, row),
    peerPort: table.remotePort[row]!,
    ...(owner === undefined ? {} : { owner }),
    ...(isUidKnown(table, row) ? { uid: table.uid[row]! } : {}),
    cgroupId: table.cgroupId[row]!,
    ...(cgroup === undefined ? {} : { cgroup: cgroup.path }),
    ...(cgroup?.unit === undefined ? {} : { unit: cgroup.unit }),
    ...(translation === undefined ? {} : { translation }),
    txQueue: table.sendQueue[row]!,
    rxQueue: table.receiveQueue[row]!,
    ...(Number.isNaN(tx) ? {} : { txBytes: tx, ...perSecond("txBytesPerSecond", tx, elapsedMs) }),
    ...(Number.isNaN(rx) ? {} : { rxBytes: rx, ...perSecond("rxBytesPerSecond", rx, elapsedMs) }),
    ...(table.hasMemory[row] === 1 ? { drops: table.drops[row]! } : {}),
    bytesUnit: hasOwnCounters(table, row) ? "payload" : "ip",
    mark: rates.mark[row]!,
    ...(withoutBytes === undefined ? {} : { withoutBytes }),
    ...(isClosed ? { lifetimeMs: table.lifetimeMs[row]! } : {}),
    ...(hasInfo && !isSummed ? { rttUs: table.rttUs[row]!, retrans: table.retransTotal[row]! } : {}),
    why: whys[rates.why[row]!] ?? "-",
  }
}

/** A socket that no process holds (TIME_WAIT, SYN_RECV, orphaned, not yet accepted) is reported as uid 0, without an inode. */
const isUidKnown = ({ uid, inode }: SocketTable, row: number): boolean =>
  uid[row] !== NO_UID && (uid[row] !== 0 || inode[row] !== 0)

/** The network namespace we were started in. */
export const HOST = "host"
const sourceNames = Object.keys(rowSource) as (keyof typeof rowSource)[]

/** As for TCP; a UDP socket has a peer or none. */
export const stateAt = ({ protocol, state, remotePort }: SocketTable, row: number): string =>
  protocol[row] === IPPROTO_UDP && remotePort[row] === 0 ? "UNCONN" : stateName(state[row]!)

/**
 * By the id that came with the socket, else by its process: on a host with both versions of cgroups the id is that of
 * the root, for containers too.
 */
export function cgroupOf({ table, owners, units }: Connections, row: number): Cgroup | undefined {
  if (units === undefined) return undefined
  const bySocket = units.byCgroupId.get(table.cgroupId[row]!)
  if (bySocket?.unit !== undefined) return bySocket
  const pid = owners[table.owner[row]!]?.pid
  return (pid === undefined ? undefined : units.byPid.get(pid)) ?? bySocket
}

function reasonOf({ table, flows }: Connections, row: number): string | undefined {
  if (hasOwnCounters(table, row)) return undefined
  return (
    flows?.namespaces[table.namespace[row]!]?.withoutBytes ?? (table.flow[row]! < 0 ? NO_FLOW : OLDER_THAN_ACCOUNTING)
  )
}

const NO_FLOW = "connection tracking has no entry for it"

const perSecond = <K extends string>(
  name: K,
  bytes: number,
  elapsedMs: number | undefined,
): { readonly [P in K]?: number } =>
  elapsedMs === undefined ? {} : ({ [name]: (bytes * 1000) / elapsedMs } as { [P in K]: number })

const CLOSE = 7

/**
 * TCP sockets by state, listeners included. A connection that has ended and left no socket is none, nor is a flow. With
 * `namespace` only those of one.
 */
export function countStates(table: SocketTable, namespace?: number): ReadonlyMap<string, number> {
  const counts = new Uint32Array(256)
  const { source, state, protocol } = table
  for (let row = 0; row < table.length; row++) {
    if (protocol[row] !== IPPROTO_TCP || source[row] === rowSource.conntrack) continue
    if (namespace !== undefined && table.namespace[row] !== namespace) continue
    if (source[row] === rowSource.socket || state[row] !== CLOSE) counts[state[row]!]!++
  }
  const named: [string, number][] = []
  for (const [state, total] of counts.entries()) if (total > 0) named.push([stateName(state), total])
  return new Map(named)
}
