import { expect, test } from "bun:test"
import fc from "fast-check"
import { parseProcessStat } from "../../../src/core/proc/process-stat.ts"

/** Linux 6.18, `cat /proc/self/stat`, with the name and a few fields replaced. */
const line = (name: string, { state = "S", threads = 1 } = {}) =>
  `4102 (${name}) ${state} 4000 4102 4000 0 -1 4194304 2201 0 0 0 2 1 0 0 20 0 ${threads} 0 918273 4300800 352 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n`

const parse = (text: string) => parseProcessStat(new TextEncoder().encode(text))

test("reads pid, name, parent and start time", () => {
  expect(parse(line("nginx"))).toEqual({
    pid: 4102,
    name: "nginx",
    parentPid: 4000,
    startTime: 918273,
    hasEnded: false,
  })
})

test("the name may be anything at all", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (name) => {
      const wellFormed = name.toWellFormed()
      expect(parse(line(wellFormed))).toMatchObject({ name: wellFormed, pid: 4102, startTime: 918273 })
    }),
  )
  for (const name of ["a) S 1 2 3 (b", "(x)", ")", "\n", "a b", "\u001b[31m", "\ufeffx", ""])
    expect(parse(line(name))).toMatchObject({ name, parentPid: 4000, startTime: 918273 })
})

test("bytes that are no UTF-8 become the replacement character", () => {
  const bytes = new TextEncoder().encode(line("ab"))
  bytes[6] = 0xff
  expect(parseProcessStat(bytes)?.name).toBe("\ufffdb")
})

test("reads only the given length of a buffer that holds an older, longer line", () => {
  const bytes = new TextEncoder().encode(`${line("a")}9 (old) junk`)
  expect(parseProcessStat(bytes, line("a").length)?.name).toBe("a")
})

test.each([
  { name: "a sleeping process", text: line("a"), hasEnded: false },
  { name: "a zombie", text: line("a", { state: "Z" }), hasEnded: true },
  { name: "a dead one", text: line("a", { state: "X" }), hasEnded: true },
  { name: "a program whose first thread has ended", text: line("a", { state: "Z", threads: 4 }), hasEnded: false },
])("$name", ({ text, hasEnded }) => expect(parse(text)?.hasEnded).toBe(hasEnded))

test.each(["", "4102", "4102 (nginx", "4102 (nginx)", "x (nginx) S 1", line("a").slice(0, 60), ") 1 ("])(
  "%j is not a process",
  (text) => expect(parse(text)).toBeUndefined(),
)
