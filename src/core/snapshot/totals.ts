/** One side of a look before the cut, and what the cut took: with the rows, nothing of a look is lost. */
import { type Connections, stateName } from "../model/connections.ts"
import type { GroupTable } from "../model/groups.ts"
import { type SnapshotSums, sortedStates, sumsOf } from "./sums.ts"

export interface SideTotals {
  readonly totals: {
    readonly rows: number
    readonly conn_count: number
    readonly tx_bytes_delta: number
    readonly rx_bytes_delta: number
    readonly total_bytes_delta: number
    readonly cut_rows: number
    readonly cut_conn_count: number
    readonly cut_bytes_delta: number
  }
  /** Present when something was cut. */
  readonly others?: { readonly rows: number } & SnapshotSums & { readonly states: Readonly<Record<string, number>> }
}

/** `rows` were joined to `groups`; of these `kept` are written. Hot: once a look, over every connection. */
export function sideTotals(
  connections: Connections,
  rows: Uint32Array,
  groups: GroupTable,
  kept: readonly number[],
): SideTotals {
  const isKept = new Uint8Array(groups.length)
  for (const group of kept) isKept[group] = 1
  const all = { connections: 0, txQueue: 0, rxQueue: 0, txBytes: 0, rxBytes: 0 }
  const cut = { connections: 0, txQueue: 0, rxQueue: 0, txBytes: 0, rxBytes: 0 }
  for (let group = 0; group < groups.length; group++) {
    add(all, groups, group)
    if (isKept[group] === 0) add(cut, groups, group)
  }
  const cutRows = groups.length - kept.length
  return {
    totals: {
      rows: groups.length,
      conn_count: all.connections,
      tx_bytes_delta: all.txBytes,
      rx_bytes_delta: all.rxBytes,
      total_bytes_delta: all.txBytes + all.rxBytes,
      cut_rows: cutRows,
      cut_conn_count: cut.connections,
      cut_bytes_delta: cut.txBytes + cut.rxBytes,
    },
    ...(cutRows === 0
      ? {}
      : {
          others: {
            rows: cutRows,
            ...sumsOf(cut, connections.elapsedMs),
            states: sortedStates(countCutStates(connections, rows, groups, isKept)),
          },
        }),
  }
}

interface Sum {
  connections: number
  txQueue: number
  rxQueue: number
  txBytes: number
  rxBytes: number
}

function add(sum: Sum, groups: GroupTable, group: number): void {
  sum.connections += groups.connectionCount[group]!
  sum.txQueue += groups.txQueue[group]!
  sum.rxQueue += groups.rxQueue[group]!
  // NaN where nothing is known.
  sum.txBytes += groups.txBytes[group]! || 0
  sum.rxBytes += groups.rxBytes[group]! || 0
}

function countCutStates(
  { table }: Connections,
  rows: Uint32Array,
  groups: GroupTable,
  isKept: Uint8Array,
): ReadonlyMap<string, number> {
  const counts = new Uint32Array(256)
  for (let i = 0; i < rows.length; i++) if (isKept[groups.groupOf[i]!] === 0) counts[table.state[rows[i]!]!]!++
  const named: [string, number][] = []
  for (const [state, total] of counts.entries()) if (total > 0) named.push([stateName(state), total])
  return new Map(named)
}
