/**
 * The C library, as far as this program needs it.
 *
 * Every function is wrapped so that a failure is a `SystemError` with the errno, never a silent -1.
 * Only symbols of glibc 2.17 and older stand in the first table: one missing name would fail the whole table.
 */
import { dlopen, read, FFIType as T } from "bun:ffi"
import { constants } from "node:os"
import { alloc, cstr } from "./memory.ts"

const { symbols: c } = dlopen("libc.so.6", {
  __errno_location: { args: [], returns: T.ptr },
  socket: { args: [T.i32, T.i32, T.i32], returns: T.i32 },
  bind: { args: [T.i32, T.ptr, T.u32], returns: T.i32 },
  getsockname: { args: [T.i32, T.ptr, T.ptr], returns: T.i32 },
  setsockopt: { args: [T.i32, T.i32, T.i32, T.ptr, T.u32], returns: T.i32 },
  sendto: { args: [T.i32, T.ptr, T.u64, T.i32, T.ptr, T.u32], returns: T.i64_fast },
  recv: { args: [T.i32, T.ptr, T.u64, T.i32], returns: T.i64_fast },
  close: { args: [T.i32], returns: T.i32 },
  open: { args: [T.ptr, T.i32, T.i32], returns: T.i32 },
  // getdents64 has no wrapper in glibc before 2.30
  syscall: { args: [T.i64_fast, T.i64_fast, T.ptr, T.i64_fast], returns: T.i64_fast },
  clock_gettime: { args: [T.i32, T.ptr], returns: T.i32 },
  adjtimex: { args: [T.ptr], returns: T.i32 },
  readlinkat: { args: [T.i32, T.ptr, T.ptr, T.u64], returns: T.i64_fast },
})

const errnoNames = new Map<number, string>(Object.entries(constants.errno).map(([name, number]) => [number, name]))

/** The name of an errno, such as `EPERM`; a number without a name is shown as `errno 524`. */
export const errnoName = (errno: number): string => errnoNames.get(errno) ?? `errno ${errno}`

/** A call into the C library that failed: which one, and the errno it left. */
export class SystemError extends Error {
  override readonly name = "SystemError"
  constructor(
    readonly call: string,
    readonly errno: number,
  ) {
    super(`${call}: ${errnoName(errno)}`)
  }
}

export const { EACCES, EAFNOSUPPORT, EAGAIN, EINTR, ENOBUFS, ENOENT, EPERM } = constants.errno

/** What the call just made left in errno. It belongs to the thread and the next call overwrites it: read it at once. */
export function lastErrno(): number {
  const at = c.__errno_location()
  return at === null ? 0 : read.i32(at, 0)
}

function check(call: string, result: number | bigint): number {
  const value = Number(result)
  if (value >= 0) return value
  throw new SystemError(call, lastErrno())
}

// bits/socket_type.h, bits/fcntl-linux.h
const SOCK_CLOEXEC = 0o2000000
const O_CLOEXEC = 0o2000000
const O_DIRECTORY = 0o200000
const O_NONBLOCK = 0o4000

/** Opens a socket that a child never inherits. Throws `SystemError`. */
export const openSocket = (family: number, type: number, protocol: number): number =>
  check("socket", c.socket(family, type | SOCK_CLOEXEC, protocol))

export const bindSocket = (fd: number, sockaddr: Uint8Array): number =>
  check("bind", c.bind(fd, sockaddr, sockaddr.length))

/** Fills `sockaddr` with the local address of `fd`. */
export function socketName(fd: number, sockaddr: Uint8Array): void {
  const length = new Uint32Array(alloc(4).buffer)
  length[0] = sockaddr.length
  check("getsockname", c.getsockname(fd, sockaddr, length))
}

export const setSocketOption = (fd: number, level: number, option: number, value: Uint8Array): number =>
  check("setsockopt", c.setsockopt(fd, level, option, value, value.length))

