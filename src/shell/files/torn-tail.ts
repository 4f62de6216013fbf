/** The end of a file of lines, as a crash may have left it. */
import { fstatSync, ftruncateSync, readSync, writeSync } from "node:fs"

const NEWLINE = 10
const BLOCK = 65_536

/**
 * Cuts a tail that is half a line; one that lacks nothing but its line feed gets it. Good lines are not touched. The
 * file must be open for appending. Throws the system's error.
 */
export function healTail(fd: number): { readonly size: number; readonly removed: number } {
  const { size } = fstatSync(fd)
  const start = lastLineStart(fd, size)
  if (start === size) return { size, removed: 0 }
  if (isWholeLine(fd, start, size)) {
    writeSync(fd, "\n")
    return { size: size + 1, removed: 0 }
  }
  ftruncateSync(fd, start)
  return { size: start, removed: size - start }
}

/** Where what stands behind the last line feed begins. */
function lastLineStart(fd: number, size: number): number {
  const buffer = Buffer.alloc(Math.min(BLOCK, size))
  for (let end = size; end > 0; ) {
    const from = Math.max(0, end - BLOCK)
    const got = readSync(fd, buffer, 0, end - from, from)
    const at = buffer.lastIndexOf(NEWLINE, got - 1)
    if (got > 0 && at >= 0) return from + at + 1
    end = from
  }
  return 0
}

/** Longer than any line of ours: the most rows of both sides are a little less. */
const LINE_MAX = 1 << 30

function isWholeLine(fd: number, start: number, size: number): boolean {
  if (size - start > LINE_MAX) return false
  const buffer = Buffer.alloc(size - start)
  readSync(fd, buffer, 0, buffer.length, start)
  // Anything that JSON knows would do; a line of ours is an object.
  if (buffer[0] !== 0x7b || buffer.at(-1) !== 0x7d) return false
  try {
    JSON.parse(buffer.toString("utf8"))
    return true
  } catch {
    return false
  }
}
