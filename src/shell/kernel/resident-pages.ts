/** Gives back the memory that a worker does not need while it sleeps. */
import { readFileSync } from "node:fs"
import { dropPages } from "../../../ffi/pages.ts"
import { type MemoryRange, unchangedFileRanges } from "../../core/proc/memory-map.ts"

/** Reading the list takes longer than all the rest, and nothing is mapped after the first look. */
let ranges: readonly MemoryRange[] | undefined

/**
 * Collects garbage now, not when there is much of it, and lets go of the pages of the program's file: most of its code
 * serves only the start, and what is needed again comes back from the page cache. Not MADV_PAGEOUT, which passes over
 * the large folios that newer kernels keep a file in.
 */
export function trimMemory(): void {
  Bun.gc(true)
  ranges ??= unchangedFileRanges(readFileSync("/proc/self/smaps", "utf8"))
  for (const { from, length } of ranges) dropPages(from, length)
}
