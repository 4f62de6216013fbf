/**
 * Finds each flow of a look in the look before.
 *
 * A flow is its id, its original tuple, its namespace and, where the kernel keeps it, its start: the id alone is 32 bits
 * of a hash, and two of 200,000 flows may share it; the tuple alone may have been used again. As with sockets most
 * rows follow the row that matched last, so an index of the previous table is asked only where that guess fails.
 */
import { isSameAddress } from "./address-column.ts"
import { copyFlow, type FlowTable } from "./flow-table.ts"

/** Where the flows of a table are, by a hash of their id. */
export interface FlowIndex {
  slots: Int32Array
  mask: number
}

export const createFlowIndex = (): FlowIndex => ({ slots: new Int32Array(0), mask: 0 })

/** A table with its index: what the next look is linked with. Reused from look to look, like the table. */
export interface IndexedFlows {
  readonly table: FlowTable
  readonly index: FlowIndex
}

/**
 * Indexes `now`, drops rows that the dump gave twice (the first stays), and fills `previousRow`. No two rows get the
 * same previous row, since no two rows of a table are the same flow. `undefined`: there is no look before, everything
 * is new. `previous` must have been linked itself. Answers how many rows were dropped. Hot: once a look.
 */
export function linkFlows(now: IndexedFlows, previous: IndexedFlows | undefined): { doubled: number } {
  const doubled = indexFlows(now)
  const { table } = now
  const { previousRow } = table
  if (previous === undefined) {
    previousRow.fill(-1, 0, table.length)
    return { doubled }
  }
  const before = previous.table
  let guess = 0
  for (let row = 0; row < table.length; row++) {
    const match =
      guess < before.length && isSameFlow(before, guess, table, row) ? guess : findFlow(previous, table, row)
    previousRow[row] = match
    if (match >= 0) guess = match + 1
  }
  return { doubled }
}

/** The row of `indexed` that is the flow at `row` of `table`, or -1. */
export function findFlow({ table: indexed, index }: IndexedFlows, table: FlowTable, row: number): number {
  const { slots, mask } = index
  if (slots.length === 0) return -1
  for (let slot = hash(table.id[row]!) & mask; ; slot = (slot + 1) & mask) {
    const candidate = slots[slot]!
    if (candidate < 0 || isSameFlow(indexed, candidate, table, row)) return candidate
  }
}

function indexFlows({ table, index }: IndexedFlows): number {
  let size = 1024
  while (size < table.length * 2) size *= 2
  // A table that shrank keeps its memory, unless it is more than four times too large.
  if (index.slots.length < size || index.slots.length > size * 4) index.slots = new Int32Array(size)
  const { slots } = index
  slots.fill(-1)
  const mask = slots.length - 1
  index.mask = mask
  const { id } = table
  let kept = 0
  const { length } = table
  for (let row = 0; row < length; row++) {
    let slot = hash(id[row]!) & mask
    while (slots[slot]! >= 0 && !isSameFlow(table, slots[slot]!, table, row)) slot = (slot + 1) & mask
    if (slots[slot]! >= 0) continue
    if (kept !== row) copyFlow(table, row, kept)
    slots[slot] = kept++
  }
  table.length = kept
  return length - kept
}

/** The same flow in two tables. A reused id fails on the tuple, a reused tuple on the id or the start. */
function isSameFlow(a: FlowTable, i: number, b: FlowTable, j: number): boolean {
  return (
    a.id[i] === b.id[j] &&
    a.originalSourcePort[i] === b.originalSourcePort[j] &&
    a.originalTargetPort[i] === b.originalTargetPort[j] &&
    a.protocol[i] === b.protocol[j] &&
    a.namespace[i] === b.namespace[j] &&
    a.zone[i] === b.zone[j] &&
    a.originalZone[i] === b.originalZone[j] &&
    isSameAddress(a.originalSource, i, b.originalSource, j) &&
    isSameAddress(a.originalTarget, i, b.originalTarget, j) &&
    // NaN, where starts are not kept, is equal to nothing: only two starts can contradict.
    !(a.startMs[i]! < b.startMs[j]! || a.startMs[i]! > b.startMs[j]!)
  )
}

// The kernel's id is a keyed hash since Linux 5.2, and an address before: a multiplication spreads that too.
const hash = (id: number) => Math.imul(id, 0x9e3779b1) >>> 7
