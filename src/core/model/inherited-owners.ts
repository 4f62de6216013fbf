/**
 * Owners of sockets that no process holds, by inference.
 *
 * A socket without an inode belongs to nobody: it waits to be accepted, its handshake is not finished, or its program
 * has closed it and only the kernel still cares. It is given the owner of what it came from, marked as unsure.
 */
import type { SocketTable } from "../sample/socket-table.ts"
import { type Listeners, listenerOf } from "./direction.ts"

/** net/tcp_states.h */
const TIME_WAIT = 6

/**
 * Gives an owner to rows that have neither inode nor owner, from the surest evidence there is:
 *
 * 1. the same socket's owner in the previous look: the program has closed it since;
 * 2. for TIME_WAIT, the owner of the same two ends in the previous look: the kernel replaces the socket by a smaller
 *    one with a cookie of its own;
 * 3. the owner of the listener it came in by.
 *
 * `previous` is the table that `linkPrevious` was given, its owners numbered like ours. `unsure` answers the number of
 * the same owner marked as unsure. Rows that have an owner keep it.
 */
export function inheritOwners(
  table: SocketTable,
  listeners: Listeners,
  previous: SocketTable | undefined,
  unsure: (owner: number) => number,
): void {
  const { inode, owner, state, previousRow } = table
  const give = (row: number, from: number) => {
    if (from >= 0) owner[row] = unsure(from)
  }
  const renewed: number[] = []
  for (let row = 0; row < table.length; row++) {
    if (inode[row] !== 0 || owner[row]! >= 0) continue
    const before = previousRow[row]!
    if (before >= 0) give(row, previous?.owner[before] ?? -1)
    if (owner[row]! >= 0) continue
    if (previous !== undefined && before < 0 && state[row] === TIME_WAIT) renewed.push(row)
    else give(row, ownerOfListener(table, listeners, row))
  }
  if (previous === undefined || renewed.length === 0) return
  const earlier = rowsWithSameEnds(table, renewed, previous)
  renewed.forEach((row, i) => {
    give(row, previous.owner[earlier[i]!] ?? -1)
    if (owner[row]! < 0) give(row, ownerOfListener(table, listeners, row))
  })
}

function ownerOfListener(table: SocketTable, listeners: Listeners, row: number): number {
  const listener = listenerOf(table, listeners, row)
  return listener < 0 ? -1 : table.owner[listener]!
}

/** For each of `rows` the row of `previous` with the same addresses and ports, or -1. One pass over `previous`. */
function rowsWithSameEnds(table: SocketTable, rows: readonly number[], previous: SocketTable): Int32Array {
  let size = 64
  while (size < rows.length * 2) size *= 2
  const mask = size - 1
  const slots = new Int32Array(size).fill(-1)
  rows.forEach((row, i) => {
    let slot = hashEnds(table, row) & mask
    while (slots[slot]! >= 0) slot = (slot + 1) & mask
    slots[slot] = i
  })
  const earlier = new Int32Array(rows.length).fill(-1)
  for (let row = 0; row < previous.length; row++) {
    if (previous.owner[row]! < 0) continue
    for (let slot = hashEnds(previous, row) & mask; slots[slot]! >= 0; slot = (slot + 1) & mask) {
      const i = slots[slot]!
      if (haveSameEnds(table, rows[i]!, previous, row)) earlier[i] = row
    }
  }
  return earlier
}

const hashEnds = ({ localPort, remotePort, remoteAddress }: SocketTable, row: number) =>
  Math.imul(
    (localPort[row]! << 16) ^ remotePort[row]! ^ Math.imul(remoteAddress[row * 4 + 3]!, 0x85ebca6b),
    0x9e3779b1,
  ) >>> 7

function haveSameEnds(a: SocketTable, i: number, b: SocketTable, j: number): boolean {
  if (a.localPort[i] !== b.localPort[j] || a.remotePort[i] !== b.remotePort[j]) return false
  for (let word = 0; word < 4; word++) {
    if (a.remoteAddress[i * 4 + word] !== b.remoteAddress[j * 4 + word]) return false
    if (a.localAddress[i * 4 + word] !== b.localAddress[j * 4 + word]) return false
  }
  return true
}
