/** /proc/PID/smaps: which parts of a program's memory are nothing but copies of a file (fs/proc/task_mmu.c). */

export interface MemoryRange {
  readonly from: number
  readonly length: number
}

// `7f00-7f80 r-xp 00000000 08:01 1234   /path`: private, readable, not writable, with a file behind it.
const FILE_MAPPING = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ [1-9]\d*\s/
const MAPPING = /^[0-9a-f]+-[0-9a-f]+ /
const UNCHANGED = /^Anonymous:\s+0 kB$/

/**
 * The read-only mappings that hold no page of their own. A page that the linker has relocated is such a page ("anonymous"
 * in a file's mapping), and would be lost with its mapping.
 */
export function unchangedFileRanges(smaps: string): readonly MemoryRange[] {
  const ranges: MemoryRange[] = []
  let current: MemoryRange | undefined
  for (const line of smaps.split("\n")) {
    const [, from, to] = FILE_MAPPING.exec(line) ?? []
    if (from !== undefined && to !== undefined) {
      const start = Number.parseInt(from, 16)
      current = { from: start, length: Number.parseInt(to, 16) - start }
    } else if (MAPPING.test(line)) current = undefined
    else if (current !== undefined && UNCHANGED.test(line)) ranges.push(current)
  }
  return ranges
}
