/** Gives back the pages of the runtime that a worker never touches again. */
import { readFileSync } from "node:fs"
import { dropPages } from "../../../ffi/pages.ts"
import { unchangedFileRanges } from "../../core/proc/memory-map.ts"

/**
 * Once the program has warmed up: most of its code served only the start. What is needed again comes back from the
 * page cache. Not MADV_PAGEOUT: it passes over the large folios that newer kernels keep a program's file in.
 */
export function trimResidentPages(): void {
  for (const { from, length } of unchangedFileRanges(readFileSync("/proc/self/smaps", "utf8"))) dropPages(from, length)
}
