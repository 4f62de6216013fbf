/**
 * The last quarter of an hour, second by second, in columns: what the charts and sparklines draw.
 *
 * Each entry has its time, so a second that was not read is a gap and not a straight line. NaN is a figure that was not
 * known then.
 */

/** What is kept of each second. */
export const secondColumns = ["rx", "tx", "retransmits", "connections", "conntrack"] as const
/** Bytes a second of the interface, segments sent again a second, connections that are up, tracked connections. */
export type SecondColumn = (typeof secondColumns)[number]

export type SecondEntry = { readonly [C in SecondColumn]?: number | undefined }

/** Columns of one length, the earliest entry first. Never written to: another second makes new columns. */
export type Seconds = { readonly at: Float64Array } & { readonly [C in SecondColumn]: Float64Array }

export const KEPT_MS = 15 * 60_000
/** One a second, and some to spare where the clock of the timer runs a little fast. */
const ENTRIES_MAX = 1_000
/** Entries further apart than this have a gap between them. */
export const GAP_MS = 2_500

const none = new Float64Array(0)
export const noSeconds: Seconds = {
  at: none,
  rx: none,
  tx: none,
  retransmits: none,
  connections: none,
  conntrack: none,
}

/**
 * The seconds with one more entry, without what is older than a quarter of an hour. An entry that is not later than the
 * last one is not taken: time does not go back.
 */
export function withSecond(seconds: Seconds, at: number, entry: SecondEntry): Seconds {
  const { length } = seconds.at
  if (length > 0 && at <= seconds.at[length - 1]!) return seconds
  const first = Math.max(firstSince(seconds, at - KEPT_MS), length + 1 - ENTRIES_MAX)
  const add = (column: Float64Array, value: number): Float64Array => {
    const next = new Float64Array(length - first + 1)
    next.set(column.subarray(first))
    next[length - first] = value
    return next
  }
  const columns = secondColumns.map((name) => [name, add(seconds[name], entry[name] ?? Number.NaN)] as const)
  return { at: add(seconds.at, at), ...Object.fromEntries(columns) } as Seconds
}

/** The first entry that is not earlier than `from`; the number of entries when all are. */
export function firstSince({ at }: Seconds, from: number): number {
  let low = 0
  let high = at.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (at[middle]! < from) low = middle + 1
    else high = middle
  }
  return low
}

/** The figures of a stretch of time; nothing where none is known. */
export interface Summary {
  readonly last: number | undefined
  readonly peak: number | undefined
  readonly mean: number | undefined
}

/** `last` is unknown when the latest entry of the stretch does not know it. */
export function summarize(seconds: Seconds, column: SecondColumn, from: number, to: number): Summary {
  const values = seconds[column]
  let peak = Number.NEGATIVE_INFINITY
  let sum = 0
  let count = 0
  let last: number | undefined
  for (let i = firstSince(seconds, from); i < values.length && seconds.at[i]! <= to; i++) {
    const value = values[i]!
    last = Number.isNaN(value) ? undefined : value
    if (last === undefined) continue
    peak = Math.max(peak, last)
    sum += last
    count++
  }
  return count === 0 ? { last, peak: undefined, mean: undefined } : { last, peak, mean: sum / count }
}

/**
 * The means of `parts` equal stretches of time, the earliest first; undefined where nothing is known. An entry on an edge
 * belongs to the earlier stretch, since it says what was until then.
 */
export function meansOver(
  seconds: Seconds,
  column: SecondColumn,
  edges: { readonly from: number; readonly to: number; readonly parts: number },
): readonly (number | undefined)[] {
  const { from, to, parts } = edges
  const sums = new Float64Array(Math.max(0, parts))
  const counts = new Uint32Array(Math.max(0, parts))
  const values = seconds[column]
  for (let i = firstSince(seconds, from); i < values.length && seconds.at[i]! <= to; i++) {
    if (Number.isNaN(values[i]!)) continue
    const part = Math.ceil(((seconds.at[i]! - from) / (to - from)) * parts) - 1
    if (part < 0 || part >= parts) continue
    sums[part]! += values[i]!
    counts[part]!++
  }
  return Array.from(sums, (sum, part) => (counts[part] === 0 ? undefined : sum / counts[part]!))
}
