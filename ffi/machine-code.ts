/**
 * Machine code of our own, for the few lines that no JavaScript may interrupt.
 *
 * The memory is written first and made executable then; it is never both.
 */
import { CFunction, dlopen, FFIType as T, toArrayBuffer } from "bun:ffi"
import type { Bytes } from "./memory.ts"

// bits/mman-linux.h
const PROT_READ = 1
const PROT_WRITE = 2
const PROT_EXEC = 4
const MAP_PRIVATE = 2
const MAP_ANONYMOUS = 0x20

/** Beyond this lies MAP_FAILED, which is -1. */
const ADDRESS_MAX = 2 ** 63

/** A function of one block of memory, called on our own thread. Answers what it leaves in the result register. */
export type MachineFunction = (block: Bytes) => number

/** Loads `code`, at most one page, for the life of the program. Throws where the system forbids it. */
export function loadMachineCode(code: Uint8Array): MachineFunction {
  const { symbols: c } = dlopen("libc.so.6", {
    mmap: { args: [T.ptr, T.u64, T.i32, T.i32, T.i32, T.i64], returns: T.ptr },
    mprotect: { args: [T.ptr, T.u64, T.i32], returns: T.i32 },
  })
  const page = c.mmap(null, code.length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  if (page === null || page > ADDRESS_MAX) throw new Error("cannot load machine code: no memory for it")
  new Uint8Array(toArrayBuffer(page, 0, code.length)).set(code)
  if (c.mprotect(page, code.length, PROT_READ | PROT_EXEC) !== 0)
    throw new Error("cannot load machine code: this system allows no executable memory")
  const call = CFunction({ ptr: page, args: [T.ptr], returns: T.i64_fast })
  return (block) => Number(call(block))
}
