/** The connections as one JSON object, in pieces: a host with 100,000 of them gives 40 MB of text. */
import type { Connections } from "../model/connections.ts"
import type { Coverage } from "../model/coverage.ts"
import { json } from "../text/json.ts"
import { connectionFields } from "./connection-fields.ts"

export interface ConnectionsReport {
  /** RFC 3339, when the sockets were read. */
  readonly capturedAt: string
  readonly interfaceName?: string
  /** Milliseconds between the two looks. */
  readonly elapsedMs?: number
  readonly connections: Connections
  /** Rows in the order they are written. */
  readonly rows: Uint32Array
  /** Absent when it cannot be told. */
  readonly coverage?: Coverage
  readonly notes: readonly string[]
}

/** One connection a line, so that line tools are of use too. */
export function* connectionsJson(report: ConnectionsReport): Generator<string> {
  const { capturedAt, interfaceName, elapsedMs, connections, rows, coverage, notes } = report
  const head = {
    captured_at: capturedAt,
    interface: interfaceName ?? null,
    // To the microsecond: clocks are no better, and 1.0012 is not to become 1.0011999999999999.
    sample_seconds: elapsedMs === undefined ? null : Math.round(elapsedMs * 1000) / 1e6,
    /** Of what the interface carried, how much the connections account for. */
    coverage_percent: coverage === undefined ? null : Math.round(coverage.percent * 100) / 100,
  }
  yield `${json(head).slice(0, -1)},"connections":[`
  let separator = "\n"
  for (const row of rows) {
    yield `${separator}${json(connectionFields(connections, row))}`
    separator = ",\n"
  }
  yield `${rows.length > 0 ? "\n" : ""}],"notes":${json(notes)}}\n`
}
