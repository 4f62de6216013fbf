/**
 * Another network namespace, entered for one system call.
 *
 * A namespace belongs to a thread, and a thread that is started inherits that of its maker. The runtime starts threads
 * when it likes (to compile, to collect garbage), from whatever JavaScript is running: one started while we are inside
 * would stay there for ever and keep the namespace alive. So not even one line of JavaScript runs inside: in, the call,
 * and out are a few machine instructions. What the call opens stays in that namespace and is used from here.
 */
import { fstatSync } from "node:fs"
import { closeFd, openFile, SystemError } from "./libc.ts"
import { loadMachineCode, type MachineFunction } from "./machine-code.ts"
import { address, alloc, cstr } from "./memory.ts"

export interface NamespacePlace {
  /** `/proc/PID/ns/net`, or the file that `ip netns` binds. */
  readonly path: string
  /** The inode it must have. A pid may have been given to another process since, in another namespace. */
  readonly inode?: number
}

/** The place is not the namespace that was meant. */
export class WrongNamespace extends Error {
  override readonly name = "WrongNamespace"
  constructor(place: NamespacePlace) {
    super(`${place.path} is no longer network namespace ${place.inode}`)
  }
}

/**
 * Opens a socket inside the namespace; it stays there. A child never inherits it. Throws `WrongNamespace`, or
 * `SystemError`: EPERM without CAP_SYS_ADMIN, EINVAL when the file is no network namespace.
 */
export const openSocketIn = (place: NamespacePlace, family: number, type: number, protocol: number): number =>
  callIn(place, "socket", [family, type | SOCK_CLOEXEC, protocol])

/** Opens a file for reading as the namespace shows it: /proc/thread-self/net/*, /proc/sys/net/*. Throws as above. */
export function openFileIn(place: NamespacePlace, path: string): number {
  const name = cstr(path)
  return callIn(place, "openat", [AT_FDCWD, address(name), O_CLOEXEC | O_NONBLOCK], name)
}

// bits/socket_type.h, bits/fcntl-linux.h
const SOCK_CLOEXEC = 0o2000000
const O_CLOEXEC = 0o2000000
const O_NONBLOCK = 0o4000
const AT_FDCWD = -100

// asm/unistd_64.h, asm-generic/unistd.h
const numbers = {
  x64: { socket: 41, openat: 257 },
  arm64: { socket: 198, openat: 56 },
} as const
type Call = keyof (typeof numbers)["x64"]

/** `_kept` is memory that the call reads: a parameter lives until we return. */
function callIn(place: NamespacePlace, call: Call, words: readonly (number | bigint)[], _kept?: unknown): number {
  const home = openFile("/proc/thread-self/ns/net")
  try {
    const target = openFile(place.path)
    try {
      if (place.inode !== undefined && fstatSync(target).ino !== place.inode) throw new WrongNamespace(place)
      return callInside({ target, home, call, words })
    } finally {
      closeFd(target)
    }
  } finally {
    closeFd(home)
  }
}

/** The block that the machine code reads and fills, 64-bit words. */
const slot = { target: 0, home: 1, number: 2, words: 3, result: 7, back: 8, size: 9 } as const
/** No system call answers this. */
const NOT_MADE = -0x8000_0000_0000_0000n

/**
 * One system call between entering `target` and coming back to `home`. When the way back is closed the process ends: it
 * would look at the wrong host.
 */
export function callInside(ask: {
  readonly target: number
  readonly home: number
  readonly call: Call
  readonly words: readonly (number | bigint)[]
}): number {
  const arch = architecture()
  routine ??= loadMachineCode(code[arch])
  const block = alloc(slot.size * 8)
  const memory = new BigInt64Array(block.buffer)
  memory[slot.target] = BigInt(ask.target)
  memory[slot.home] = BigInt(ask.home)
  memory[slot.number] = BigInt(numbers[arch][ask.call])
  for (const [i, word] of ask.words.entries()) memory[slot.words + i] = BigInt(word)
  memory[slot.result] = NOT_MADE
  const last = routine(block)
  const result = memory[slot.result]!
  if (result === NOT_MADE) throw new SystemError("setns", -last)
  if (memory[slot.back]! < 0n) process.abort()
  if (result < 0n) throw new SystemError(ask.call, Number(-result))
  return Number(result)
}

