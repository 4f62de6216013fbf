/**
 * What getdents64 fills a buffer with: `struct linux_dirent64` records, one after the other (linux/dirent.h).
 *
 * Hot: a process may hold 100,000 descriptors, so a record is an offset and no object is made for it.
 */

// struct linux_dirent64: d_ino u64, d_off s64, d_reclen u16, d_type u8, d_name up to its NUL
const RECORD_LENGTH = 16
const NAME = 19

/** Where the name of the record at `at` begins; a NUL ends it. */
export const nameAt = (at: number): number => at + NAME

/** Where the record at `at` ends, or -1 when it runs past `end` or its name has no NUL: the rest is not readable. */
export function entryEnd(bytes: Uint8Array, at: number, end: number): number {
  if (at + NAME >= end) return -1
  const length = bytes[at + RECORD_LENGTH]! | (bytes[at + RECORD_LENGTH + 1]! << 8)
  const next = at + length
  if (length <= NAME || next > end) return -1
  for (let i = at + NAME; i < next; i++) if (bytes[i] === 0) return next
  return -1
}

/** The name at `at` as a decimal number, or -1 when it is none. The caller has seen its NUL with `entryEnd`. */
export function nameNumber(bytes: Uint8Array, at: number): number {
  let value = 0
  let i = at
  for (; bytes[i] !== 0; i++) {
    const digit = bytes[i]! - 48
    // Ten digits hold every pid and every descriptor.
    if (!(digit >= 0 && digit <= 9) || i - at === 10) return -1
    value = value * 10 + digit
  }
  return i === at ? -1 : value
}
