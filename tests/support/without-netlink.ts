/**
 * Runs a command that the kernel gives no netlink socket: `bun tests/support/without-netlink.ts <program> <words>`.
 *
 * A seccomp filter, as container runtimes and service managers set it (RestrictAddressFamilies=), answers socket() of
 * that family with EAFNOSUPPORT. It outlives the exec.
 */
import { dlopen, FFIType, ptr } from "bun:ffi"

// linux/prctl.h, linux/seccomp.h, linux/filter.h
const PR_SET_SECCOMP = 22
const PR_SET_NO_NEW_PRIVS = 38
const SECCOMP_MODE_FILTER = 2
const SECCOMP_RET_ALLOW = 0x7fff0000
const SECCOMP_RET_ERRNO = 0x00050000
const BPF_LD_W_ABS = 0x20
const BPF_JEQ_K = 0x15
const BPF_RET_K = 0x06
// struct seccomp_data
const NUMBER_OFFSET = 0
const FIRST_ARGUMENT_OFFSET = 16

const AF_NETLINK = 16
const EAFNOSUPPORT = 97
const SYS_SOCKET = process.arch === "arm64" ? 198 : 41

const { symbols: c } = dlopen("libc.so.6", {
  prctl: { args: [FFIType.i32, FFIType.u64, FFIType.u64, FFIType.u64, FFIType.u64], returns: FFIType.i32 },
  execv: { args: [FFIType.ptr, FFIType.ptr], returns: FFIType.i32 },
})

/** struct sock_filter: what to do, jumps when true and false, operand. */
const program = [
  [BPF_LD_W_ABS, 0, 0, NUMBER_OFFSET],
  [BPF_JEQ_K, 0, 3, SYS_SOCKET],
  [BPF_LD_W_ABS, 0, 0, FIRST_ARGUMENT_OFFSET],
  [BPF_JEQ_K, 0, 1, AF_NETLINK],
  [BPF_RET_K, 0, 0, SECCOMP_RET_ERRNO | EAFNOSUPPORT],
  [BPF_RET_K, 0, 0, SECCOMP_RET_ALLOW],
] as const

const filter = new DataView(new ArrayBuffer(program.length * 8))
for (const [i, [code, whenTrue, whenFalse, operand]] of program.entries()) {
  filter.setUint16(i * 8, code, true)
  filter.setUint8(i * 8 + 2, whenTrue)
  filter.setUint8(i * 8 + 3, whenFalse)
  filter.setUint32(i * 8 + 4, operand, true)
}
/** struct sock_fprog: a length and, eight bytes on, an address. */
const descriptor = new BigUint64Array(2)
descriptor[0] = BigInt(program.length)
descriptor[1] = BigInt(ptr(filter))

const texts = process.argv.slice(2).map((word) => Buffer.from(`${word}\0`))
const argv = new BigUint64Array([...texts.map((text) => BigInt(ptr(text))), 0n])

if (c.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) !== 0) throw new Error("PR_SET_NO_NEW_PRIVS was refused")
if (c.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ptr(descriptor), 0, 0) !== 0)
  throw new Error("PR_SET_SECCOMP was refused")
c.execv(ptr(texts[0]!), ptr(argv))
throw new Error(`cannot start ${process.argv[2]}`)
