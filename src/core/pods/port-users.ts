/**
 * Who uses a port: the sockets of one look that have it at either end, joined by whose they are.
 *
 * A process that listens on the port and the connections it has accepted there are one user; whoever connects to that port
 * elsewhere is another.
 */
import type { Cgroup } from "../proc/cgroup.ts"
import { LISTEN } from "../sample/listeners.ts"
import type { Owner } from "../sample/owners.ts"
import { addressText, IPPROTO_UDP, type SocketTable, stateName } from "../sample/socket-table.ts"
import type { Workload } from "./workload.ts"

/**
 * `listens`: the port is open here. `published`: this host translates what comes for the port, and this is who gets it.
 * `local`: sockets have it at their own end, and this process has none that listens. `remote`: connections to that port
 * somewhere else.
 */
export type PortMatch = "listens" | "published" | "local" | "remote"

/** Where a name comes from decides how far it is to be believed. */
export type PodNameSource = "kubelet" | "crictl" | "hostname"

export interface PodName {
  readonly uid?: string
  readonly name?: string
  /** The Kubernetes namespace. */
  readonly namespace?: string
  readonly source?: PodNameSource
}

export interface PortUser {
  readonly match: PortMatch
  readonly protocol: "tcp" | "udp"
  readonly netns: { readonly id: number; readonly name: string }
  /** Absent: no process that we may see holds these sockets. */
  readonly process?: Owner
  /** No process holds them any more: the kernel alone ends them. */
  readonly isUnheld?: true
  readonly cgroup?: Cgroup
  /** The cgroup is that of a process in the same network namespace, not of the sockets' own. */
  readonly isCgroupInferred?: true
  /** As its engine calls it. */
  readonly containerName?: string
  readonly pod?: PodName
  readonly workload?: Workload
  /** Where the port is translated to. */
  readonly published?: { readonly address: string; readonly port: number }
  /** Of a listener: where it listens. Else the other ends; the most frequent first. At most `ENDS_MAX`. */
  readonly ends: readonly string[]
  readonly endCount: number
  /** Sockets that listen, or UDP sockets without a peer. */
  readonly listenerCount: number
  readonly connectionCount: number
  /** Connections by state, the most frequent first. */
  readonly states: readonly (readonly [state: string, count: number])[]
}

export interface PortLookup {
  readonly port: number
  /** Those that listen first, then who gets it by translation, then those with the port at their own end, then the others. */
  readonly users: readonly PortUser[]
  readonly namespaceCount: number
  /** What is missing or unsure, in sentences. */
  readonly notes: readonly string[]
  /** Nothing was hidden: nobody among `users` means that nobody is there. */
  readonly isComplete: boolean
}

export const ENDS_MAX = 8

export interface PortSockets {
  readonly table: SocketTable
  readonly owners: readonly Owner[]
  /** By `table.namespace`. */
  readonly namespaces: readonly ({ readonly id: number; readonly name: string } | undefined)[]
  /** Of a row. */
  readonly cgroupOf: (row: number) => Pick<PortUser, "cgroup" | "isCgroupInferred">
}

/** The users without the names of pods: those are asked for afterwards. */
export function findPortUsers(port: number, sockets: PortSockets): readonly PortUser[] {
  const { table } = sockets
  const rows = Array.from({ length: table.length }, (_, row) => row)
  const near = rows.filter((row) => table.localPort[row] === port)
  const far = rows.filter((row) => table.localPort[row] !== port && table.remotePort[row] === port)
  const users = [
    ...[...Map.groupBy(near, keyOf(sockets)).values()].map((joined) => nearUser(sockets, joined)),
    ...[...Map.groupBy(far, keyOf(sockets)).values()].map((joined) => userOf(sockets, joined, "remote")),
  ]
  return users.toSorted(byRelevance)
}

/** Namespace, protocol, and who: the process, else the cgroup; nobody where a socket has no holder. */
const keyOf =
  ({ table, owners, cgroupOf }: PortSockets) =>
  (row: number): string => {
    const owner = owners[table.owner[row]!]
    if (owner === undefined && table.inode[row] === 0) return `${table.namespace[row]} ${table.protocol[row]}`
    const who = owner === undefined ? (cgroupOf(row).cgroup?.path ?? "") : `${owner.pid} ${owner.startTime}`
    return `${table.namespace[row]} ${table.protocol[row]} ${who}`
  }

const isListener = ({ table }: PortSockets, row: number) =>
  table.state[row] === LISTEN || (table.protocol[row] === IPPROTO_UDP && table.remotePort[row] === 0)

function nearUser(sockets: PortSockets, rows: readonly number[]): PortUser {
  return userOf(sockets, rows, rows.some((row) => isListener(sockets, row)) ? "listens" : "local")
}

function userOf(sockets: PortSockets, rows: readonly number[], match: PortMatch): PortUser {
  const { table, owners, namespaces, cgroupOf } = sockets
  const [first] = rows
  const listening = rows.filter((row) => isListener(sockets, row))
  const connections = rows.filter((row) => !isListener(sockets, row))
  const known = rows.map((row) => owners[table.owner[row]!]).filter((owner) => owner !== undefined)
  // One socket that is surely its own makes the process sure.
  const process = known.find(({ isSure }) => isSure) ?? known[0]
  const namespace = namespaces[table.namespace[first!]!]
  const ends =
    match === "listens"
      ? listening.map((row) => endAt(table.localAddress, row, table.localPort[row]!))
      : connections.map((row) =>
          match === "remote"
            ? endAt(table.remoteAddress, row, table.remotePort[row]!)
            : addressText(table.remoteAddress, row),
        )
  const counted = byCount(ends).map(([end]) => end)
  return {
    match,
    protocol: table.protocol[first!] === IPPROTO_UDP ? "udp" : "tcp",
    netns: { id: namespace?.id ?? 0, name: namespace?.name ?? "" },
    ...(process !== undefined ? { process } : table.inode[first!] === 0 ? { isUnheld: true } : {}),
    ...cgroupOf(first!),
    ends: counted.slice(0, ENDS_MAX),
    endCount: counted.length,
    listenerCount: listening.length,
    connectionCount: connections.length,
    states: byCount(connections.map((row) => stateName(table.state[row]!))),
  }
}

function endAt(column: Uint32Array, row: number, port: number): string {
  const address = addressText(column, row)
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`
}

function byCount(values: readonly string[]): readonly (readonly [value: string, count: number])[] {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
}

const matchOrder: Readonly<Record<PortMatch, number>> = { listens: 0, published: 1, local: 2, remote: 3 }

/** What listens first; whose process is known before the others; then the busiest. */
export function byRelevance(a: PortUser, b: PortUser): number {
  return (
    matchOrder[a.match] - matchOrder[b.match] ||
    Number(a.process === undefined) - Number(b.process === undefined) ||
    b.connectionCount - a.connectionCount ||
    (a.process?.pid ?? 0) - (b.process?.pid ?? 0) ||
    a.netns.id - b.netns.id
  )
}