/** Sends the whole message to `sockaddr`. Throws `SystemError`. */
export const sendTo = (fd: number, message: Uint8Array, sockaddr: Uint8Array): number =>
  check("sendto", c.sendto(fd, message, message.length, 0, sockaddr, sockaddr.length))

/**
 * Receives one datagram into `buffer`. Answers its real length, which is larger than the buffer when it was cut
 * (MSG_TRUNC), or -1 when nothing came before the socket's deadline. A signal does not end the wait.
 */
export const receive = (fd: number, buffer: Uint8Array): number => receiveWith(fd, buffer, MSG_TRUNC)

/** As `receive`, but never waits: -1 when nothing is there now. */
export const receiveNow = (fd: number, buffer: Uint8Array): number => receiveWith(fd, buffer, MSG_TRUNC | MSG_DONTWAIT)

// bits/socket.h
const MSG_TRUNC = 0x20
const MSG_DONTWAIT = 0x40

function receiveWith(fd: number, buffer: Uint8Array, flags: number): number {
  for (;;) {
    const length = Number(c.recv(fd, buffer, buffer.length, flags))
    if (length >= 0) return length
    const errno = lastErrno()
    if (errno === EAGAIN) return -1
    if (errno !== EINTR) throw new SystemError("recv", errno)
  }
}

export const closeFd = (fd: number): void => void c.close(fd)

/** Opens a folder for `readDirectory` and `readLink`. Throws `SystemError`. */
export const openDirectory = (path: string): number => check("open", c.open(cstr(path), O_CLOEXEC | O_DIRECTORY, 0))

/** Opens a file for reading; a pipe or a device is opened without waiting for its other end. Throws `SystemError`. */
export const openFile = (path: string): number => check("open", c.open(cstr(path), O_CLOEXEC | O_NONBLOCK, 0))

// linux/time.h
const CLOCK_BOOTTIME = 7
const timespec = alloc(16)
const timespecView = new DataView(timespec.buffer)

/** Milliseconds since the host was started, those it slept included. Nobody sets this clock. */
export function bootClockMs(): number {
  check("clock_gettime", c.clock_gettime(CLOCK_BOOTTIME, timespec))
  return Number(timespecView.getBigInt64(0, true)) * 1000 + Number(timespecView.getBigInt64(8, true)) / 1e6
}

const SYS_getdents64 = process.arch === "arm64" ? 61 : 217

/**
 * Fills `buffer` with the next `struct linux_dirent64` records of the folder; answers how many bytes, 0 at the end.
 * One call is one slice: a folder of 100,000 entries can be read without holding the program up.
 */
export const readDirectory = (fd: number, buffer: Uint8Array): number =>
  check("getdents64", c.syscall(SYS_getdents64, fd, buffer, buffer.length))

/** Reads the link `name` (NUL-terminated) inside folder `fd`; answers the length, or -1 when it is gone or forbidden. */
export const readLink = (fd: number, name: Uint8Array, buffer: Uint8Array): number =>
  Number(c.readlinkat(fd, name, buffer, buffer.length))

/** struct timex (linux/timex.h): on every machine we build for 208 bytes, longs are 8 of them. */
const TIMEX_SIZE = 208
const TIMEX_OFFSET = 8
const TIMEX_STATUS = 40
const STA_UNSYNC = 0x0040
const STA_NANO = 0x2000

/** What the kernel's clock discipline says: nothing is changed. Throws `SystemError`. */
export function readClock(): { readonly isKept: boolean; readonly offsetUs: number } {
  const timex = alloc(TIMEX_SIZE)
  check("adjtimex", c.adjtimex(timex))
  const view = new DataView(timex.buffer)
  const status = view.getInt32(TIMEX_STATUS, true)
  const offset = Number(view.getBigInt64(TIMEX_OFFSET, true))
  return { isKept: (status & STA_UNSYNC) === 0, offsetUs: (status & STA_NANO) === 0 ? offset : offset / 1_000 }
}
