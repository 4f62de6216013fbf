/** Advice to the kernel about this program's own memory. */
import { dlopen, FFIType as T } from "bun:ffi"

const { symbols: c } = dlopen("libc.so.6", {
  getpagesize: { args: [], returns: T.i32 },
  madvise: { args: [T.u64, T.u64, T.i32], returns: T.i32 },
})

export const pageSize: number = c.getpagesize()

// asm-generic/mman-common.h
const MADV_DONTNEED = 4

/**
 * Lets go of the pages from `start` to `end`, both at a page's edge: what belongs to a file comes back from it when it
 * is touched. Only for pages that nobody has written to and nobody will while this runs: what was written is lost.
 */
export const forgetPages = (start: number, end: number): void => void c.madvise(start, end - start, MADV_DONTNEED)