let routine: MachineFunction | undefined

function architecture(): keyof typeof code {
  if (process.arch === "x64" || process.arch === "arm64") return process.arch
  throw new Error(`other network namespaces cannot be entered on ${process.arch}`)
}

const bytes = (hex: string) => Uint8Array.from(hex.trim().split(/\s+/), (byte) => Number.parseInt(byte, 16))

/**
 * setns(target, CLONE_NEWNET); unless it failed: result = call(words…); back = setns(home, CLONE_NEWNET).
 * A raw system call answers -errno. Assembled with binutils and llvm-mc; one instruction a line.
 */
const code = {
  x64: bytes(`
    ${/* push   rbx             */ "53"}
    ${/* mov    rbx, rdi        */ "48 89 fb"}
    ${/* mov    rdi, [rbx]      */ "48 8b 3b"}
    ${/* mov    esi, 0x40000000 */ "be 00 00 00 40"}
    ${/* mov    eax, 308        */ "b8 34 01 00 00"}
    ${/* syscall                */ "0f 05"}
    ${/* test   rax, rax        */ "48 85 c0"}
    ${/* js     out             */ "78 2e"}
    ${/* mov    rax, [rbx + 16] */ "48 8b 43 10"}
    ${/* mov    rdi, [rbx + 24] */ "48 8b 7b 18"}
    ${/* mov    rsi, [rbx + 32] */ "48 8b 73 20"}
    ${/* mov    rdx, [rbx + 40] */ "48 8b 53 28"}
    ${/* mov    r10, [rbx + 48] */ "4c 8b 53 30"}
    ${/* syscall                */ "0f 05"}
    ${/* mov    [rbx + 56], rax */ "48 89 43 38"}
    ${/* mov    rdi, [rbx + 8]  */ "48 8b 7b 08"}
    ${/* mov    esi, 0x40000000 */ "be 00 00 00 40"}
    ${/* mov    eax, 308        */ "b8 34 01 00 00"}
    ${/* syscall                */ "0f 05"}
    ${/* mov    [rbx + 64], rax */ "48 89 43 40"}
    ${/* out: pop rbx           */ "5b"}
    ${/* ret                    */ "c3"}
  `),
  arm64: bytes(`
    ${/* mov    x9, x0          */ "e9 03 00 aa"}
    ${/* ldr    x0, [x9]        */ "20 01 40 f9"}
    ${/* mov    w1, 0x40000000  */ "01 00 a8 52"}
    ${/* mov    x8, 268         */ "88 21 80 d2"}
    ${/* svc    0               */ "01 00 00 d4"}
    ${/* tbnz   x0, 63, out     */ "a0 01 f8 b7"}
    ${/* ldr    x8, [x9, 16]    */ "28 09 40 f9"}
    ${/* ldr    x0, [x9, 24]    */ "20 0d 40 f9"}
    ${/* ldr    x1, [x9, 32]    */ "21 11 40 f9"}
    ${/* ldr    x2, [x9, 40]    */ "22 15 40 f9"}
    ${/* ldr    x3, [x9, 48]    */ "23 19 40 f9"}
    ${/* svc    0               */ "01 00 00 d4"}
    ${/* str    x0, [x9, 56]    */ "20 1d 00 f9"}
    ${/* ldr    x0, [x9, 8]     */ "20 05 40 f9"}
    ${/* mov    w1, 0x40000000  */ "01 00 a8 52"}
    ${/* mov    x8, 268         */ "88 21 80 d2"}
    ${/* svc    0               */ "01 00 00 d4"}
    ${/* str    x0, [x9, 64]    */ "20 21 00 f9"}
    ${/* out: ret               */ "c0 03 5f d6"}
  `),
} as const
