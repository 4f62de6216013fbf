/** The reader: files as they are, as they grow, shrink and vanish; days that are over; what cannot be read. */
import { afterEach, describe, expect, test } from "bun:test"
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { keyAt } from "../../src/core/history/history-index.ts"
import { matcherOf, parseQuery } from "../../src/core/history/search.ts"
import type { Window } from "../../src/core/history/window.ts"
import { compressDay } from "../../src/shell/files/compress.ts"
import { DataFolder } from "../../src/shell/files/data-folder.ts"
import { History } from "../../src/shell/history/history.ts"
import type { HistoryPlace } from "../../src/shell/history/place.ts"
import { searchHistory } from "../../src/shell/history/search-history.ts"
import { temporaryFolder } from "../support/folder.ts"
import { clockAt, lineOf, NOW } from "../support/replay.ts"

const zone = () => 60
const DAY = "20260308"
const PLAIN = `connections-${DAY}.jsonl`
/** Tomorrow: the day of the tests is over. */
const LATER = NOW + 86_400_000

const web = { peer: "203.0.113.7", tx: 100 }
/** A kilobyte each, so that 1,500 of them, half a day, are more than a frame. */
const more = { padding: "x".repeat(400) }
const line = (i: number) => `${lineOf({ at: clockAt(i), in: [{ ...web, connections: i + 1 }], more })}\n`
const lines = (count: number, from = 0) => Array.from({ length: count }, (_, i) => line(from + i)).join("")

const opened: History[] = []
afterEach(() => {
  for (const history of opened.splice(0)) history.close()
})

function open(
  place: HistoryPlace | string,
  { now = NOW, window = {} }: { now?: number; window?: Window } = {},
): History {
  const history = new History(typeof place === "string" ? { kind: "folder", path: place } : place, window, {
    zone,
    now: () => now,
  })
  opened.push(history)
  while (history.indexMore(1_000));
  return history
}

