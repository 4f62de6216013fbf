import { describe, expect, test } from "bun:test"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { readFrameIndex } from "../../src/core/snapshot/frame-index.ts"
import { compressDay, readFrames } from "../../src/shell/files/compress.ts"
import { DataFolder } from "../../src/shell/files/data-folder.ts"
import { temporaryFolder } from "../support/folder.ts"
import { requires } from "../support/requirements.ts"

const DAY = "20260308"
const PLAIN = `connections-${DAY}.jsonl`
const line = (i: number, size = 900) => `{"captured_at":"2026-03-08T00:00:00Z","i":${i},"pad":"${"x".repeat(size)}"}\n`
const linesUpTo = (count: number, from = 0) => Array.from({ length: count }, (_, i) => line(from + i)).join("")

async function withFolder(act: (folder: DataFolder, path: string) => Promise<void>): Promise<void> {
  using temporary = temporaryFolder()
  const folder = DataFolder.open(temporary.path, { create: true })
  try {
    await act(folder, temporary.path)
  } finally {
    folder.close()
  }
}

const goOn = async () => true
const textOf = (folder: DataFolder) => [...readFrames(folder, DAY)].map((raw) => new TextDecoder().decode(raw)).join("")
const indexOf = (path: string) => readFrameIndex(readFileSync(join(path, `${PLAIN}.idx`), "utf8"))!

describe("a closed day", () => {
  test("becomes frames of a megabyte at most that end with a line, and their index", () =>
    withFolder(async (folder, path) => {
      const text = linesUpTo(3_000)
      writeFileSync(join(path, PLAIN), text)
      expect(await compressDay(folder, DAY, { goOn })).toBe(true)
      expect(existsSync(join(path, PLAIN))).toBe(false)
      expect(textOf(folder)).toBe(text)
      const frames = indexOf(path)
      expect(frames.length).toBeGreaterThan(2)
      expect(frames.reduce((sum, { lines }) => sum + lines, 0)).toBe(3_000)
      for (const frame of readFrames(folder, DAY)) expect([frame.length <= 1 << 20, frame.at(-1)]).toEqual([true, 10])
    }))

  requires({ tools: ["zstdcat"] })("is read by zstdcat", () =>
    withFolder(async (folder, path) => {
      const text = linesUpTo(2_500)
      writeFileSync(join(path, PLAIN), text)
      await compressDay(folder, DAY, { goOn })
      const { stdout, exitCode } = Bun.spawnSync(["zstdcat", join(path, `${PLAIN}.zst`)])
      expect([exitCode, stdout.toString() === text]).toEqual([0, true])
    }),
  )

  test("that got lines again has them behind the others", () =>
    withFolder(async (folder, path) => {
      for (const from of [0, 5]) {
        writeFileSync(join(path, PLAIN), linesUpTo(5, from))
        await compressDay(folder, DAY, { goOn })
      }
      expect(textOf(folder)).toBe(linesUpTo(10))
      expect(indexOf(path)).toHaveLength(2)
    }))

  test("whose plain file a crash left has every line once, cut or grown meanwhile", () =>
    withFolder(async (folder, path) => {
      writeFileSync(join(path, PLAIN), linesUpTo(5))
      await compressDay(folder, DAY, { goOn })
      for (const left of [linesUpTo(5), linesUpTo(3), linesUpTo(7)]) {
        writeFileSync(join(path, PLAIN), left)
        await compressDay(folder, DAY, { goOn })
      }
      expect(textOf(folder)).toBe(linesUpTo(7))
    }))

  test("stays as it is when the work is stopped", () =>
    withFolder(async (folder, path) => {
      writeFileSync(join(path, PLAIN), linesUpTo(3_000))
      let frames = 0
      expect(await compressDay(folder, DAY, { goOn: async () => ++frames < 3 })).toBe(false)
      expect(readFileSync(join(path, PLAIN), "utf8")).toBe(linesUpTo(3_000))
      expect(existsSync(join(path, `${PLAIN}.zst`))).toBe(false)
    }))

  test("can be read without its index", () =>
    withFolder(async (folder, path) => {
      writeFileSync(join(path, PLAIN), linesUpTo(2_000))
      await compressDay(folder, DAY, { goOn })
      writeFileSync(join(path, `${PLAIN}.idx`), "torn")
      expect(textOf(folder)).toBe(linesUpTo(2_000))
    }))

  test("loses half a line at its end, and no frame is glued to it", () =>
    withFolder(async (folder, path) => {
      writeFileSync(join(path, PLAIN), `${linesUpTo(2)}{"half`)
      await compressDay(folder, DAY, { goOn })
      writeFileSync(join(path, PLAIN), linesUpTo(1, 2))
      await compressDay(folder, DAY, { goOn })
      expect(textOf(folder)).toBe(linesUpTo(3))
    }))

  test("with a line longer than a frame keeps it whole", () =>
    withFolder(async (folder, path) => {
      const text = line(0) + line(1, 3 << 20) + line(2)
      writeFileSync(join(path, PLAIN), text)
      await compressDay(folder, DAY, { goOn })
      expect(textOf(folder)).toBe(text)
      expect(indexOf(path).reduce((sum, { raw_length }) => sum + raw_length, 0)).toBe(text.length)
    }))

  test("without any line is an empty one", () =>
    withFolder(async (folder, path) => {
      writeFileSync(join(path, PLAIN), "")
      expect(await compressDay(folder, DAY, { goOn })).toBe(true)
      expect(textOf(folder)).toBe("")
    }))
})
