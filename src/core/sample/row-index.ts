/** Rows of a socket table by cookie, or by their two ends. Open addressing; a lookup makes no object. */
import type { SocketTable } from "./socket-table.ts"

/** Finds `row` of `from` in the indexed table; -1: it is not there. Of several the one that stands last. */
export type FindRow = (from: SocketTable, row: number) => number

type Hash = (table: SocketTable, row: number) => number
type Equal = (a: SocketTable, i: number, b: SocketTable, j: number) => boolean

function indexRows(table: SocketTable, hash: Hash, isEqual: Equal): FindRow {
  let size = 16
  while (size < table.length * 2) size *= 2
  const mask = size - 1
  const slots = new Int32Array(size).fill(-1)
  const slotOf = (from: SocketTable, row: number) => {
    let slot = hash(from, row) & mask
    while (slots[slot]! >= 0 && !isEqual(table, slots[slot]!, from, row)) slot = (slot + 1) & mask
    return slot
  }
  for (let row = 0; row < table.length; row++) slots[slotOf(table, row)] = row
  return (from, row) => slots[slotOf(from, row)]!
}

export const indexByCookie = (table: SocketTable): FindRow => indexRows(table, hashCookie, haveSameCookie)

/** By namespace, addresses and ports. */
export const indexByEnds = (table: SocketTable): FindRow => indexRows(table, hashEnds, haveSameEnds)

const hashCookie: Hash = ({ cookieLow, cookieHigh }, row) =>
  Math.imul(cookieLow[row]! ^ Math.imul(cookieHigh[row]!, 0x85ebca6b), 0x9e3779b1) >>> 7

const haveSameCookie: Equal = (a, i, b, j) => a.cookieLow[i] === b.cookieLow[j] && a.cookieHigh[i] === b.cookieHigh[j]

const hashEnds: Hash = ({ localPort, remotePort, localAddress, remoteAddress }, row) =>
  Math.imul(
    (localPort[row]! << 16) ^
      remotePort[row]! ^
      Math.imul(remoteAddress[row * 4 + 3]!, 0x85ebca6b) ^
      Math.imul(localAddress[row * 4 + 3]!, 0xc2b2ae35),
    0x9e3779b1,
  ) >>> 7

const haveSameEnds: Equal = (a, i, b, j) => {
  if (a.localPort[i] !== b.localPort[j] || a.remotePort[i] !== b.remotePort[j]) return false
  if (a.namespace[i] !== b.namespace[j]) return false
  for (let word = 0; word < 4; word++) {
    if (a.remoteAddress[i * 4 + word] !== b.remoteAddress[j * 4 + word]) return false
    if (a.localAddress[i * 4 + word] !== b.localAddress[j * 4 + word]) return false
  }
  return true
}
