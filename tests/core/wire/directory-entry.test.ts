import { expect, test } from "bun:test"
import { entryEnd, nameAt, nameNumber } from "../../../src/core/wire/directory-entry.ts"

/** struct linux_dirent64 as the kernel lays it out, padded to eight bytes. */
function record(name: string, length?: number): number[] {
  const raw = [...new TextEncoder().encode(name)]
  const size = Math.ceil((19 + raw.length + 1) / 8) * 8
  const bytes = new Array(size).fill(0)
  bytes.splice(16, 3, (length ?? size) & 0xff, (length ?? size) >> 8, 10)
  bytes.splice(19, raw.length, ...raw)
  return bytes
}

/** Every name in the buffer as a number, until a record that cannot be read. */
function numbers(bytes: Uint8Array): number[] {
  const found: number[] = []
  for (let at = 0; at < bytes.length; ) {
    const next = entryEnd(bytes, at, bytes.length)
    if (next < 0) return [...found, Number.NaN]
    found.push(nameNumber(bytes, nameAt(at)))
    at = next
  }
  return found
}

test("reads record after record, names of any length", () => {
  const bytes = new Uint8Array([".", "..", "0", "7", "1234", "4294967295", "self", "12a"].flatMap((n) => record(n)))
  expect(numbers(bytes)).toEqual([-1, -1, 0, 7, 1234, 4294967295, -1, -1])
})

test.each([
  { name: "a record shorter than its header", bytes: record("12").slice(0, 18) },
  { name: "a header without a name", bytes: record("12").slice(0, 19) },
  { name: "a length of zero, which would never end", bytes: record("12", 0) },
  { name: "a length that leaves no room for a name", bytes: record("12", 19) },
  { name: "a length past the end", bytes: record("12", 32) },
  { name: "a name without an end", bytes: record("12345").map((byte, i) => (i > 19 ? 49 : byte)) },
])("stops at $name", ({ bytes }) =>
  expect(numbers(new Uint8Array([...record("5"), ...bytes]))).toEqual([5, Number.NaN]),
)

test("a number with more than ten digits is no pid and no descriptor", () => {
  expect(numbers(new Uint8Array(record("12345678901")))).toEqual([-1])
})
