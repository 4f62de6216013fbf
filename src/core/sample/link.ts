/**
 * Finds each socket of a look in the look before, by cookie.
 *
 * The kernel walks its hash table in the same order each time, so most rows follow the row that matched last; only
 * where that guess fails is the index of the previous table asked (and, the first time, built).
 */
import type { SocketTable } from "./socket-table.ts"

/**
 * Fills `table.previousRow` and carries over what was known of each socket's owner; a closed connection keeps its last
 * one. `undefined`: there is no look before, everything is new. Hot: once a look.
 */
export function linkPrevious(table: SocketTable, previous: SocketTable | undefined): void {
  if (previous === undefined) {
    table.previousRow.fill(-1, 0, table.length)
    return
  }
  const { cookieLow, cookieHigh, previousRow, owner } = table
  let index: CookieIndex | undefined
  let guess = 0
  for (let row = 0; row < table.length; row++) {
    const low = cookieLow[row]!
    const high = cookieHigh[row]!
    let match = -1
    if (guess < previous.length && previous.cookieLow[guess] === low && previous.cookieHigh[guess] === high)
      match = guess
    else {
      index ??= indexCookies(previous)
      match = findCookie(index, previous, low, high)
    }
    previousRow[row] = match
    if (match >= 0) {
      guess = match + 1
      // Another inode is another holder: one that appears was accepted since; one that went was closed, and what is
      // left (TIME_WAIT keeps the cookie) is only inferred to be its last owner's, which the owner search does.
      if (table.inode[row] === previous.inode[match]) owner[row] = previous.owner[match]!
    }
  }
}

interface CookieIndex {
  readonly slots: Int32Array
  readonly mask: number
}

let slots = new Int32Array(0)

function indexCookies(table: SocketTable): CookieIndex {
  let size = 1024
  while (size < table.length * 2) size *= 2
  if (slots.length < size) slots = new Int32Array(size)
  const used = slots.subarray(0, size).fill(-1)
  const mask = size - 1
  for (let row = 0; row < table.length; row++) {
    let slot = hash(table.cookieLow[row]!, table.cookieHigh[row]!) & mask
    while (used[slot]! >= 0) slot = (slot + 1) & mask
    used[slot] = row
  }
  return { slots: used, mask }
}

function findCookie({ slots, mask }: CookieIndex, table: SocketTable, low: number, high: number): number {
  for (let slot = hash(low, high) & mask; ; slot = (slot + 1) & mask) {
    const row = slots[slot]!
    if (row < 0 || (table.cookieLow[row] === low && table.cookieHigh[row] === high)) return row
  }
}

// Cookies count up, a block for each CPU: a multiplication spreads them.
const hash = (low: number, high: number) => Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1) >>> 7
