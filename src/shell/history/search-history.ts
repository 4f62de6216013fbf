/** Goes through the snapshots of a window and finds those that answer a query, in the order of time. */
import { type HistoryIndex, keyAt, type LineKey } from "../../core/history/history-index.ts"
import { type Matcher, matchLine } from "../../core/history/search.ts"
import type { HistoryFile } from "./history-file.ts"
import { cannotRead } from "./text-file.ts"

export interface Hit {
  readonly key: LineKey
  readonly at: number
  /** Rows that match, by side. */
  readonly in: number
  readonly out: number
}

export interface Progress {
  readonly hits: readonly Hit[]
  /** Snapshots that were looked at. */
  readonly done: number
  /** Files that could not be read. */
  readonly problems: readonly string[]
}

const BUFFER_BYTES = 1 << 20

/** Yields after each `sliceMs` with what was found since. */
export function* searchHistory(
  files: readonly HistoryFile[],
  index: HistoryIndex,
  matcher: Matcher,
  sliceMs: number,
): Generator<Progress, undefined> {
  const byNumber = new Map(files.map((file) => [file.number, file]))
  const failed = new Map<number, string>()
  let buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
  let hits: Hit[] = []
  let end = performance.now() + sliceMs
  for (let position = 0; position < index.length; position++) {
    const key = keyAt(index, position)
    const bytes = index.lines.bytes[position]!
    if (bytes > buffer.length) buffer = Buffer.allocUnsafeSlow(bytes * 2)
    const file = failed.has(key.file) ? undefined : byNumber.get(key.file)
    try {
      const line = buffer.subarray(0, bytes)
      if (file !== undefined && file.readInto(line, key.offset) === bytes) {
        const matches = matchLine(line, 0, bytes, matcher)
        if (matches.in + matches.out > 0) hits.push({ key, at: index.lines.at[position]!, ...matches })
      }
    } catch (error) {
      failed.set(key.file, cannotRead(file?.path ?? "", error))
    }
    if (performance.now() < end) continue
    yield { hits, done: position + 1, problems: [...failed.values()] }
    hits = []
    end = performance.now() + sliceMs
  }
  yield { hits, done: index.length, problems: [...failed.values()] }
  return undefined
}
