/** Memory that the kernel may take back. */
import { dlopen, FFIType as T } from "bun:ffi"

const { symbols: c } = dlopen("libc.so.6", { madvise: { args: [T.u64, T.u64, T.i32], returns: T.i32 } })

// asm-generic/mman-common.h
const MADV_DONTNEED = 4

/**
 * Lets go of the pages of a mapping. What was changed in it is lost: only for mappings of a file that nobody has
 * written to, whose pages come back from the file.
 */
export const dropPages = (from: number, length: number): void => void c.madvise(from, length, MADV_DONTNEED)
