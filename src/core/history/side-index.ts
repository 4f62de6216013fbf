/**
 * The index of a closed day as a file beside it, so that the day need not be gone through again.
 *
 * A line of JSON says what file it is of, by size and time, and what was found; behind it, from the next multiple of
 * eight bytes on, the columns follow as they lie in memory, little-endian: a month of days must be there before the eye
 * notices. One that does not match, or is not what it should be, is as good as none.
 */
import * as v from "valibot"
import { growColumnTable } from "../sample/columns.ts"
import { eventSchema } from "../snapshot/schema.ts"
import { createLineIndex, type LineIndex, layout } from "./line-index.ts"

const VERSION = 1
const NEWLINE = 10
const ALIGNMENT = 8

/** What is the same as long as the file is. */
export interface FileMark {
  readonly size: number
  readonly modifiedMs: number
}

const whole = v.pipe(v.number(), v.integer(), v.minValue(0))

const headSchema = v.object({
  version: v.literal(VERSION),
  size: whole,
  modified_ms: whole,
  lines: whole,
  corrupt: whole,
  finding_sets: v.array(v.array(v.string())),
  events: v.array(eventSchema),
})

const columns = Object.keys(layout) as (keyof typeof layout)[]

/** From where on columns may stand. */
const aligned = (offset: number): number => Math.ceil(offset / ALIGNMENT) * ALIGNMENT

export function writeSideIndex({ lines, findings, events, corrupt }: LineIndex, mark: FileMark): Uint8Array {
  const head = new TextEncoder().encode(
    `${JSON.stringify({
      version: VERSION,
      size: mark.size,
      modified_ms: mark.modifiedMs,
      lines: lines.length,
      corrupt,
      finding_sets: findings.list,
      events,
    })}\n`,
  )
  const parts = columns.map((name) => bytesOf(lines[name].subarray(0, lines.length)))
  const out = new Uint8Array(parts.reduce((end, part) => aligned(end) + part.length, head.length))
  out.set(head)
  let at = head.length
  for (const part of parts) {
    at = aligned(at)
    out.set(part, at)
    at += part.length
  }
  return out
}

const bytesOf = (column: Float64Array | Uint32Array | Uint16Array): Uint8Array =>
  new Uint8Array(column.buffer, column.byteOffset, column.byteLength)

/** Nothing when it is not the index of that file. */
export function readSideIndex(bytes: Uint8Array, { size, modifiedMs }: FileMark): LineIndex | undefined {
  const end = bytes.indexOf(NEWLINE)
  const head = end < 0 ? undefined : readHead(new TextDecoder().decode(bytes.subarray(0, end)))
  if (head === undefined || head.size !== size || head.modified_ms !== modifiedMs) return undefined
  const index = createLineIndex()
  const { lines } = index
  // More lines than the file can hold would only ask for memory.
  if (head.lines > bytes.length || head.finding_sets[0]?.length !== 0) return undefined
  growColumnTable(lines, layout, head.lines)
  let at = end + 1
  for (const name of columns) {
    at = aligned(at)
    const column = bytesOf(lines[name].subarray(0, head.lines))
    if (at + column.length > bytes.length) return undefined
    column.set(bytes.subarray(at, at + column.length))
    at += column.length
  }
  if (at !== bytes.length) return undefined
  lines.length = head.lines
  for (let row = 0; row < head.lines; row++) {
    const isPossible = lines.findings[row]! < head.finding_sets.length && lines.offset[row]! >= 0 && lines.at[row]! > 0
    if (!isPossible) return undefined
  }
  for (const set of head.finding_sets.slice(1))
    index.findings.numbers.set(set.join("\n"), index.findings.list.push(set) - 1)
  index.events.push(...head.events)
  index.corrupt = head.corrupt
  return index
}

function readHead(text: string): v.InferOutput<typeof headSchema> | undefined {
  try {
    const result = v.safeParse(headSchema, JSON.parse(text), { abortEarly: true })
    return result.success ? result.output : undefined
  } catch {
    return undefined
  }
}
