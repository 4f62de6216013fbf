/**
 * The program's own memory: what was needed to start and is not needed any more is let go of.
 *
 * The runtime is a file of more than 100 MB, and starting it touches half of that: pages of the file, which the kernel
 * could take back at any time, but counts as ours until it has to. Those that are needed again come back in
 * microseconds.
 */
import { readFileSync } from "node:fs"
import { forgetPages } from "../../ffi/own-memory.ts"
import { type Mapping, parseMemoryMap } from "../core/proc/memory-map.ts"

/** Less than this is not worth a system call. */
const WORTH_BYTES = 256 * 1024

/** Lets go of file pages that can be read again. Takes about 5 ms. It only ever saves memory: where it cannot, it does nothing. */
export function trimOwnMemory(proc = "/proc"): void {
  for (const mapping of readMemoryMap(proc)) {
    if (!mapping.isFile || mapping.residentBytes - mapping.ownBytes < WORTH_BYTES) continue
    if (!mapping.isWritable && mapping.ownBytes === 0) forgetPages(mapping.start, mapping.end)
  }
}

function readMemoryMap(proc: string): readonly Mapping[] {
  try {
    return parseMemoryMap(readFileSync(`${proc}/self/smaps`, "utf8"))
  } catch {
    return []
  }
}
