/** Query and model to rows: filter, order, group. Runs once for each look and each change of the query. */
import {
  type Connections,
  cgroupOf,
  IPPROTO_TCP,
  IPPROTO_UDP,
  isConnection,
  ownerAt,
  processNameAt,
  stateAt,
} from "../../model/connections.ts"
import { endpointReader } from "../../model/endpoints.ts"
import { type GroupTable, groupConnections } from "../../model/groups.ts"
import { addressKeys, type SortKey, sortByKeys } from "../../model/order.ts"
import type { Query, Rows, Sort } from "./state.ts"

export function findRows(connections: Connections, query: Query, ownPid: number): Rows {
  const listed = filterRows(connections, query, ownPid)
  if (query.view === "connections") {
    sortConnections(connections, listed, query)
    return { connections, listed }
  }
  const key = query.view === "services" ? "peer-process-port" : "peer-process"
  const table = groupConnections(connections, listed, key, query.side)
  const order = orderGroups(connections, table, query.sorts[query.view])
  return { connections, listed, groups: { table, order }, isByPort: query.view === "services" }
}

let scratch = new Uint32Array(0)

// Hot: every socket of the host passes here.
function filterRows(connections: Connections, query: Query, ownPid: number): Uint32Array {
  const { table, rates } = connections
  const isIncoming = query.side === "in" ? 1 : 0
  const ports = query.side === "in" ? table.localPort : table.remotePort
  const protocol = query.protocol === "all" ? undefined : query.protocol === "udp" ? IPPROTO_UDP : IPPROTO_TCP
  const matches = searchFor(connections, query.search)
  if (scratch.length < table.length) scratch = new Uint32Array(table.capacity)
  const rows = scratch
  let length = 0
  for (let row = 0; row < table.length; row++) {
    if (rates.isIncoming[row] !== isIncoming) continue
    if (protocol !== undefined && table.protocol[row] !== protocol) continue
    if (query.port !== undefined && ports[row] !== query.port) continue
    if (!isConnection(connections, row, ownPid)) continue
    if (matches !== undefined && !matches(row)) continue
    rows[length++] = row
  }
  return rows.slice(0, length)
}

/**
 * Case-insensitive: every word must be found in process, unit, namespace, addresses, endpoints, protocol or state; `!word`
 * must not.
 */
function searchFor(connections: Connections, search: string): ((row: number) => boolean) | undefined {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "" && word !== "!")
  if (words.length === 0) return undefined
  const { table } = connections
  const wanted = words.filter((word) => !word.startsWith("!"))
  const unwanted = words.filter((word) => word.startsWith("!")).map((word) => word.slice(1))
  const endpoints = endpointReader(table)
  const processes = connections.owners.map((owner) => `${owner.pid}/${owner.name}`.toLowerCase())
  const namespaces = (connections.namespaces ?? []).map(({ name }) => name.toLowerCase())
  return (row) => {
    const process =
      ownerAt(connections, row) === undefined ? processNameAt(connections, row) || "-" : processes[table.owner[row]!]
    const where = `${cgroupOf(connections, row)?.unit?.toLowerCase() ?? ""} ${namespaces[table.namespace[row]!] ?? ""}`
    const kind = `${table.protocol[row] === IPPROTO_UDP ? "udp" : "tcp"} ${stateAt(table, row).toLowerCase()}`
    const text = `${process} ${where} ${endpoints.local(row)} ${endpoints.peer(row)} ${kind}`
    return wanted.every((word) => text.includes(word)) && !unwanted.some((word) => text.includes(word))
  }
}

/** Unknown bytes sort as nothing. */
const known = (bytes: number) => (Number.isNaN(bytes) ? 0 : bytes)

function sortConnections(
  connections: Connections,
  listed: Uint32Array,
  { side, sorts: { connections: sort } }: Query,
): void {
  const { table, rates } = connections
  const ports = side === "in" ? table.localPort : table.remotePort
  const { isDescending } = sort
  const peers = sort.field === "connections" ? connectionsByPeer(connections, listed, side) : undefined
  const byTotal: SortKey = { of: (row) => known(rates.txBytes[row]!) + known(rates.rxBytes[row]!), isDescending }
  const byActivity: SortKey = { of: (row) => table.sendQueue[row]! + table.receiveQueue[row]!, isDescending }
  const byPort: SortKey = { of: (row) => ports[row]!, isDescending }
  // The peer is the last tie-break and always ascending, so that equal rows do not change places.
  const byPeer: readonly SortKey[] = [...addressKeys(table.remoteAddress), { of: (row) => table.remotePort[row]! }]
  const orders = {
    bandwidth: [byTotal, byActivity, byPort, ...byPeer],
    connections: [{ of: (row: number) => peers![row]!, isDescending }, byTotal, byPort, ...byPeer],
    port: [byPort, byTotal, ...byPeer],
  } as const
  sortByKeys(listed, orders[sort.field])
}

/** How many listed connections the peer of each row has, by row. */
function connectionsByPeer(connections: Connections, listed: Uint32Array, side: Query["side"]): Uint32Array {
  const groups = groupConnections(connections, listed, "peer", side)
  const counts = new Uint32Array(connections.table.length)
  for (let i = 0; i < listed.length; i++) counts[listed[i]!] = groups.connectionCount[groups.groupOf[i]!]!
  return counts
}

function orderGroups(connections: Connections, groups: GroupTable, sort: Sort): Uint32Array {
  const total = (group: number) => known(groups.txBytes[group]!) + known(groups.rxBytes[group]!)
  const queues = (group: number) => groups.txQueue[group]! + groups.rxQueue[group]!
  const names = nameRanks(connections)
  const keys = {
    bandwidth: total,
    connections: (group: number) => groups.connectionCount[group]!,
    port: (group: number) => groups.port[group]!,
  } as const
  const order = Uint32Array.from({ length: groups.length }, (_, group) => group)
  sortByKeys(order, [
    { of: keys[sort.field], isDescending: sort.isDescending },
    { of: total, isDescending: true },
    { of: queues, isDescending: true },
    ...addressKeys(connections.table.remoteAddress, (group) => groups.row[group]!),
    { of: (group) => names[connections.table.owner[groups.row[group]!]! + 1]! },
  ])
  return order
}

/** The place of each owner's name among all names, by owner index + 1. */
function nameRanks({ owners }: Connections): Uint32Array {
  const names = ["", ...owners.map(({ name }) => name)]
  const ranks = new Map([...new Set(names)].sort(compareText).map((name, rank) => [name, rank]))
  return Uint32Array.from(names, (name) => ranks.get(name)!)
}

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
