/**
 * Counter differences: what moved between two looks.
 *
 * A rate that cannot be known is NaN with the reason beside it, and never 0.
 */
import type { Sockets } from "../sample/sample.ts"

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
}

export const createRateTable = (): RateTable => ({
  txBytes: new Float64Array(0),
  rxBytes: new Float64Array(0),
  mark: new Uint8Array(0),
  isIncoming: new Uint8Array(0),
})

/** Makes room for the rows of `capacity` sockets. What was there is gone. */
export function fitRateTable(rates: RateTable, capacity: number): void {
  if (rates.mark.length >= capacity) return
  rates.txBytes = new Float64Array(capacity)
  rates.rxBytes = new Float64Array(capacity)
  rates.mark = new Uint8Array(capacity)
  rates.isIncoming = new Uint8Array(capacity)
}

/** No network device carries more than 400 Gbit/s; a jump beyond that is a broken counter. */
const BYTES_PER_SECOND_MAX = 400e9 / 8

/**
 * Fills `rates.txBytes`, `rxBytes` and `mark` from two looks that `linkPrevious` has joined. Hot: once a look.
 *
 * A socket that was not there last time was born inside the window and counts from zero. That holds only while the
 * look before was complete; else such a row is `first`.
 */
export function deriveBytes(
  rates: RateTable,
  now: Sockets,
  before: { readonly sockets: Sockets; readonly elapsedMs: number } | undefined,
): void {
  const { table } = now
  fitRateTable(rates, table.capacity)
  const { txBytes, rxBytes, mark } = rates
  if (before === undefined) {
    txBytes.fill(Number.NaN, 0, table.length)
    rxBytes.fill(Number.NaN, 0, table.length)
    mark.fill(byteMark.first, 0, table.length)
    return
  }
  const { bytesAcked, bytesReceived, previousRow } = table
  const { bytesAcked: ackedBefore, bytesReceived: receivedBefore } = before.sockets.table
  const bytesMax = (BYTES_PER_SECOND_MAX * before.elapsedMs) / 1000
  for (let row = 0; row < table.length; row++) {
    const match = previousRow[row]!
    let tx = bytesAcked[row]!
    let rx = bytesReceived[row]!
    let reason: number = byteMark.exact
    if (match >= 0) {
      tx -= ackedBefore[match]!
      rx -= receivedBefore[match]!
    } else if (!before.sockets.isComplete) {
      tx = rx = Number.NaN
      reason = byteMark.first
    }
    // The comparisons are false for NaN, which is told apart last.
    if (tx < 0 || rx < 0) reason = byteMark.wentBack
    else if (tx > bytesMax || rx > bytesMax) reason = byteMark.impossible
    else if (reason === byteMark.exact && (Number.isNaN(tx) || Number.isNaN(rx))) reason = byteMark.uncounted
    mark[row] = reason
    txBytes[row] = reason === byteMark.exact ? tx : Number.NaN
    rxBytes[row] = reason === byteMark.exact ? rx : Number.NaN
  }
}
