/** Sorting rows by index: the columns stay where they are. */

/** Below this length a run is sorted by insertion. */
const RUN = 16

let scratch = new Uint32Array(0)

/**
 * Sorts `rows` in place, stably. Our own merge sort, since the engine's `sort` of a typed array calls its comparator
 * through the runtime: at 100,000 rows that is the difference between feeling a key press and not.
 */
export function sortRows(rows: Uint32Array, compare: (a: number, b: number) => number): void {
  const { length } = rows
  for (let from = 0; from < length; from += RUN) insertionSort(rows, from, Math.min(from + RUN, length), compare)
  if (length <= RUN) return
  if (scratch.length < length) scratch = new Uint32Array(length)
  let source = rows
  let target: Uint32Array = scratch
  for (let width = RUN; width < length; width *= 2) {
    for (let from = 0; from < length; from += width * 2) {
      merge(source, target, from, Math.min(from + width, length), Math.min(from + width * 2, length), compare)
    }
    ;[source, target] = [target, source]
  }
  if (source !== rows) rows.set(source.subarray(0, length))
}

function insertionSort(rows: Uint32Array, from: number, to: number, compare: (a: number, b: number) => number): void {
  for (let i = from + 1; i < to; i++) {
    const row = rows[i]!
    let at = i - 1
    while (at >= from && compare(rows[at]!, row) > 0) {
      rows[at + 1] = rows[at]!
      at--
    }
    rows[at + 1] = row
  }
}

function merge(
  source: Uint32Array,
  target: Uint32Array,
  from: number,
  middle: number,
  to: number,
  compare: (a: number, b: number) => number,
): void {
  // Often the halves are in order already: most rows stand where they stood a look ago.
  if (middle >= to || compare(source[middle - 1]!, source[middle]!) <= 0) {
    target.set(source.subarray(from, to), from)
    return
  }
  let left = from
  let right = middle
  for (let at = from; at < to; at++) {
    if (right >= to || (left < middle && compare(source[left]!, source[right]!) <= 0)) target[at] = source[left++]!
    else target[at] = source[right++]!
  }
}

/** Compares the sixteen bytes of two addresses in network order. */
export function compareAddresses(column: Uint32Array, a: number, b: number): number {
  for (let i = 0; i < 4; i++) {
    const left = swap32(column[a * 4 + i]!)
    const right = swap32(column[b * 4 + i]!)
    if (left !== right) return left < right ? -1 : 1
  }
  return 0
}

// The words lie in network order in a little-endian machine's memory.
const swap32 = (n: number) => (((n & 0xff) << 24) | ((n & 0xff00) << 8) | ((n >>> 8) & 0xff00) | (n >>> 24)) >>> 0
