/** A file in memory that the dynamic linker accepts, for hosts where no folder may hold code. */

import { dlopen, FFIType as T } from "bun:ffi"
import { closeSync, writeSync } from "node:fs"
import { lastErrno, SystemError } from "./libc.ts"
import { cstr } from "./memory.ts"

// glibc has a wrapper since 2.27 only; the system call itself is in Linux 3.17 (asm/unistd.h).
const { symbols: c } = dlopen("libc.so.6", {
  syscall: { args: [T.i64_fast, T.ptr, T.i64_fast], returns: T.i64_fast },
})
const SYS_memfd_create = process.arch === "arm64" ? 279 : 319

// linux/memfd.h
const MFD_CLOEXEC = 0x1
const MFD_EXEC = 0x10

/**
 * Copies `bytes` into memory and answers a path that dlopen takes. The file stays open, under the name `name` in
 * /proc/self/maps, until the program ends. Throws `SystemError`.
 */
export function copyToMemory(name: string, bytes: Uint8Array): string {
  const text = cstr(name)
  // Kernels before 6.3 do not know MFD_EXEC and make the file executable without it.
  let fd = Number(c.syscall(SYS_memfd_create, text, MFD_CLOEXEC | MFD_EXEC))
  if (fd < 0) fd = Number(c.syscall(SYS_memfd_create, text, MFD_CLOEXEC))
  if (fd < 0) throw new SystemError("memfd_create", lastErrno())
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
  } catch (error) {
    closeSync(fd)
    throw error
  }
  return `/proc/self/fd/${fd}`
}
