/**
 * Connections joined by peer and process (and, where asked, by service port and network namespace), in columns.
 *
 * A host with 100,000 peers has as many groups, so a group is an index too; `describeGroups` makes objects for those
 * that are shown.
 */
import { addressText } from "../sample/socket-table.ts"
import { type Connections, isPassedOn, PASSED_ON, processNameAt, type Side, stateAt } from "./connections.ts"

export interface GroupTable {
  readonly length: number
  /** A connection of the group: it has the peer and the process of all of them. */
  readonly row: Uint32Array
  readonly connectionCount: Uint32Array
  readonly txQueue: Float64Array
  readonly rxQueue: Float64Array
  /** Sums over the connections whose bytes are known; NaN when none is. */
  readonly txBytes: Float64Array
  readonly rxBytes: Float64Array
  /** The lowest service port: local for IN, remote for OUT. */
  readonly port: Uint16Array
  /** The group of each of the rows that were grouped, in their order. */
  readonly groupOf: Uint32Array
}

/** What joins connections: their peer, maybe the process, maybe the service port, maybe the network namespace. */
export type GroupKey = "peer" | "peer-process" | "peer-process-port" | "peer-process-port-namespace"

// Room that is needed only while rows are grouped: kept, since at each look it would be a megabyte of garbage.
let firstRow = new Uint32Array(0)
let slotScratch = new Int32Array(0)

/** Groups `rows`. Hot: once a look, over every connection. */
export function groupConnections(connections: Connections, rows: Uint32Array, key: GroupKey, side: Side): GroupTable {
  const { table, rates } = connections
  const { remoteAddress, sendQueue, receiveQueue } = table
  const servicePort = side === "in" ? table.localPort : table.remotePort
  const isByProcess = key !== "peer"
  const { nameOf, passedOn } = isByProcess ? nameIds(connections) : NO_NAMES
  const nameAt = (row: number) => {
    if (!isByProcess) return 0
    const owner = table.owner[row]!
    return owner < 0 && table.flow[row]! >= 0 && isPassedOn(connections, row) ? passedOn : nameOf[owner + 1]!
  }
  const byNamespace = key === "peer-process-port-namespace"
  const byPort = byNamespace || key === "peer-process-port"
  const groupOf = new Uint32Array(rows.length)
  // First which group each row is in: only then is it known how many there are, mostly far fewer than rows.
  if (firstRow.length < rows.length) firstRow = new Uint32Array(rows.length)
  const size = powerOfTwoOver(rows.length * 2)
  if (slotScratch.length < size) slotScratch = new Int32Array(size)
  const slots = slotScratch.subarray(0, size).fill(-1)
  const mask = slots.length - 1
  let length = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    const name = nameAt(row)
    const port = byPort ? servicePort[row]! : 0
    const namespace = byNamespace ? table.namespace[row]! : 0
    let slot = hash(remoteAddress, row, name, port, namespace) & mask
    let group = slots[slot]!
    while (group >= 0 && !isSame(group, row, name, port)) {
      slot = (slot + 1) & mask
      group = slots[slot]!
    }
    if (group < 0) {
      group = length++
      slots[slot] = group
      firstRow[group] = row
    }
    groupOf[i] = group
  }
  const groups = {
    row: firstRow.slice(0, length),
    connectionCount: new Uint32Array(length),
    txQueue: new Float64Array(length),
    rxQueue: new Float64Array(length),
    txBytes: new Float64Array(length).fill(Number.NaN),
    rxBytes: new Float64Array(length).fill(Number.NaN),
    port: new Uint16Array(length).fill(0xffff),
    groupOf,
  }
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    const group = groupOf[i]!
    groups.connectionCount[group]! += table.connectionCount[row]!
    groups.txQueue[group]! += sendQueue[row]!
    groups.rxQueue[group]! += receiveQueue[row]!
    if (servicePort[row]! < groups.port[group]!) groups.port[group] = servicePort[row]!
    groups.txBytes[group] = addKnown(groups.txBytes[group]!, rates.txBytes[row]!)
    groups.rxBytes[group] = addKnown(groups.rxBytes[group]!, rates.rxBytes[row]!)
  }
  return { ...groups, length }

  function isSame(group: number, row: number, name: number, port: number): boolean {
    const other = firstRow[group]!
    if (nameAt(other) !== name) return false
    if (byPort && servicePort[other] !== port) return false
    if (byNamespace && table.namespace[other] !== table.namespace[row]) return false
    for (let i = 0; i < 4; i++) if (remoteAddress[other * 4 + i] !== remoteAddress[row * 4 + i]) return false
    return true
  }
}

