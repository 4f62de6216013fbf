/** What a row of a snapshot sums up, with its keys in the order of the file. */

export interface SnapshotSums {
  readonly conn_count: number
  readonly tx_queue: number
  readonly rx_queue: number
  readonly total_queue: number
  readonly tx_bytes_delta: number
  readonly rx_bytes_delta: number
  readonly total_bytes_delta: number
  readonly tx_bytes_per_sec: number
  readonly rx_bytes_per_sec: number
  readonly total_bytes_per_sec: number
}

export function sumsOf(
  sum: {
    readonly connections: number
    readonly txQueue: number
    readonly rxQueue: number
    readonly txBytes: number
    readonly rxBytes: number
  },
  elapsedMs: number | undefined,
): SnapshotSums {
  const { connections, txQueue, rxQueue, txBytes, rxBytes } = sum
  const perSecond = (bytes: number) => (elapsedMs === undefined ? 0 : bytes / (elapsedMs / 1000))
  return {
    conn_count: connections,
    tx_queue: txQueue,
    rx_queue: rxQueue,
    total_queue: txQueue + rxQueue,
    tx_bytes_delta: txBytes,
    rx_bytes_delta: rxBytes,
    total_bytes_delta: txBytes + rxBytes,
    tx_bytes_per_sec: perSecond(txBytes),
    rx_bytes_per_sec: perSecond(rxBytes),
    total_bytes_per_sec: perSecond(txBytes + rxBytes),
  }
}

export const sortedStates = (states: ReadonlyMap<string, number>): Readonly<Record<string, number>> =>
  Object.fromEntries([...states].sort(([a], [b]) => (a < b ? -1 : 1)))
