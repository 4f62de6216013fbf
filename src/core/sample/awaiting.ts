/**
 * Connections that left the list of sockets while their final counters are still to come.
 *
 * The kernel tells of an end when the socket is freed, which is later than its leaving the list: a moment after a normal
 * close, and after a kill or a reset only when the program closes the descriptor, be it hours. Until then the row of
 * the last look that showed it is kept: what it had counted, whose it was, and since when it was there.
 */
import { LISTEN } from "./listeners.ts"
import { indexByCookie } from "./row-index.ts"
import { appendCopies, keepRows, rowSource, type SocketTable } from "./socket-table.ts"

/** More than this are not kept; the eldest go first. */
export const AWAITING_MAX = 16_384

/**
 * A socket that a look missed and the next shows again goes on where it was: gives such rows of `table` what was
 * counted, and takes them out of `awaiting`. Runs after `linkPrevious`.
 */
export function recallAwaiting(awaiting: SocketTable, table: SocketTable): void {
  if (awaiting.length === 0) return
  const find = indexByCookie(awaiting)
  const isKept = new Uint8Array(awaiting.length).fill(1)
  for (let row = 0; row < table.length; row++) {
    if (table.previousRow[row]! >= 0 || table.hasInfo[row] === 0) continue
    const known = find(table, row)
    if (known < 0) continue
    isKept[known] = 0
    inheritLife(awaiting, known, table, row)
  }
  keepMarked(awaiting, isKept)
}

/** What is known of a connection from its life: `row` of `to` is its continuation or its end. */
export function inheritLife(from: SocketTable, known: number, to: SocketTable, row: number): void {
  to.countedAcked[row] = from.bytesAcked[known]!
  to.countedReceived[row] = from.bytesReceived[known]!
  to.countedSent[row] = from.bytesSent[known]!
  to.isOpener[row] = from.isOpener[known]!
  to.firstSeenMs[row] = from.firstSeenMs[known]!
  if (to.owner[row]! < 0) to.owner[row] = from.owner[known]!
}

// Used from look to look.
let shownScratch = new Uint8Array(0)

/**
 * Adds the connections of `previous` that `table` no longer shows with counters (TIME_WAIT keeps the cookie and has
 * none).
 */
export function awaitVanished(awaiting: SocketTable, table: SocketTable, previous: SocketTable): void {
  if (shownScratch.length < previous.length) shownScratch = new Uint8Array(previous.capacity)
  const isShown = shownScratch.fill(0, 0, previous.length)
  for (let row = 0; row < table.length; row++) {
    const match = table.previousRow[row]!
    if (match >= 0 && table.hasInfo[row] === 1) isShown[match] = 1
  }
  const isGone = (row: number) =>
    isShown[row] === 0 &&
    previous.hasInfo[row] === 1 &&
    previous.source[row] === rowSource.socket &&
    previous.state[row] !== LISTEN &&
    previous.remotePort[row] !== 0
  const gone: number[] = []
  for (let row = 0; row < previous.length; row++) if (isGone(row)) gone.push(row)
  appendCopies(previous, Int32Array.from(gone), awaiting)
}

/** Forgets what is above the limit, eldest first; answers how many. */
export function forgetEldest(awaiting: SocketTable): number {
  const count = Math.max(0, awaiting.length - AWAITING_MAX)
  if (count > 0) keepMarked(awaiting, new Uint8Array(awaiting.length).fill(1, count))
  return count
}

/** Keeps the rows whose mark is 1, in their order. */
export function keepMarked(table: SocketTable, isKept: Uint8Array): void {
  const rows = new Int32Array(table.length)
  let count = 0
  for (let row = 0; row < table.length; row++) if (isKept[row] === 1) rows[count++] = row
  if (count < table.length) keepRows(table, rows.subarray(0, count))
}
