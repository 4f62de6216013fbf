/**
 * The index of one file: a row for each line, in columns. It says where each line stands and what is needed to choose
 * one: a week at one line a second is 600,000 rows, and no object is made for them.
 */
import type { ColumnTable } from "../sample/columns.ts"
import { createColumnTable, growColumnTable } from "../sample/columns.ts"
import type { SnapshotEvent } from "../snapshot/schema.ts"
import type { LineFacts } from "./line-facts.ts"

export const layout = {
  at: ["f64", 1],
  /** Where the line begins in the text of the file, and how long it is without its line feed. */
  offset: ["f64", 1],
  bytes: ["u32", 1],
  rowsIn: ["u32", 1],
  rowsOut: ["u32", 1],
  connections: ["u32", 1],
  /** NaN: not known. */
  bytesPerSecond: ["f64", 1],
  intervalSeconds: ["u32", 1],
  /** A number of `findings`. */
  findings: ["u16", 1],
} as const

export type LineColumns = ColumnTable<typeof layout>

export interface LineIndex {
  readonly lines: LineColumns
  readonly findings: FindingSets
  readonly events: SnapshotEvent[]
  /** Lines that could not be used. */
  corrupt: number
}

/** Sets of findings, each once; the first one is empty. A line has the number of its set. */
export interface FindingSets {
  readonly list: (readonly string[])[]
  readonly numbers: Map<string, number>
}

export const createFindingSets = (): FindingSets => ({ list: [[]], numbers: new Map([["", 0]]) })

const SETS_MAX = 0xffff
/** Events are rare; a file that is full of them is somebody's joke. */
const EVENTS_MAX = 10_000

export const createLineIndex = (): LineIndex => ({
  lines: createColumnTable(layout, 256),
  findings: createFindingSets(),
  events: [],
  corrupt: 0,
})

/** Takes in a line; one that could not be used is counted. */
export function addLine(index: LineIndex, offset: number, bytes: number, facts: LineFacts | undefined): void {
  if (facts === undefined) {
    index.corrupt++
    return
  }
  for (const event of facts.events) if (index.events.length < EVENTS_MAX) index.events.push(event)
  if (!facts.isLook) return
  const { lines } = index
  const row = lines.length
  if (row === lines.capacity) growColumnTable(lines, layout, row + 1)
  lines.at[row] = facts.at
  lines.offset[row] = offset
  lines.bytes[row] = bytes
  lines.rowsIn[row] = facts.rowsIn
  lines.rowsOut[row] = facts.rowsOut
  lines.connections[row] = facts.connections
  lines.bytesPerSecond[row] = facts.bytesPerSecond
  lines.intervalSeconds[row] = facts.intervalSeconds
  lines.findings[row] = setNumber(index.findings, facts.findings)
  lines.length = row + 1
}

/** The number of a set, which may be a new one; of too many different ones the last stands for the rest. */
export function setNumber({ list, numbers }: FindingSets, wanted: readonly string[]): number {
  const key = wanted.join("\n")
  const known = numbers.get(key)
  if (known !== undefined) return known
  if (list.length > SETS_MAX) return SETS_MAX
  numbers.set(key, list.length)
  return list.push(wanted) - 1
}
