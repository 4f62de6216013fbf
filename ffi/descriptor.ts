/** Locks and copies of file descriptors, which the runtime's own library does not know. */
import { dlopen, FFIType as T } from "bun:ffi"
import { constants } from "node:os"
import { lastErrno, SystemError } from "./libc.ts"

const { symbols: c } = dlopen("libc.so.6", {
  flock: { args: [T.i32, T.i32], returns: T.i32 },
  dup2: { args: [T.i32, T.i32], returns: T.i32 },
})

// sys/file.h
const LOCK_SH = 1
const LOCK_EX = 2
const LOCK_NB = 4
const LOCK_UN = 8

export type LockKind = "shared" | "exclusive"

/** Takes the lock of an open file without waiting; false when another holds it. Throws `SystemError`. */
export function tryLock(fd: number, kind: LockKind): boolean {
  if (c.flock(fd, (kind === "shared" ? LOCK_SH : LOCK_EX) | LOCK_NB) === 0) return true
  const errno = lastErrno()
  if (errno === constants.errno.EAGAIN) return false
  throw new SystemError("flock", errno)
}

export const unlock = (fd: number): void => void c.flock(fd, LOCK_UN)

/** Makes `target` mean the same open file as `fd`. Throws `SystemError`. */
export function copyDescriptor(fd: number, target: number): void {
  if (c.dup2(fd, target) < 0) throw new SystemError("dup2", lastErrno())
}
