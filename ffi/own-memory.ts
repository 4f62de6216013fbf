/** Advice to the kernel about this program's own memory. */
import { dlopen, FFIType as T } from "bun:ffi"

const { symbols: c } = dlopen("libc.so.6", {
  madvise: { args: [T.u64, T.u64, T.i32], returns: T.i32 },
})

// asm-generic/mman-common.h
const MADV_DONTNEED = 4
const MADV_PAGEOUT = 21

/**
 * Lets go of a mapping's pages: they come back from the page cache when they are touched. Only for a mapping that cannot
 * be written to and has no page of its own: what was written would be lost.
 */
export const forgetPages = (start: number, end: number): void => void c.madvise(start, end - start, MADV_DONTNEED)

/**
 * Asks for a mapping's clean pages to be let go of; what was written stays. They come back from the file. Kernels before
 * 5.4 do not know this, and it does nothing for a file that belongs to somebody else.
 */
export const dropCleanPages = (start: number, end: number): void => void c.madvise(start, end - start, MADV_PAGEOUT)
