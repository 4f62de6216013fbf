/**
 * The index of a closed day as a file beside it, so that the day need not be gone through again.
 *
 * One JSON object of columns: `at` and `offset` as differences to the row before. It names the file it is of by size and
 * time; one that does not match, or is not what it should be, is as good as none.
 */
import * as v from "valibot"
import { growColumnTable } from "../sample/columns.ts"
import { eventSchema } from "../snapshot/schema.ts"
import { createLineIndex, type LineIndex, layout } from "./line-index.ts"

const VERSION = 1

/** What is the same as long as the file is. */
export interface FileMark {
  readonly size: number
  readonly modifiedMs: number
}

const numbers = v.array(v.number())
const counts = v.array(v.pipe(v.number(), v.minValue(0)))

const schema = v.object({
  version: v.literal(VERSION),
  size: v.number(),
  modified_ms: v.number(),
  corrupt: v.pipe(v.number(), v.integer(), v.minValue(0)),
  finding_sets: v.array(v.array(v.string())),
  events: v.array(eventSchema),
  at_ms: numbers,
  offset: counts,
  bytes: counts,
  rows_in: counts,
  rows_out: counts,
  connections: counts,
  bytes_per_sec: v.array(v.nullable(v.number())),
  interval_seconds: counts,
  findings: counts,
})

export function writeSideIndex(
  { lines, findings, events, corrupt }: LineIndex,
  { size, modifiedMs }: FileMark,
): string {
  const whole = (column: ArrayLike<number>) => Array.from({ length: lines.length }, (_, i) => column[i]!)
  const steps = (column: ArrayLike<number>) =>
    whole(column).map((value, i) => (i === 0 ? value : value - column[i - 1]!))
  const { at, offset, bytes, rowsIn, rowsOut, connections, bytesPerSecond, intervalSeconds } = lines
  return JSON.stringify({
    version: VERSION,
    size,
    modified_ms: modifiedMs,
    corrupt,
    finding_sets: findings.list,
    events,
    at_ms: steps(at),
    offset: steps(offset),
    bytes: whole(bytes),
    rows_in: whole(rowsIn),
    rows_out: whole(rowsOut),
    connections: whole(connections),
    // Tenths of a byte are nobody's concern; NaN is null in JSON.
    bytes_per_sec: whole(bytesPerSecond).map((value) => (Number.isNaN(value) ? null : Math.round(value))),
    interval_seconds: whole(intervalSeconds),
    findings: whole(lines.findings),
  })
}

/** Nothing when it is not the index of that file. */
export function readSideIndex(text: string, { size, modifiedMs }: FileMark): LineIndex | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const result = v.safeParse(schema, value, { abortEarly: true })
  if (!result.success) return undefined
  const read = result.output
  if (read.size !== size || read.modified_ms !== modifiedMs) return undefined
  const { length } = read.at_ms
  const columns = [read.offset, read.bytes, read.rows_in, read.rows_out, read.connections, read.bytes_per_sec]
  if ([...columns, read.interval_seconds, read.findings].some((column) => column.length !== length)) return undefined
  if (read.findings.some((set) => set >= read.finding_sets.length) || read.finding_sets[0]?.length !== 0)
    return undefined
  const index = createLineIndex()
  const { lines } = index
  growColumnTable(lines, layout, length)
  for (let i = 0; i < length; i++) {
    lines.at[i] = read.at_ms[i]! + (i === 0 ? 0 : lines.at[i - 1]!)
    lines.offset[i] = read.offset[i]! + (i === 0 ? 0 : lines.offset[i - 1]!)
    lines.bytesPerSecond[i] = read.bytes_per_sec[i] ?? Number.NaN
  }
  lines.bytes.set(read.bytes)
  lines.rowsIn.set(read.rows_in)
  lines.rowsOut.set(read.rows_out)
  lines.connections.set(read.connections)
  lines.intervalSeconds.set(read.interval_seconds)
  lines.findings.set(read.findings)
  lines.length = length
  for (const set of read.finding_sets.slice(1))
    index.findings.numbers.set(set.join("\n"), index.findings.list.push(set) - 1)
  index.events.push(...read.events)
  index.corrupt = read.corrupt
  return index
}
