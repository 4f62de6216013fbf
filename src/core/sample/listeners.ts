/**
 * Which listener took a connection: the one on its local address and port, in its network namespace.
 *
 * Listeners come from the same look as the connections, so a service started a second ago is known. A listener on all
 * addresses of a family takes every address of that family; one on `::` takes IPv4 too unless it is v6-only. A listener
 * bound to a device takes only connections of that device, which carry the device themselves.
 */
import { isIpv4At, type SocketTable } from "./socket-table.ts"

export const LISTEN = 10
/** ::ffff:0:0 as it lies in memory on the little-endian machines we build for. */
const MAPPED_WORD = 0xffff0000

/** The listening rows of one table, chained by local port. */
export interface Listeners {
  /** By port: where its chain begins in `rows`, or -1. */
  readonly first: Int32Array
  readonly rows: readonly number[]
  /** Beside `rows`: the next listener of the same port, or -1. */
  readonly next: readonly number[]
}

// One array for each table, used from look to look: made anew they would be half a megabyte of garbage a look.
const firstOf = new WeakMap<SocketTable, Int32Array>()

/** The listeners of the table as it is now. What was found in it earlier is overwritten. */
export function findListeners(table: SocketTable): Listeners {
  const first = (firstOf.get(table) ?? new Int32Array(65_536)).fill(-1)
  firstOf.set(table, first)
  const rows: number[] = []
  const next: number[] = []
  for (let row = 0; row < table.length; row++) {
    if (table.state[row] !== LISTEN) continue
    const port = table.localPort[row]!
    if (hasTwin(table, { first, rows, next }, row)) continue
    next.push(first[port]!)
    first[port] = rows.push(row) - 1
  }
  return { first, rows, next }
}

/** SO_REUSEPORT: of many workers that listen on the very same thing one is enough, and chains stay short. */
function hasTwin(table: SocketTable, { first, rows, next }: Listeners, row: number): boolean {
  for (let link = first[table.localPort[row]!]!; link >= 0; link = next[link]!) {
    const other = rows[link]!
    if (
      sameAddress(table, other, table, row) &&
      table.namespace[other] === table.namespace[row] &&
      table.interface[other] === table.interface[row] &&
      table.family[other] === table.family[row] &&
      table.isV6Only[other] === table.isV6Only[row]
    )
      return true
  }
  return false
}

/**
 * The listener that takes connections to the local end of `row`, or -1. Of several the kernel's choice
 * (net/ipv4/inet_hashtables.c, compute_score): an exact address, then a bound device, then the row's own family.
 * `row` stands in `from`, which is the listeners' own table unless it is given.
 */
export function listenerOf(
  table: SocketTable,
  { first, rows, next }: Listeners,
  row: number,
  from: SocketTable = table,
): number {
  let best = -1
  let bestScore = 0
  for (let link = first[from.localPort[row]!]!; link >= 0; link = next[link]!) {
    const listener = rows[link]!
    const score = scoreOf(table, listener, from, row)
    if (score > bestScore) {
      best = listener
      bestScore = score
    }
  }
  return best
}

/** 0: does not take it. */
function scoreOf(table: SocketTable, listener: number, from: SocketTable, row: number): number {
  if (table.namespace[listener] !== from.namespace[row]) return 0
  const device = table.interface[listener]!
  if (device !== 0 && device !== from.interface[row]) return 0
  const isExact = sameAddress(table, listener, from, row)
  if (!isExact && !takesAnyAddress(table, listener, from, row)) return 0
  return 1 + (isExact ? 4 : 0) + (device !== 0 ? 2 : 0) + (table.family[listener] === from.family[row] ? 1 : 0)
}

function sameAddress(table: SocketTable, listener: number, from: SocketTable, row: number): boolean {
  const own = table.localAddress
  const other = from.localAddress
  const a = listener * 4
  const b = row * 4
  // The last word differs most often.
  return (
    own[a + 3] === other[b + 3] && own[a + 2] === other[b + 2] && own[a + 1] === other[b + 1] && own[a] === other[b]
  )
}

function takesAnyAddress(table: SocketTable, listener: number, from: SocketTable, row: number): boolean {
  const { localAddress } = table
  const at = listener * 4
  if (localAddress[at + 3] !== 0 || localAddress[at] !== 0 || localAddress[at + 1] !== 0) return false
  const rowIsIpv4 = isIpv4At(from.localAddress, row)
  if (localAddress[at + 2] === MAPPED_WORD) return rowIsIpv4
  return localAddress[at + 2] === 0 && !(rowIsIpv4 && table.isV6Only[listener] === 1)
}
