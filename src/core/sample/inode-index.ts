/** Finds a row by the inode of its socket. Numbers in one array, no object a row: it is asked once a descriptor. */

export interface InodeIndex {
  /** Inode and row in turns; inode 0 is a free slot. */
  readonly slots: Uint32Array
  readonly mask: number
}

let slots = new Uint32Array(0)

/** An index of the given rows. One index at a time: the next one takes the memory of the one before. */
export function indexInodes(inodes: Uint32Array, rows: Int32Array, rowCount: number): InodeIndex {
  let size = 64
  while (size < rowCount * 2) size *= 2
  if (slots.length < size * 2) slots = new Uint32Array(size * 2)
  const used = slots.subarray(0, size * 2).fill(0)
  const mask = size - 1
  for (let i = 0; i < rowCount; i++) {
    const row = rows[i]!
    const inode = inodes[row]!
    if (inode === 0) continue
    let slot = hash(inode) & mask
    while (used[slot * 2] !== 0) slot = (slot + 1) & mask
    used[slot * 2] = inode
    used[slot * 2 + 1] = row
  }
  return { slots: used, mask }
}

/** The row whose socket has this inode, or -1. */
export function rowOfInode({ slots, mask }: InodeIndex, inode: number): number {
  for (let slot = hash(inode) & mask; ; slot = (slot + 1) & mask) {
    const found = slots[slot * 2]!
    if (found === 0) return -1
    if (found === inode) return slots[slot * 2 + 1]!
  }
}

// Inodes count up, a block for each CPU.
const hash = (inode: number) => Math.imul(inode, 0x9e3779b1) >>> 7
