/** What stands where in a process's memory: /proc/PID/maps and pagemap (Linux Documentation/admin-guide/mm/pagemap.rst). */

export interface Mapping {
  readonly start: number
  /** One past the last byte. */
  readonly end: number
  readonly isWritable: boolean
  /** It shows a file, whose pages come back from there when they are touched. */
  readonly isFile: boolean
}

// 00200000-01a39000 r--p 00000000 fe:00 5349944    /usr/bin/holyf-network
const LINE = /^([0-9a-f]{1,16})-([0-9a-f]{1,16}) [r-]([w-])[x-]([ps]) [0-9a-f]+ [0-9a-f]+:[0-9a-f]+ (\d+)/

/** Private mappings; others show what several processes write. */
export function parseMappings(text: string): Mapping[] {
  return text.split("\n").flatMap((line): Mapping[] => {
    const [, start, end, write, sharing, inode] = LINE.exec(line) ?? []
    if (start === undefined || end === undefined || sharing !== "p") return []
    return [
      {
        start: Number.parseInt(start, 16),
        end: Number.parseInt(end, 16),
        isWritable: write === "w",
        isFile: inode !== "0",
      },
    ]
  })
}

// Upper halves of pagemap entries: bit 63 present, bit 62 swapped, bit 61 a page of a file or shared.
const PRESENT = 0x8000_0000
const SWAPPED = 0x4000_0000
const OF_FILE = 0x2000_0000

export interface PageRun {
  readonly start: number
  readonly count: number
}

/**
 * Runs of at least `shortest` pages in which no page is the process's own (written to, and nowhere else), of which some
 * are in memory. `entries` is a piece of pagemap: two words a page.
 */
export function cleanRuns(entries: Uint32Array, shortest: number): PageRun[] {
  const runs: PageRun[] = []
  let start = 0
  let presentCount = 0
  const pages = entries.length >> 1
  for (let page = 0; page <= pages; page++) {
    const upper = page < pages ? entries[page * 2 + 1]! : SWAPPED
    const isPresent = (upper & PRESENT) !== 0
    if ((upper & SWAPPED) === 0 && (!isPresent || (upper & OF_FILE) !== 0)) {
      if (isPresent) presentCount++
      continue
    }
    if (page - start >= shortest && presentCount > 0) runs.push({ start, count: page - start })
    start = page + 1
    presentCount = 0
  }
  return runs
}
