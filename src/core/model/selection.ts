/** Connections that were asked for, the busiest first. */
import { type Connections, isConnection, type Side } from "./connections.ts"
import { compareAddresses, sortRows } from "./order.ts"
import { type PeerRange, peerMatcher } from "./peer-range.ts"

export interface Wanted {
  /** Absent: both. */
  readonly side?: Side
  /** IPPROTO numbers. Absent: all. */
  readonly protocols?: readonly number[]
  /** The local port of IN, the remote port of OUT. */
  readonly servicePort?: number
  readonly peer?: PeerRange
  /** As the process calls itself. */
  readonly process?: string
}

/** Rows that are connections of others than `ownPid` and match `wanted`. Hot: every socket of the host passes here. */
export function selectRows(connections: Connections, wanted: Wanted, ownPid: number): Uint32Array {
  const { table, rates } = connections
  const { side, protocols, servicePort } = wanted
  const isPeer = wanted.peer === undefined ? undefined : peerMatcher(table, wanted.peer)
  const isOwner = wanted.process === undefined ? undefined : ownersNamed(connections, wanted.process)
  const rows = new Uint32Array(table.length)
  let length = 0
  for (let row = 0; row < table.length; row++) {
    const isIncoming = rates.isIncoming[row] === 1
    if (side !== undefined && isIncoming !== (side === "in")) continue
    if (protocols !== undefined && !protocols.includes(table.protocol[row]!)) continue
    if (servicePort !== undefined && (isIncoming ? table.localPort : table.remotePort)[row] !== servicePort) continue
    if (isPeer !== undefined && !isPeer(row)) continue
    if (isOwner !== undefined && isOwner[table.owner[row]! + 1] !== 1) continue
    if (isConnection(connections, row, ownPid)) rows[length++] = row
  }
  return rows.slice(0, length)
}

/** The kernel keeps this much of a process's name (TASK_COMM_LEN less the NUL). */
const NAME_BYTES_MAX = 15

/** 1 for each owner of that name, by owner index + 1. */
function ownersNamed({ owners }: Connections, process: string): Uint8Array {
  const kept = new TextDecoder().decode(new TextEncoder().encode(process).subarray(0, NAME_BYTES_MAX))
  return Uint8Array.from([0, ...owners.map(({ name }) => (name === process || name === kept ? 1 : 0))])
}

const known = (bytes: number) => (Number.isNaN(bytes) ? 0 : bytes)

/** Sorts by bytes moved, then bytes queued; ends come last and ascend, so that equal rows do not change places. */
export function sortByBandwidth({ table, rates }: Connections, rows: Uint32Array): void {
  const { txBytes, rxBytes } = rates
  const { sendQueue, receiveQueue, remoteAddress, localAddress, remotePort, localPort } = table
  sortRows(
    rows,
    (a, b) =>
      known(txBytes[b]!) + known(rxBytes[b]!) - known(txBytes[a]!) - known(rxBytes[a]!) ||
      sendQueue[b]! + receiveQueue[b]! - sendQueue[a]! - receiveQueue[a]! ||
      compareAddresses(remoteAddress, a, b) ||
      remotePort[a]! - remotePort[b]! ||
      compareAddresses(localAddress, a, b) ||
      localPort[a]! - localPort[b]!,
  )
}
