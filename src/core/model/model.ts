/**
 * What is going on: two looks at the host, and what follows from them.
 *
 * Every rate, group and percentage of the program is made under this folder. Without a previous look there are no
 * rates, which is not the same as zero.
 */
import { missing, type Note, type Reading, type Sample } from "../sample/sample.ts"
import { type Connections, countStates } from "./connections.ts"
import { deriveDirections, findListeners } from "./direction.ts"
import { deriveBytes, type RateTable } from "./rates.ts"

export interface Model {
  readonly at: number
  readonly elapsedMs?: number
  readonly connections: Reading<Connections>
  /** Sockets by state, listeners included; empty when sockets could not be read. */
  readonly states: ReadonlyMap<string, number>
  readonly notes: readonly Note[]
}

/** Two looks closer than this give no rates: the noise of reading would be larger than the figure. */
const ELAPSED_MIN_MS = 200

/**
 * Derives the model of `sample`. `into` receives the rates: the caller hands in a table that no model on the screen
 * uses. `sample.sockets` must have been linked with the sockets of `previous`.
 */
export function deriveModel(sample: Sample, previous: Sample | undefined, into: RateTable): Model {
  const elapsed = previous === undefined ? undefined : sample.monotonicMs - previous.monotonicMs
  const elapsedMs = elapsed !== undefined && elapsed >= ELAPSED_MIN_MS ? elapsed : undefined
  return {
    at: sample.at,
    ...(elapsedMs === undefined ? {} : { elapsedMs }),
    connections: deriveConnections(sample, previous, elapsedMs, into),
    states: sample.sockets.ok ? countStates(sample.sockets.value.table) : new Map(),
    notes: sample.notes,
  }
}

function deriveConnections(
  sample: Sample,
  previous: Sample | undefined,
  elapsedMs: number | undefined,
  rates: RateTable,
): Reading<Connections> {
  if (!sample.sockets.ok) return missing(sample.sockets.reason)
  const sockets = sample.sockets.value
  const before =
    previous?.sockets.ok === true && elapsedMs !== undefined
      ? { sockets: previous.sockets.value, elapsedMs }
      : undefined
  deriveBytes(rates, sockets, before)
  deriveDirections(rates.isIncoming, sockets.table, findListeners(sockets.table))
  const value = {
    table: sockets.table,
    owners: sockets.owners,
    rates,
    ...(before === undefined ? {} : { elapsedMs: before.elapsedMs }),
  }
  return { ok: true, value }
}
