/**
 * The program's own memory, kept small while it runs for days.
 *
 * The runtime is a file of more than 100 MB, and starting it touches half of that: pages of the file, which count as
 * ours until the kernel needs the room. Those that are used come back from the page cache in microseconds, the others
 * do not. And a program that rests most of the time gives its engine little reason to collect what each picture left.
 */
import { closeSync, openSync, readFileSync, readSync } from "node:fs"
import { collectYoung } from "../../ffi/garbage.ts"
import { forgetPages, pageSize } from "../../ffi/own-memory.ts"
import { cleanRuns, type Mapping, parseMappings } from "../core/proc/memory-map.ts"

const ENTRY_SIZE = 8

/** Less is not worth a system call. */
const READ_ONLY_RUN_BYTES = 256 * 1024
/**
 * In a writable mapping only what is so long that it must be the part of the file that is read and never written, the
 * embedded sources: the runtime's variables are 2 MB, and written to all over.
 */
const WRITABLE_RUN_BYTES = 4 * 1024 * 1024

const HOUSEKEEPING_MS = 30_000

/** Collects and trims now and then, until it is told to stop. */
export function keepMemorySmall(): () => void {
  const timer = setInterval(() => {
    // All of it, now: less than 10 ms. What the engine does in its own time lets garbage grow old first.
    Bun.gc(true)
    trimOwnMemory()
  }, HOUSEKEEPING_MS)
  return () => clearInterval(timer)
}

/** What is done after a look, before the rest until the next one: the garbage of its last look goes, and the pages that it looked with. */
export function rest(): void {
  collectYoung()
  trimOwnMemory()
}

/** Lets go of pages of files that nobody has written to. Takes about 2 ms, and does nothing where /proc does not tell. */
export function trimOwnMemory(proc = "/proc"): void {
  let pagemap: number | undefined
  try {
    pagemap = openSync(`${proc}/self/pagemap`, "r")
    for (const mapping of parseMappings(readFileSync(`${proc}/self/maps`, "utf8")))
      if (mapping.isFile) trim(mapping, pagemap)
  } catch {
    // It saves memory and is needed for nothing.
  } finally {
    if (pagemap !== undefined) closeSync(pagemap)
  }
}

function trim({ start, end, isWritable }: Mapping, pagemap: number): void {
  const shortest = (isWritable ? WRITABLE_RUN_BYTES : READ_ONLY_RUN_BYTES) / pageSize
  const entries = new Uint32Array(((end - start) / pageSize) * 2)
  if (entries.length < shortest * 2) return
  const wanted = { position: (start / pageSize) * ENTRY_SIZE, length: entries.byteLength }
  if (readSync(pagemap, entries, wanted) !== entries.byteLength) return
  for (const run of cleanRuns(entries, shortest))
    forgetPages(start + run.start * pageSize, start + (run.start + run.count) * pageSize)
}