/** The connections of each snapshot, which number them: 1, 2, 3 … */
function read(history: History): number[] {
  const { index } = history.view()
  return Array.from({ length: index.length }, (_, i) => {
    const found = history.read(keyAt(index, i), index.lines.bytes[i]!)
    return found?.incoming_groups?.[0]?.conn_count ?? -1
  })
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

async function compress(path: string): Promise<void> {
  const folder = DataFolder.open(path, { create: false })
  try {
    await compressDay(folder, DAY, { goOn: async () => true })
  } finally {
    folder.close()
  }
}

describe("a file", () => {
  test("is read line by line, whatever stands between", () => {
    using folder = temporaryFolder()
    folder.write(PLAIN, `${line(0)}\n  \n{broken\n${line(1).replace("\n", "\r\n")}${"x".repeat(5 << 20)}\n${line(2)}`)
    const history = open(folder.path)
    expect([read(history), history.view().corrupt]).toEqual([[1, 2, 3], 2])
  })

  test("with a good line that is longer than a piece", () => {
    using folder = temporaryFolder()
    const rows = Array.from({ length: 20_000 }, () => web)
    folder.write(PLAIN, `${line(0)}${lineOf({ at: clockAt(1), in: rows })}\n${line(2)}`)
    const history = open(folder.path)
    expect(statSync(join(folder.path, PLAIN)).size).toBeGreaterThan(5 << 20)
    expect([history.view().index.length, history.view().corrupt]).toEqual([3, 0])
  })

  test.each([
    ["empty", "", 0],
    ["binary", "\0\xff\x01\n\0\0\n", 2],
    ["of one blank line", "\n", 0],
    ["of text", "hello\nworld\n", 2],
  ])("that is %s has no snapshot and hides no other", (_, text, corrupt) => {
    using folder = temporaryFolder()
    folder.write(PLAIN, text)
    folder.write("connections-20260307.jsonl", line(0).replace("03-08", "03-07"))
    const history = open(folder.path)
    expect([read(history), history.view().corrupt]).toEqual([[1], corrupt])
  })

  test("whose last line is whole but not ended is read to its end, and goes on", () => {
    using folder = temporaryFolder()
    const path = folder.write(PLAIN, lines(2).trimEnd())
    const history = open(folder.path)
    expect(read(history)).toEqual([1, 2])
    appendFileSync(path, `\n${line(2)}`)
    expect([history.follow(), read(history), history.view().corrupt]).toEqual([true, [1, 2, 3], 0])
  })

  test("whose last line is being written is not damaged: it comes with the rest of it", () => {
    using folder = temporaryFolder()
    const path = folder.write(PLAIN, line(0) + line(1).slice(0, 100))
    const history = open(folder.path)
    expect([read(history), history.view().corrupt]).toEqual([[1], 0])
    appendFileSync(path, line(1).slice(100))
    expect([history.follow(), read(history)]).toEqual([true, [1, 2]])
  })

  test("of a day that is over has half a line at its end for ever: it is counted", () => {
    using folder = temporaryFolder()
    folder.write(PLAIN, line(0) + line(1).slice(0, 100))
    const history = open(folder.path, { now: LATER })
    expect([read(history), history.view().corrupt]).toEqual([[1], 1])
  })

  test("that grows is followed without reading it again", () => {
    using folder = temporaryFolder()
    const path = folder.write(PLAIN, lines(3))
    const history = open(folder.path)
    expect(history.follow()).toBe(false)
    for (let i = 3; i < 6; i++) {
      appendFileSync(path, line(i))
      expect([history.follow(), history.follow()]).toEqual([true, false])
    }
    expect(read(history)).toEqual(upTo(6))
  })

  test("that shrinks is read anew, and that is told", () => {
    using folder = temporaryFolder()
    const path = folder.write(PLAIN, lines(5))
    const history = open(folder.path)
    truncateSync(path, line(0).length)
    expect(history.follow()).toBe(true)
    while (history.indexMore(1_000));
    expect(read(history)).toEqual([1])
    expect(history.view().problems.join()).toContain("became shorter while it was open")
  })

  test("that is gone is still shown, and that is told", () => {
    using folder = temporaryFolder()
    const path = folder.write(PLAIN, lines(2))
    const history = open(folder.path)
    unlinkSync(path)
    history.follow()
    expect(read(history)).toEqual([1, 2])
    expect(history.view().problems.join()).toContain("is gone: what was read of it is still shown")
  })

  test("in whose place another one was put is read anew", () => {
    using folder = temporaryFolder()
    const path = folder.write(PLAIN, lines(2))
    const history = open(folder.path)
    renameSync(folder.write("other", lines(4)), path)
    history.follow()
    while (history.indexMore(1_000));
    expect(read(history)).toEqual(upTo(4))
  })

  test("that changed under the index never shows a line that is another one's", () => {
    using folder = temporaryFolder()
    const path = folder.write(PLAIN, lines(3))
    const history = open(folder.path)
    const { index } = history.view()
    writeFileSync(path, "x".repeat(statSync(path).size))
    expect(history.read(keyAt(index, 1), index.lines.bytes[1]!)).toBeUndefined()
    expect([history.view().index.length, history.view().corrupt]).toEqual([2, 1])
  })

  test("of a day is followed into the next one", () => {
    using folder = temporaryFolder()
    folder.write(PLAIN, lines(1))
    const history = open(folder.path)
    folder.write("connections-20260309.jsonl", line(1).replace("03-08", "03-09"))
    expect(history.follow()).toBe(true)
    while (history.indexMore(1_000));
    expect(read(history)).toEqual([1, 2])
  })
})

/** Takes everything out of a file but its size, its time and its first bytes: who reads it, finds nothing. */
function blank(path: string): void {
  const { mtime } = statSync(path)
  writeFileSync(path, readFileSync(path).fill(0, 8))
  utimesSync(path, mtime, mtime)
}

describe("days that are over", () => {
  test("compressed, have the same snapshots", async () => {
    using folder = temporaryFolder()
    folder.write(PLAIN, lines(1_500))
    await compress(folder.path)
    expect(read(open(folder.path, { now: LATER }))).toEqual(upTo(1_500))
  })

  test("compressed, without their index of frames, or with a torn one, too", async () => {
    using folder = temporaryFolder()
    folder.write(PLAIN, lines(1_500))
    await compress(folder.path)
    for (const index of ["", '{"offset":0']) {
      writeFileSync(join(folder.path, `${PLAIN}.idx`), index)
      expect(read(open(folder.path, { now: LATER })).length).toBe(1_500)
    }
  })

  test("compressed and damaged, are told of and hide no other", async () => {
    using folder = temporaryFolder()
    folder.write(PLAIN, lines(1_500))
    await compress(folder.path)
    const path = join(folder.path, `${PLAIN}.zst`)
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.fill(7, bytes.length >> 1, (bytes.length >> 1) + 400))
    folder.write("connections-20260307.jsonl", line(0).replace("03-08", "03-07"))
    const history = open(folder.path, { now: LATER })
    expect(read(history)[0]).toBe(1)
    expect(history.view().problems.join()).toContain("zstd data is damaged")
  })

  test("plain and compressed at once, as a crash leaves them, show each snapshot once", async () => {
    using folder = temporaryFolder()
    folder.write(PLAIN, lines(5))
    await compress(folder.path)
    folder.write(PLAIN, lines(7))
    expect(read(open(folder.path, { now: LATER }))).toEqual(upTo(7))
  })

  test("are indexed once: the next time the index beside them is taken", () => {
    using folder = temporaryFolder()
    const path = folder.write(PLAIN, `${lines(3)}{broken\n`)
    const first = open(folder.path, { now: LATER })
    expect(existsSync(`${path}.lines`)).toBe(true)
    blank(path)
    const second = open(folder.path, { now: LATER })
    expect([second.view().index.length, second.view().corrupt]).toEqual([3, 1])
    expect(first.view().index.length).toBe(3)
  })

  test("whose index is of another file are indexed anew", () => {
    using folder = temporaryFolder()
    const path = folder.write(PLAIN, lines(3))
    open(folder.path, { now: LATER })
    appendFileSync(path, line(3))
    expect(read(open(folder.path, { now: LATER }))).toEqual(upTo(4))
    writeFileSync(`${path}.lines`, "torn")
    expect(read(open(folder.path, { now: LATER }))).toEqual(upTo(4))
  })

  test("get no index beside them while their day goes on, nor beside a file that was named", () => {
    using folder = temporaryFolder()
    const path = folder.write(PLAIN, lines(3))
    open(folder.path)
    open({ kind: "file", path }, { now: LATER })
    expect(existsSync(`${path}.lines`)).toBe(false)
  })

  test("change from plain to compressed while they are open", async () => {
    using folder = temporaryFolder()
    folder.write(PLAIN, lines(4))
    const history = open(folder.path)
    await compress(folder.path)
    history.follow()
    while (history.indexMore(1_000));
    expect(read(history)).toEqual(upTo(4))
    expect(history.view().problems).toEqual([])
  })
})

