/**
 * Memory that C may write to.
 *
 * A small typed array made by `new Uint8Array(n)` lives inside the JavaScript heap and moves when its `.buffer` is first
 * read: an address taken before is stale. Everything handed to C is made here.
 */
import { ptr } from "bun:ffi"

export type Bytes = Uint8Array<ArrayBuffer>

/** `length` zeroed bytes whose address does not move. Keep the array referenced until the call has returned. */
export const alloc = (length: number): Bytes => new Uint8Array(new ArrayBuffer(length))

/** The text as a NUL-terminated C string. Throws when the text holds a NUL itself, since C would see less of it. */
export function cstr(text: string): Bytes {
  if (text.includes("\0")) throw new Error(`a NUL byte inside ${JSON.stringify(text)}`)
  const raw = new TextEncoder().encode(text)
  const out = alloc(raw.length + 1)
  out.set(raw)
  return out
}

/** The address of `view`, for use inside another C structure. The caller keeps `view` alive until the call returned. */
export const address = (view: Uint8Array): bigint => BigInt(ptr(view))
