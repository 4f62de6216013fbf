/**
 * Becoming another program: everything that a child sets up for itself before it runs a tool.
 *
 * The order matters. The kernel forgets the parent-death signal whenever a process changes its user, so the user comes
 * first. None of these calls touches the process that started us.
 */

import { dlopen, FFIType as T } from "bun:ffi"
import { closeSync, openSync } from "node:fs"
import { lastErrno, SystemError } from "./libc.ts"
import { address, alloc, cstr } from "./memory.ts"

const { symbols: c } = dlopen("libc.so.6", {
  prctl: { args: [T.i32, T.u64, T.u64, T.u64, T.u64], returns: T.i32 },
  capset: { args: [T.ptr, T.ptr], returns: T.i32 },
  setgroups: { args: [T.u64, T.ptr], returns: T.i32 },
  setresgid: { args: [T.u32, T.u32, T.u32], returns: T.i32 },
  setresuid: { args: [T.u32, T.u32, T.u32], returns: T.i32 },
  setpgid: { args: [T.i32, T.i32], returns: T.i32 },
  setns: { args: [T.i32, T.i32], returns: T.i32 },
  getppid: { args: [], returns: T.i32 },
  alarm: { args: [T.u32], returns: T.u32 },
  execve: { args: [T.ptr, T.ptr, T.ptr], returns: T.i32 },
  syscall: { args: [T.i64_fast, T.i64_fast, T.i64_fast, T.i64_fast], returns: T.i64_fast },
})

function check(call: string, result: number): void {
  if (result < 0) throw new SystemError(call, lastErrno())
}

// linux/prctl.h
const PR_SET_PDEATHSIG = 1
const PR_SET_KEEPCAPS = 8
const PR_CAP_AMBIENT = 47
const PR_CAP_AMBIENT_RAISE = 2

// linux/capability.h
const CAPABILITY_VERSION_3 = 0x20080522
export const CAP_NET_RAW = 13

// linux/sched.h
const CLONE_NEWNET = 0x40000000

/** The kernel ends us with `signal` when the process that started us ends. Forgotten at a change of user. */
export const dieWithParent = (signal: number): void => check("prctl", c.prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0))

/** The kernel ends us with SIGALRM after that many seconds: kept by an exec, and also while our parent is stopped. */
export const endAfter = (seconds: number): void => void c.alarm(seconds)

/** The process that started us, or the one that adopted us when that has ended. */
export const parentPid = (): number => c.getppid()

/** A terminal's Ctrl+C goes to the group of the program that reads it, and then not to us. */
export const leaveProcessGroup = (): void => check("setpgid", c.setpgid(0, 0))

/** Moves into the network namespace that the file leads to. Throws `SystemError`, or the system's error for the file. */
export function enterNetworkNamespace(path: string): void {
  const fd = openSync(path, "r")
  try {
    check("setns", c.setns(fd, CLONE_NEWNET))
  } finally {
    closeSync(fd)
  }
}

/**
 * Becomes that user and keeps one right, raw sockets, so that the next program has it too. Throws `SystemError`; then
 * nothing may be run, since it is not known who we are.
 */
export function becomeUserWithRawSockets(user: { readonly uid: number; readonly gid: number }): void {
  check("prctl", c.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
  check("setgroups", c.setgroups(0, null))
  check("setresgid", c.setresgid(user.gid, user.gid, user.gid))
  check("setresuid", c.setresuid(user.uid, user.uid, user.uid))
  // struct __user_cap_header_struct and two of __user_cap_data_struct: effective, permitted, inheritable
  const header = new Uint32Array(alloc(8).buffer)
  header[0] = CAPABILITY_VERSION_3
  const data = new Uint32Array(alloc(24).buffer)
  data.fill(1 << CAP_NET_RAW, 0, 3)
  check("capset", c.capset(header, data))
  check("prctl", c.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0))
}

const SYS_close_range = 436
const CLOSE_RANGE_CLOEXEC = 4

/** Runs another program in our place. Comes back only by throwing `SystemError`. */
export function execute(program: string, args: readonly string[], env: Readonly<Record<string, string>>): never {
  // Everything but the three standard descriptors stays behind; kernels before 5.11 know it by each one's own mark.
  c.syscall(SYS_close_range, 3, 0xffff_ffff, CLOSE_RANGE_CLOEXEC)
  const keep: Uint8Array[] = []
  const vector = (texts: readonly string[]) => {
    const bytes = alloc((texts.length + 1) * 8)
    const words = new BigUint64Array(bytes.buffer)
    for (const [i, text] of texts.entries()) {
      const string = cstr(text)
      keep.push(string)
      words[i] = address(string)
    }
    keep.push(bytes)
    return bytes
  }
  const path = cstr(program)
  const argv = vector([program, ...args])
  const envp = vector(Object.entries(env).map(([name, value]) => `${name}=${value}`))
  c.execve(path, argv, envp)
  const errno = lastErrno()
  // Named here so that the strings live until the call has returned.
  throw new SystemError(keep.length === 0 ? "execve of nothing" : "execve", errno)
}