describe("a window", () => {
  test("holds both of its ends and nothing else", () => {
    using folder = temporaryFolder()
    folder.write(PLAIN, lines(10))
    const at = (i: number) => Date.parse(`2026-03-08T${clockAt(i)}+01:00`)
    expect(read(open(folder.path, { window: { from: at(2), to: at(5) } }))).toEqual([3, 4, 5, 6])
  })

  test("opens no file of another day", () => {
    using folder = temporaryFolder()
    folder.write(PLAIN, lines(1))
    folder.write("connections-20260101.jsonl", "broken\n")
    const history = open(folder.path, { window: { from: NOW - 3_600_000 } })
    expect([history.view().files, history.view().corrupt]).toEqual([1, 0])
  })

  test("goes through a day beside it only where that holds something of it", () => {
    using folder = temporaryFolder()
    folder.write(PLAIN, lines(3))
    const before = (text: string) => text.replaceAll("2026-03-08", "2026-03-07")
    folder.write("connections-20260307.jsonl", before(lines(2)))
    const from = Date.parse("2026-03-08T00:00:00+01:00")
    expect(open(folder.path, { window: { from } }).view().files).toBe(1)
    // The zone was changed: the last line of that file is of the window.
    folder.write("connections-20260307.jsonl", before(lines(2)) + line(9))
    const history = open(folder.path, { window: { from } })
    expect([history.view().files, read(history)]).toEqual([2, [1, 2, 3, 10]])
  })

  test("puts lines in the order of time, whichever file they stand in", () => {
    using folder = temporaryFolder()
    folder.write(PLAIN, line(3) + line(1))
    folder.write("connections-20260307.jsonl", line(2) + line(0))
    expect(read(open(folder.path))).toEqual([1, 2, 3, 4])
  })
})

