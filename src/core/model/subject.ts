/**
 * A connection or a group that is looked at closely or acted on: known again in every look, whatever became of its
 * place in the list.
 */
import type { NamespaceLook } from "../sample/sample.ts"
import {
  type Connection,
  type Connections,
  connectionAt,
  isConnection,
  processNameAt,
  type Side,
} from "./connections.ts"
import { parsePeerRange, peerMatcher } from "./peer-range.ts"
import { type RatePoint, ratePoint } from "./trail.ts"

/** A network namespace that is not the one we were started in. */
export type NamespaceName = Pick<NamespaceLook, "id" | "name">

export interface PortCount {
  /** The port on this host for IN, on the peer for OUT. */
  readonly port: number
  readonly connections: number
}

export interface Subject {
  readonly kind: "connection" | "group"
  /** A connection's cookie; a group's process name. */
  readonly key: string
  readonly side: Side
  readonly peerAddress: string
  /** Of a connection one; the busiest first, then by number. */
  readonly ports: readonly PortCount[]
  /** A group that was looked for with a port holds only connections of that port. */
  readonly onlyPort?: number
  /** Absent: the namespace we were started in. Of a group, where most of its connections are. */
  readonly namespace?: NamespaceName
  /** Connections of a group that are in other namespaces, which an action does not reach. */
  readonly elsewhereCount?: number
  /** No process of this host is an end of it: what an action ends are flows. */
  readonly isPassedOn?: boolean
}

/** What a look says of a connection beyond what a row shows. */
export interface ConnectionFacts {
  readonly kind: "connection"
  readonly connection: Connection
  readonly timer: number
  readonly shutdown: number
  readonly isOpener: boolean
  /** Bytes of the socket's life; absent where the kernel counts none. */
  readonly acked?: number
  readonly received?: number
  readonly sent?: number
  readonly retransmitted?: number
  readonly memory?: { readonly receiveBuffer: number; readonly sendBuffer: number; readonly drops: number }
}

export interface GroupFacts {
  readonly kind: "group"
  readonly connectionCount: number
  readonly states: ReadonlyMap<string, number>
  readonly ports: readonly PortCount[]
  readonly txQueue: number
  readonly rxQueue: number
  readonly txBytesPerSecond?: number
  readonly rxBytesPerSecond?: number
  /** Absent where no socket tells. */
  readonly retrans?: number
  /** The longest round trip of its connections. */
  readonly rttUsMax?: number
}

export type SubjectFacts = ConnectionFacts | GroupFacts

/** What this look says of it; undefined when it is not there. */
export function describeSubject(connections: Connections, subject: Subject, ownPid: number): SubjectFacts | undefined {
  if (subject.kind === "group") return groupFacts(connections, subject, ownPid)
  const row = rowOfCookie(connections, subject.key)
  return row < 0 ? undefined : connectionFacts(connections, row)
}

export function pointOf(facts: SubjectFacts): RatePoint {
  const { txBytesPerSecond, rxBytesPerSecond } = facts.kind === "group" ? facts : facts.connection
  return ratePoint(txBytesPerSecond, rxBytesPerSecond)
}

/** The namespace of a row; absent where it is the one we were started in. */
export function namespaceAt({ table, namespaces }: Connections, row: number): NamespaceName | undefined {
  const index = table.namespace[row]!
  const found = index === 0 ? undefined : namespaces?.[index]
  return found === undefined ? undefined : { id: found.id, name: found.name }
}

/** The busiest port first; of equals the lowest. */
export const countPorts = (ports: readonly number[], connections?: readonly number[]): readonly PortCount[] => {
  const counts = new Map<number, number>()
  // Closed connections that were summed have no single port.
  for (const [i, port] of ports.entries())
    if (port !== 0) counts.set(port, (counts.get(port) ?? 0) + (connections?.[i] ?? 1))
  return [...counts]
    .map(([port, connections]) => ({ port, connections }))
    .sort((a, b) => b.connections - a.connections || a.port - b.port)
}

