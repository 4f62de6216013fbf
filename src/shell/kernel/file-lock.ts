/** Advisory locks of open files: they end with the process that holds them, however it ends. */
import { copyDescriptor, type LockKind, tryLock, unlock } from "../../../ffi/descriptor.ts"

/** False when somebody else holds it. */
export const lockFile = (fd: number, kind: LockKind): boolean => tryLock(fd, kind)
export const unlockFile = (fd: number): void => unlock(fd)
/** Lets a standard descriptor mean another file. */
export const redirect = (from: number, to: number): void => copyDescriptor(to, from)