describe("a search", () => {
  test("finds the same in a plain day and in a compressed one, and says where a file fails", async () => {
    using folder = temporaryFolder()
    folder.write(PLAIN, lines(1_400) + lineOf({ at: clockAt(1_400), in: [{ peer: "10.1.2.3" }] }) + "\n")
    const found = (text: string) => {
      const history = open(folder.path, { now: LATER })
      const matcher = matcherOf(parseQuery(text, { isMasked: false })!)
      return [...searchHistory(history.openedFiles, history.view().index, matcher, 1)].flatMap(({ hits }) => hits)
        .length
    }
    const plain = [found("10.0.0.0/8"), found("nginx"), found("nobody")]
    await compress(folder.path)
    expect([found("10.0.0.0/8"), found("nginx"), found("nobody")]).toEqual(plain)
    expect(plain).toEqual([1, 1_401, 0])
  })
})

describe("a place that is none", () => {
  test.each([
    ["a folder for a file", (path: string): HistoryPlace => ({ kind: "file", path }), "it is a folder"],
    ["no such file", (path: string): HistoryPlace => ({ kind: "file", path: `${path}/none` }), "ENOENT"],
    [
      "no such folder",
      (path: string): HistoryPlace => ({ kind: "folder", path: `${path}/none` }),
      "There is no history yet",
    ],
    ["a device", (): HistoryPlace => ({ kind: "file", path: "/dev/null" }), "it is no regular file"],
  ])("%s", (_, place, text) => {
    using folder = temporaryFolder()
    expect(() => open(place(folder.path))).toThrow(text)
  })

  test("among others that can be read is told of and hides none", () => {
    using folder = temporaryFolder()
    folder.write(PLAIN, lines(1))
    mkdirSync(join(folder.path, "connections-20260307.jsonl"))
    symlinkSync("loop", join(folder.path, "loop"))
    renameSync(join(folder.path, "loop"), join(folder.path, "connections-20260306.jsonl"))
    const history = open(folder.path)
    expect(read(history)).toEqual([1])
    expect(history.view().problems.join()).toMatch(/20260306.*ENOENT.*20260307.*it is a folder/)
  })

  test("the standard input that was kept is read as a file", () => {
    using folder = temporaryFolder()
    const path = folder.write("stream", lines(3))
    const fd = openSync(path, "r")
    unlinkSync(path)
    expect(read(open({ kind: "stream", fd }))).toEqual([1, 2, 3])
  })
})

test("a day that the worker compressed has its index: nothing is unpacked to list it", async () => {
  using folder = temporaryFolder()
  folder.write(PLAIN, `${lines(1_500)}{broken\n`)
  await compress(folder.path)
  expect(read(open(folder.path, { now: LATER }))).toEqual(upTo(1_500))
  blank(join(folder.path, `${PLAIN}.zst`))
  const { index, corrupt, problems } = open(folder.path, { now: LATER }).view()
  expect([index.length, corrupt, problems]).toEqual([1_500, 1, []])
})
