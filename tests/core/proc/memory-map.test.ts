import { expect, test } from "bun:test"
import { cleanRuns, parseMappings } from "../../../src/core/proc/memory-map.ts"

test("private mappings, what may be done to them, and whether they show a file", () => {
  const text = `00200000-01a39000 r--p 00000000 fe:00 5349944                            /usr/bin/holyf-network
06867000-07d59000 rw-p 0665e000 fe:00 5349944                            /usr/bin/a name with rw-p in it
7fd05d7ff000-7fd05da00000 rw-p 00000000 00:00 0
7fd05e1c2000-7fd05e1c3000 rw-s 00000000 00:01 77                         /memfd:shared (deleted)
nonsense
`
  expect(parseMappings(text)).toEqual([
    { start: 0x200000, end: 0x1a39000, isWritable: false, isFile: true },
    { start: 0x6867000, end: 0x7d59000, isWritable: true, isFile: true },
    { start: 0x7fd05d7ff000, end: 0x7fd05da00000, isWritable: true, isFile: false },
  ])
})

// Pages as pagemap tells: of the file and in memory, not in memory, the process's own, its own and swapped out.
const pages = { f: 0xa000_0000, _: 0, o: 0x8000_0000, s: 0x4000_0000 } as const
const entries = (text: string) =>
  Uint32Array.from([...text].flatMap((page) => [0xffff_ffff, pages[page as keyof typeof pages]]))

test.each([
  ["fff", 3, [{ start: 0, count: 3 }]],
  ["f_f", 3, [{ start: 0, count: 3 }]],
  ["ff", 3, []],
  ["___", 3, []],
  ["fofff", 3, [{ start: 2, count: 3 }]],
  [
    "fffoffs_ff",
    2,
    [
      { start: 0, count: 3 },
      { start: 4, count: 2 },
      { start: 7, count: 3 },
    ],
  ],
  ["ooo", 1, []],
  ["", 1, []],
])("clean runs of %p", (text, shortest, expected) => {
  expect(cleanRuns(entries(text), shortest)).toEqual(expected)
})
