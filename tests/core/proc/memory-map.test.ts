import { expect, test } from "bun:test"
import { unchangedFileRanges } from "../../../src/core/proc/memory-map.ts"

const mapping = (head: string, anonymousKb: number) =>
  `${head}\nSize:                100 kB\nRss:                  40 kB\nAnonymous:      ${anonymousKb} kB\nLazyFree:              0 kB\n`

test.each([
  ["code of the program", "00400000-00452000 r-xp 00000000 08:02 173521      /usr/bin/a", 0, 1],
  ["its constants", "00400000-00452000 r--p 00000000 08:02 173521      /usr/bin/a b", 0, 1],
  ["constants that the linker changed", "00400000-00452000 r--p 00000000 08:02 173521      /usr/bin/a", 4, 0],
  ["data", "00651000-00652000 rw-p 00051000 08:02 173521      /usr/bin/a", 0, 0],
  ["a shared file", "00651000-00652000 r--s 00051000 08:02 173521      /usr/bin/a", 0, 0],
  ["memory without a file", "7f00-7f80 r--p 00000000 00:00 0 ", 0, 0],
  ["code that is made here", "7f00-7f80 rwxp 00000000 00:00 0 ", 0, 0],
  ["the kernel's own", "7f00-7f80 r-xp 00000000 00:00 0      [vdso]", 0, 0],
])("%s", (_, head, anonymousKb, count) => {
  const ranges = unchangedFileRanges(mapping("0000-1000 rw-p 00000000 00:00 0", 0) + mapping(head, anonymousKb))
  expect(ranges).toHaveLength(count)
  if (count > 0) expect(ranges[0]).toEqual({ from: 0x400000, length: 0x52000 })
})

test("a mapping that does not say is left alone", () => {
  expect(unchangedFileRanges("00400000-00452000 r-xp 00000000 08:02 173521 /a\nRss: 4 kB\n")).toEqual([])
  expect(unchangedFileRanges("")).toEqual([])
})
