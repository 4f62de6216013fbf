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

/** One of the things that rows are sorted by. */
export interface SortKey {
  /** A whole number from 0 to 2^53. */
  readonly of: (row: number) => number
  readonly isDescending?: boolean
}

const DIGIT_BITS = 11
const DIGIT_MASK = (1 << DIGIT_BITS) - 1
const TWO_32 = 2 ** 32

const bucketEnds = new Uint32Array(1 << DIGIT_BITS)
let wordScratch: readonly [Uint32Array, Uint32Array] = [new Uint32Array(0), new Uint32Array(0)]

/**
 * Sorts `rows` in place by whole numbers, the most important key first; rows alike in all keys stay as they were.
 *
 * Without comparing: from the least important key to the most, from its lowest digit to its highest, rows go into
 * buckets and keep their order in them (a radix sort). The 100,000 rows of a busy host take a few milliseconds, which
 * is what a key press has to wait for; digits in which all rows are alike cost nothing.
 */
export function sortByKeys(rows: Uint32Array, keys: readonly SortKey[]): void {
  for (const { of, isDescending = false } of [...keys].reverse()) {
    const largest = sortByWord(rows, of, 1, isDescending)
    if (largest >= TWO_32) sortByWord(rows, of, TWO_32, isDescending)
  }
}

/** Sorts by the lowest 32 bits of `of(row) / unit`. Answers the largest number that `of` gave. Hot. */
function sortByWord(rows: Uint32Array, of: SortKey["of"], unit: number, isDescending: boolean): number {
  const { length } = rows
  if (scratch.length < length) scratch = new Uint32Array(length)
  if (wordScratch[0].length < length) wordScratch = [new Uint32Array(length), new Uint32Array(length)]
  let [words, nextWords] = wordScratch
  const turned = isDescending ? 0xffffffff : 0
  let differing = 0
  let largest = 0
  let first = 0
  for (let i = 0; i < length; i++) {
    const value = of(rows[i]!)
    if (value > largest) largest = value
    // Whatever is above 32 bits falls away.
    const word = (unit === 1 ? value : Math.floor(value / unit)) ^ turned
    words[i] = word
    if (i === 0) first = word
    differing |= word ^ first
  }
  let source = rows
  let target: Uint32Array = scratch
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    if (((differing >>> shift) & DIGIT_MASK) === 0) continue
    bucketEnds.fill(0)
    for (let i = 0; i < length; i++) bucketEnds[(words[i]! >>> shift) & DIGIT_MASK]!++
    for (let digit = 1; digit <= DIGIT_MASK; digit++) bucketEnds[digit]! += bucketEnds[digit - 1]!
    for (let i = length - 1; i >= 0; i--) {
      const at = --bucketEnds[(words[i]! >>> shift) & DIGIT_MASK]!
      target[at] = source[i]!
      nextWords[at] = words[i]!
    }
    ;[source, target] = [target, source]
    ;[words, nextWords] = [nextWords, words]
  }
  if (source !== rows) rows.set(source.subarray(0, length))
  return largest
}

/** The sixteen bytes of an address in network order, as keys. */
export const addressKeys = (column: Uint32Array, rowOf: (row: number) => number = (row) => row): readonly SortKey[] =>
  [0, 1, 2, 3].map((word) => ({ of: (row) => swap32(column[rowOf(row) * 4 + word]!) }))

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
