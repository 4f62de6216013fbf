/** Memory that the kernel may take back. */
import { dlopen, FFIType as T } from "bun:ffi"

const { symbols: c } = dlopen("libc.so.6", { madvise: { args: [T.u64, T.u64, T.i32], returns: T.i32 } })

// asm-generic/mman-common.h, Linux 5.4. Never MADV_DONTNEED: relocated pages are private, and it would lose them.
const MADV_PAGEOUT = 21

/** Gives pages back that can be read from their file again. Older kernels refuse, and then they stay. */
export const pageOut = (from: number, length: number): void => void c.madvise(from, length, MADV_PAGEOUT)
