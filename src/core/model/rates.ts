/**
 * Counter differences: what moved between two looks.
 *
 * A rate that cannot be known is NaN with the reason beside it, and never 0.
 */
import { isCompleteIn, type Sockets } from "../sample/sample.ts"
import { addressBytes, addressText, type SocketTable } from "../sample/socket-table.ts"
import { createFlowRateTable, type FlowRateTable } from "./flow-rates.ts"

/** Why a row's bytes are what they are. */
export const byteMark = {
  /** Exact: the difference of two readings, or the whole life of a socket born since the last look. */
  exact: 0,
  /** There is no look before this one. */
  first: 1,
  /** The kernel keeps no counters for this socket (TIME_WAIT, SYN_RECV, kernels before 4.1). */
  uncounted: 2,
  /** The counter went back. */
  wentBack: 3,
  /** More than any link can carry in the time. */
  impossible: 4,
} as const

/** Bytes that moved on each socket in the window, row by row beside the `SocketTable`. Reused from look to look. */
export interface RateTable {
  /** Payload the peer has acknowledged; NaN is unknown. */
  txBytes: Float64Array
  /** Payload received in order; NaN is unknown. */
  rxBytes: Float64Array
  mark: Uint8Array
  /** 1: the local address and port are listened on. */
  isIncoming: Uint8Array
  /** What moved on each conntrack flow, row by row beside the `FlowTable`. */
  readonly flows: FlowRateTable
  /** `whyCode`: what holds the connection back. */
  why: Uint8Array
}

export const createRateTable = (): RateTable => ({
  txBytes: new Float64Array(0),
  rxBytes: new Float64Array(0),
  mark: new Uint8Array(0),
  isIncoming: new Uint8Array(0),
  flows: createFlowRateTable(),
  why: new Uint8Array(0),
})

/** Makes room for the rows of `capacity` sockets. What was there is gone. */
export function fitRateTable(rates: RateTable, capacity: number): void {
  if (rates.mark.length >= capacity) return
  rates.txBytes = new Float64Array(capacity)
  rates.rxBytes = new Float64Array(capacity)
  rates.mark = new Uint8Array(capacity)
  rates.isIncoming = new Uint8Array(capacity)
  rates.why = new Uint8Array(capacity)
}

/** No network device carries more than 400 Gbit/s; a jump beyond that is a broken counter. */
const BYTES_PER_SECOND_MAX = 400e9 / 8

/** Framing is above what the speed counts, clocks differ, and a peer may acknowledge late what it had long received. */
const LINK_FACTOR = 1.25
const LINK_SLACK_BYTES = 64 * 2 ** 20

/** A real device whose speed is a limit, and which sockets use it. */
export interface LinkLimit {
  readonly bytesPerSecond: number
  /** The device's own addresses, as `formatAddress` writes them. */
  readonly localAddresses: ReadonlySet<string>
  /**
   * Peers that are reached another way although the local address is this device's: the host's own addresses and the
   * networks behind its other devices (a container that talks to the host's outer address moves veth speed).
   */
  readonly elsewhere: readonly Network[]
}

/** Sixteen network-order bytes of which the first `prefixLength` bits count. 10.0.0.0/8 is ::ffff:10.0.0.0/104. */
export interface Network {
  readonly address: Uint8Array
  readonly prefixLength: number
}

/** States in which nothing has moved yet: a socket seen in one of them had counted zero. */
const SYN_RECV = 3
const NEW_SYN_RECV = 12

/**
 * Fills `rates.txBytes`, `rxBytes` and `mark` from two looks that `linkPrevious` has joined. Hot: once a look.
 *
 * A socket that was not there last time was born inside the window and counts from zero. That holds only while the
 * look before was complete in its namespace; else such a row is `first`. With `link`, its sockets are held to what it can carry.
 */
export function deriveBytes(
  rates: RateTable,
  now: Sockets,
  before: { readonly sockets: Sockets; readonly elapsedMs: number } | undefined,
  link?: LinkLimit,
): void {
  const { table } = now
  fitRateTable(rates, table.capacity)
  const { txBytes, rxBytes, mark } = rates
  // Two looks at one instant have no window between them.
  if (before === undefined || !(before.elapsedMs > 0)) {
    txBytes.fill(Number.NaN, 0, table.length)
    rxBytes.fill(Number.NaN, 0, table.length)
    mark.fill(byteMark.first, 0, table.length)
    return
  }
  const { bytesAcked, bytesReceived, previousRow, countedAcked, countedReceived, namespace } = table
  const { bytesAcked: ackedBefore, bytesReceived: receivedBefore, state: stateBefore } = before.sockets.table
  const seconds = before.elapsedMs / 1000
  const bytesMax = BYTES_PER_SECOND_MAX * seconds
  const linkMax = link === undefined ? bytesMax : link.bytesPerSecond * seconds * LINK_FACTOR + LINK_SLACK_BYTES
  for (let row = 0; row < table.length; row++) {
    const match = previousRow[row]!
    let tx = bytesAcked[row]!
    let rx = bytesReceived[row]!
    let reason: number = byteMark.exact
    if (!Number.isNaN(countedAcked[row]!)) {
      // Known from an earlier look than the one before: a connection that ended, or one that a look had missed.
      tx -= countedAcked[row]!
      rx -= countedReceived[row]!
    } else if (match >= 0) {
      const state = stateBefore[match]!
      // A half-open socket has no counters and passes its cookie on to the connection, which counts from zero.
      if (state !== SYN_RECV && state !== NEW_SYN_RECV) {
        tx -= ackedBefore[match]!
        rx -= receivedBefore[match]!
      }
    } else if (!isCompleteIn(before.sockets, namespace[row]!)) {
      tx = rx = Number.NaN
      reason = byteMark.first
    }
    // The comparisons are false for NaN, which is told apart last.
    if (tx < 0 || rx < 0) reason = byteMark.wentBack
    else if (tx > bytesMax || rx > bytesMax) reason = byteMark.impossible
    else if ((tx > linkMax || rx > linkMax) && link !== undefined && usesLink(link, table, row))
      reason = byteMark.impossible
    else if (reason === byteMark.exact && (Number.isNaN(tx) || Number.isNaN(rx))) reason = byteMark.uncounted
    mark[row] = reason
    txBytes[row] = reason === byteMark.exact ? tx : Number.NaN
    rxBytes[row] = reason === byteMark.exact ? rx : Number.NaN
  }
}

// Asked only for the rare row that moved more than the link could: it may be slow.
function usesLink(link: LinkLimit, table: SocketTable, row: number): boolean {
  if (!link.localAddresses.has(addressText(table.localAddress, row))) return false
  const peer = addressBytes(table.remoteAddress, row)
  return !link.elsewhere.some((network) => contains(network, peer))
}

function contains({ address, prefixLength }: Network, peer: Uint8Array): boolean {
  for (let i = 0, left = prefixLength; left > 0; i++, left -= 8) {
    const ignored = Math.max(0, 8 - left)
    if (address[i]! >> ignored !== peer[i]! >> ignored) return false
  }
  return true
}
