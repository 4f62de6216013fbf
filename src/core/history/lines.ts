/**
 * Where lines begin and end in a file that is read piece by piece.
 *
 * What is found is handed on as bytes: a day is a third of a gigabyte, and most of it is never made into text.
 */

/** Longer lines are no snapshots: they are passed over and counted. Two million rows would be as long. */
export const LINE_BYTES_MAX = 64 << 20

const NEWLINE = 10
const RETURN = 13
const BLANK = 32

/** Calls `take` for every line that ends in `[from, to)`; answers where the first line without an end begins. */
export function eachLine(
  bytes: Uint8Array,
  from: number,
  to: number,
  take: (lineStart: number, lineEnd: number) => void,
): number {
  let start = from
  for (;;) {
    const newline = bytes.indexOf(NEWLINE, start)
    if (newline < 0 || newline >= to) return start
    const end = trimmedEnd(bytes, start, newline)
    if (end > start) take(start, end)
    start = newline + 1
  }
}

/** The end of a line without what is blank behind it; `start` when there is nothing else. */
export function trimmedEnd(bytes: Uint8Array, start: number, end: number): number {
  let last = end
  while (last > start && (bytes[last - 1] === RETURN || bytes[last - 1] === BLANK || bytes[last - 1] === 9)) last--
  return last
}
