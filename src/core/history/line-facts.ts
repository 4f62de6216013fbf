/**
 * What the index knows of a line: when it is of, how much is in it, what was wrong. Found without reading the rows.
 *
 * A line of ours keeps its rows in the middle; head and tail are read as JSON, and the rows are left alone. Anything
 * that does not look like that is read as a whole.
 */
import { readSnapshotLine } from "../snapshot/read.ts"
import type { SnapshotEvent, SnapshotLine } from "../snapshot/schema.ts"
import { needle, type RowSums, sumRows } from "./row-scan.ts"

export interface LineFacts {
  readonly at: number
  /** False: the line tells events only. */
  readonly isLook: boolean
  readonly rowsIn: number
  readonly rowsOut: number
  /** Of both sides, what was cut off included where the line tells. */
  readonly connections: number
  /** NaN: not known. */
  readonly bytesPerSecond: number
  /** 0: not known. */
  readonly intervalSeconds: number
  /** What was wrong, `severity id`, in order; of a line without findings its health where that is bad. */
  readonly findings: readonly string[]
  readonly events: readonly SnapshotEvent[]
}

/** Clocks are wrong now and then; a line of the year 1 or 9999 is nobody's history. */
const AT_MIN = Date.UTC(2000, 0, 1)
const AT_MAX = Date.UTC(2200, 0, 1)

const HEAD = '{"captured_at":"'
const HEAD_BYTES = needle(HEAD)
const CAPTURED = needle('"captured_at":"')
const INCOMING = needle('"incoming_groups":')
const OUTGOING = needle('"outgoing_groups":')
const VERSION = needle(',"version":"')
/** The keys in front of the rows are few and short. */
const HEAD_MAX = 2_048
const BRACKET = 0x5d
const LETTER_L = 0x6c
const decoder = new TextDecoder("utf-8", { fatal: true })

/** Facts of the line in `[from, to)`; nothing when it is no snapshot. */
export function measureLine(bytes: Buffer, from: number, to: number): LineFacts | undefined {
  return measureQuickly(bytes, from, to) ?? measureWhole(bytes, from, to)
}

function measureQuickly(bytes: Buffer, from: number, to: number): LineFacts | undefined {
  if (bytes.compare(HEAD_BYTES, 0, HEAD_BYTES.length, from, Math.min(to, from + HEAD_BYTES.length)) !== 0)
    return undefined
  const incoming = bytes.subarray(from, Math.min(to, from + HEAD_MAX)).indexOf(INCOMING) + from
  if (incoming < from) return undefined
  const version = bytes.subarray(from, to).lastIndexOf(VERSION) + from
  // Behind the rows: `]`, or the end of `null`.
  if (version <= incoming || (bytes[version - 1] !== BRACKET && bytes[version - 1] !== LETTER_L)) return undefined
  // Half a line with another one glued to it has two times.
  const again = bytes.indexOf(CAPTURED, from + HEAD_BYTES.length)
  if (again >= 0 && again < to) return undefined
  const line = readSnapshotLine(
    `${text(bytes, from, incoming)}"incoming_groups":[],"outgoing_groups":[]${text(bytes, version, to)}`,
  )
  if (line === undefined) return undefined
  const { totals } = line
  if (totals?.incoming !== undefined && totals.outgoing !== undefined) {
    const { incoming: ins, outgoing: outs } = totals
    return factsOf(
      line,
      { rows: ins.rows - ins.cut_rows, connections: ins.conn_count, bytes: ins.total_bytes_delta },
      { rows: outs.rows - outs.cut_rows, connections: outs.conn_count, bytes: outs.total_bytes_delta },
    )
  }
  const outgoing = bytes.indexOf(OUTGOING, incoming)
  if (outgoing < 0 || outgoing > version) return undefined
  return factsOf(line, sumRows(bytes, incoming, outgoing), sumRows(bytes, outgoing, version))
}

function measureWhole(bytes: Buffer, from: number, to: number): LineFacts | undefined {
  const line = readLineBytes(bytes.subarray(from, to))
  if (line === undefined) return undefined
  const sums = (rows: SnapshotLine["incoming_groups"]): RowSums => ({
    rows: rows?.length ?? 0,
    connections: (rows ?? []).reduce((sum, row) => sum + row.conn_count, 0),
    bytes: (rows ?? []).reduce((sum, row) => sum + row.total_bytes_delta, 0),
  })
  return factsOf(line, sums(line.incoming_groups), sums(line.outgoing_groups))
}

/** A line from its bytes; nothing when it is no snapshot of a time that can be. */
export function readLineBytes(bytes: Uint8Array): SnapshotLine | undefined {
  let given: string
  try {
    given = decoder.decode(bytes)
  } catch {
    // Not UTF-8: no line of ours, and no JSON.
    return undefined
  }
  const line = readSnapshotLine(given)
  return line !== undefined && isPossible(lineTime(line)) ? line : undefined
}

export const lineTime = ({ epoch_ms, captured_at }: Pick<SnapshotLine, "epoch_ms" | "captured_at">): number =>
  epoch_ms ?? Date.parse(captured_at)

const isPossible = (at: number): boolean => at >= AT_MIN && at < AT_MAX

function factsOf(line: SnapshotLine, incoming: RowSums, outgoing: RowSums): LineFacts | undefined {
  const at = lineTime(line)
  if (!isPossible(at)) return undefined
  const isMeasured = line.bandwidth_available && line.sample_seconds > 0
  return {
    at,
    isLook: line.look !== false,
    rowsIn: size(incoming.rows),
    rowsOut: size(outgoing.rows),
    connections: size(incoming.connections + outgoing.connections),
    bytesPerSecond: isMeasured ? Math.max(0, (incoming.bytes + outgoing.bytes) / line.sample_seconds) : Number.NaN,
    intervalSeconds: size(line.interval_seconds ?? 0),
    findings: findingsOf(line),
    events: line.events ?? [],
  }
}

/** What a file says may be anything: negative, or more than there are. */
const size = (value: number): number => Math.min(Math.max(0, value), 0xffff_ffff)

const FINDINGS_MAX = 64

function findingsOf({ findings, health }: SnapshotLine): readonly string[] {
  const found = (findings ?? []).slice(0, FINDINGS_MAX).map(({ severity, id }) => `${severity} ${id}`)
  if (found.length > 0) return found.sort()
  return health?.level === "warn" || health?.level === "crit" ? [`${health.level} health`] : []
}

const text = (bytes: Buffer, from: number, to: number): string => bytes.toString("utf8", from, to)