const addKnown = (sum: number, value: number) => (Number.isNaN(value) ? sum : Number.isNaN(sum) ? value : sum + value)

const NO_NAMES = { nameOf: new Uint32Array(0), passedOn: 0 }

/**
 * A number for each process name, by owner index + 1: two processes of one name are one group. What is passed on for
 * others has a number too.
 */
function nameIds({ owners }: Connections): { readonly nameOf: Uint32Array; readonly passedOn: number } {
  const ids = new Map<string, number>([["", 0]])
  const out = new Uint32Array(owners.length + 1)
  for (const [i, owner] of owners.entries()) {
    const id = ids.get(owner.name) ?? ids.size
    ids.set(owner.name, id)
    out[i + 1] = id
  }
  return { nameOf: out, passedOn: ids.get(PASSED_ON) ?? ids.size }
}

function hash(addresses: Uint32Array, row: number, name: number, port: number, namespace: number): number {
  let h = Math.imul(name + 1, 0x9e3779b1) ^ Math.imul(port + 1, 0x85ebca6b) ^ Math.imul(namespace, 0x27d4eb2f)
  for (let i = 0; i < 4; i++) h = Math.imul(h ^ addresses[row * 4 + i]!, 0xcc9e2d51) ^ (h >>> 15)
  return (h ^ (h >>> 13)) >>> 0
}

function powerOfTwoOver(n: number): number {
  let size = 16
  while (size < n) size *= 2
  return size
}

export interface Group {
  readonly peerAddress: string
  /** Empty when no process is known. */
  readonly process: string
  readonly connectionCount: number
  readonly txQueue: number
  readonly rxQueue: number
  readonly txBytes?: number
  readonly rxBytes?: number
  /** Service ports, ascending. */
  readonly ports: readonly number[]
  readonly states: ReadonlyMap<string, number>
}

/** Objects for the groups in `wanted`, in that order: one pass over the grouped rows, whatever their number. */
export function describeGroups(
  connections: Connections,
  rows: Uint32Array,
  groups: GroupTable,
  side: Side,
  wanted: readonly number[],
): readonly Group[] {
  const { table } = connections
  const servicePort = side === "in" ? table.localPort : table.remotePort
  const details = new Map(
    wanted.map((group) => [group, { ports: new Set<number>(), states: new Map<string, number>() }]),
  )
  for (let i = 0; i < rows.length; i++) {
    const detail = details.get(groups.groupOf[i]!)
    if (detail === undefined) continue
    const row = rows[i]!
    detail.ports.add(servicePort[row]!)
    const state = stateAt(table, row)
    detail.states.set(state, (detail.states.get(state) ?? 0) + table.connectionCount[row]!)
  }
  return wanted.map((group): Group => {
    const row = groups.row[group]!
    const tx = groups.txBytes[group]!
    const rx = groups.rxBytes[group]!
    return {
      peerAddress: addressText(table.remoteAddress, row),
      process: processNameAt(connections, row),
      connectionCount: groups.connectionCount[group]!,
      txQueue: groups.txQueue[group]!,
      rxQueue: groups.rxQueue[group]!,
      ...(Number.isNaN(tx) ? {} : { txBytes: tx }),
      ...(Number.isNaN(rx) ? {} : { rxBytes: rx }),
      ports: [...details.get(group)!.ports].sort((a, b) => a - b),
      states: details.get(group)!.states,
    }
  })
}