// Compares numbers, since there may be 100,000 rows.
function rowOfCookie({ table }: Connections, key: string): number {
  const cookie = BigInt(key)
  const low = Number(cookie & 0xffffffffn)
  const high = Number(cookie >> 32n)
  for (let row = 0; row < table.length; row++)
    if (table.cookieLow[row] === low && table.cookieHigh[row] === high) return row
  return -1
}

function connectionFacts(connections: Connections, row: number): ConnectionFacts {
  const { table } = connections
  const known = <K extends string>(name: K, value: number) =>
    (Number.isNaN(value) ? {} : { [name]: value }) as { readonly [P in K]?: number }
  return {
    kind: "connection",
    connection: connectionAt(connections, row),
    timer: table.timer[row]!,
    shutdown: table.shutdown[row]!,
    isOpener: table.isOpener[row] === 1,
    ...known("acked", table.bytesAcked[row]!),
    ...known("received", table.bytesReceived[row]!),
    ...known("sent", table.bytesSent[row]!),
    ...known("retransmitted", table.bytesRetransmitted[row]!),
    ...(table.hasMemory[row] === 1
      ? {
          memory: {
            receiveBuffer: table.receiveBuffer[row]!,
            sendBuffer: table.sendBuffer[row]!,
            drops: table.drops[row]!,
          },
        }
      : {}),
  }
}

function groupFacts(connections: Connections, subject: Subject, ownPid: number): GroupFacts | undefined {
  const rows = rowsOfGroup(connections, subject, ownPid)
  if (rows.length === 0) return undefined
  const all = rows.map((row) => connectionAt(connections, row))
  const states = new Map<string, number>()
  for (const { state, connectionCount } of all) states.set(state, (states.get(state) ?? 0) + connectionCount)
  const sum = (of: (one: Connection) => number | undefined) => all.reduce((total, one) => total + (of(one) ?? 0), 0)
  const isRated = (of: (one: Connection) => number | undefined) => all.some((one) => of(one) !== undefined)
  const tx = (one: Connection) => one.txBytesPerSecond
  const rx = (one: Connection) => one.rxBytesPerSecond
  const rtt = Math.max(0, ...all.map(({ rttUs }) => rttUs ?? 0))
  return {
    kind: "group",
    connectionCount: sum((one) => one.connectionCount),
    states,
    ports: countPorts(
      all.map((one) => (subject.side === "in" ? one.localPort : one.peerPort)),
      all.map((one) => one.connectionCount),
    ),
    txQueue: sum((one) => one.txQueue),
    rxQueue: sum((one) => one.rxQueue),
    ...(isRated(tx) ? { txBytesPerSecond: sum(tx) } : {}),
    ...(isRated(rx) ? { rxBytesPerSecond: sum(rx) } : {}),
    ...(all.some((one) => one.retrans !== undefined) ? { retrans: sum((one) => one.retrans) } : {}),
    ...(rtt > 0 ? { rttUsMax: rtt } : {}),
  }
}

/** More connections of one group are counted no further: the figures are of these. */
const GROUP_MAX = 20_000

function rowsOfGroup(connections: Connections, subject: Subject, ownPid: number): readonly number[] {
  const { table, rates } = connections
  const range = parsePeerRange(subject.peerAddress)
  if (range === undefined) return []
  const isPeer = peerMatcher(table, range)
  const isIncoming = subject.side === "in" ? 1 : 0
  const ports = subject.side === "in" ? table.localPort : table.remotePort
  const rows: number[] = []
  for (let row = 0; row < table.length && rows.length < GROUP_MAX; row++) {
    if (rates.isIncoming[row] !== isIncoming || !isPeer(row)) continue
    if (subject.onlyPort !== undefined && ports[row] !== subject.onlyPort) continue
    if (!isConnection(connections, row, ownPid) || processNameAt(connections, row) !== subject.key) continue
    rows.push(row)
  }
  return rows
}
