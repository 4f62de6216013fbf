/**
 * Goes through the lines of a file, piece by piece. A line may be of any length: one that is too long to be held is
 * passed over.
 */
import { eachLine, LINE_BYTES_MAX, trimmedEnd } from "../../core/history/lines.ts"
import type { TextFile } from "./text-file.ts"

/** Large enough that the calls cost nothing, small enough for the processor's cache. */
const PIECE_BYTES = 2 << 20

export interface ScanLines {
  /** A line, in `[start, end)` of `bytes`, which are gone when this returns; `offset` is where it stands in the file. */
  readonly line: (bytes: Buffer, start: number, end: number, offset: number) => void
  /** A line that is too long. */
  readonly tooLong: () => void
}

/** Nothing of a piece is looked at after its lines were handed on, so all scans share one. */
const shared = Buffer.allocUnsafeSlow(PIECE_BYTES)

/**
 * Yields after each piece with the offset up to which lines were handed on: a caller may stop there and go on another
 * time. A last line without its end is not handed on. Throws the system's error.
 */
export function* scanLines(file: TextFile, from: number, take: ScanLines): Generator<number, number> {
  let at = from
  let size = PIECE_BYTES
  for (;;) {
    const buffer = bufferOf(size)
    const got = file.readInto(buffer, at)
    if (got === 0) return at
    const offset = at
    const next = eachLine(buffer, 0, got, (start, end) => take.line(buffer, start, end, offset + start))
    if (next > 0) {
      at += next
      size = PIECE_BYTES
      yield at
      continue
    }
    // Less than a line.
    if (got < size) return at
    if (size < LINE_BYTES_MAX) {
      size *= 2
      continue
    }
    const end = endOfLine(file, at + got, buffer)
    if (end === undefined) return at
    take.tooLong()
    at = end
    size = PIECE_BYTES
    yield at
  }
}

/** A large buffer is not kept: one long line must not cost its memory for ever. */
const bufferOf = (size: number): Buffer => (size > PIECE_BYTES ? Buffer.allocUnsafeSlow(size) : shared)

function endOfLine(file: TextFile, from: number, buffer: Buffer): number | undefined {
  for (let at = from; ; ) {
    const got = file.readInto(buffer, at)
    if (got === 0) return undefined
    const newline = buffer.subarray(0, got).indexOf(10)
    if (newline >= 0) return at + newline + 1
    at += got
  }
}

/** The last line that has its line feed, when it is not unusually long. */
export function readTail(file: TextFile): Buffer | undefined {
  const size = file.size()
  const from = Math.max(0, size - PIECE_BYTES)
  const buffer = Buffer.allocUnsafeSlow(size - from)
  const got = file.readInto(buffer, from)
  const end = buffer.subarray(0, got).lastIndexOf(10)
  if (end < 0) return undefined
  const start = end === 0 ? 0 : buffer.subarray(0, end).lastIndexOf(10) + 1
  return start === 0 && from > 0 ? undefined : buffer.subarray(start, trimmedEnd(buffer, start, end))
}

/** What stands behind the last line feed, when it is short enough to be a line. */
export function readRest(file: TextFile, from: number): Buffer | undefined {
  const length = file.size() - from
  if (length <= 0 || length > LINE_BYTES_MAX) return undefined
  const buffer = Buffer.allocUnsafeSlow(length)
  const got = file.readInto(buffer, from)
  const end = trimmedEnd(buffer, 0, got)
  return end > 0 ? buffer.subarray(0, end) : undefined
}
