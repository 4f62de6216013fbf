import { describe, expect, test } from "bun:test"
import { chmodSync } from "node:fs"
import { defaultThresholds } from "../../src/core/config/thresholds.ts"
import { loadThresholds, ThresholdFileError } from "../../src/shell/threshold-file.ts"
import { folder } from "./folder.ts"

const isRoot = process.getuid?.() === 0
const THREE = "[retrans_percent]\nwarn = 3\n"
const FOUR = "[retrans_percent]\nwarn = 4\n"

test("the named file, else the host's, else the built-in values", () => {
  using files = folder({ named: FOUR, host: THREE })
  const [named, hostFile, absent] = ["named", "host", "absent"].map((name) => `${files.path}/${name}`) as [
    string,
    string,
    string,
  ]
  const warn = (given: Parameters<typeof loadThresholds>[0]) => {
    const { thresholds, source } = loadThresholds(given)
    return [thresholds.retransPercent.warn, source]
  }
  expect(warn({ named, hostFile })).toEqual([4, named])
  expect(warn({ hostFile })).toEqual([3, hostFile])
  expect(warn({ hostFile: absent })).toEqual([2, "built-in"])
  expect(loadThresholds({ hostFile: absent }).thresholds).toEqual(defaultThresholds)
})

test("the working directory is not looked at", async () => {
  using files = folder({ "config/health_thresholds.toml": FOUR, "health_thresholds.toml": FOUR })
  const module = `${import.meta.dir}/../../src/shell/threshold-file.ts`
  const script = `const { loadThresholds } = await import(${JSON.stringify(module)})
    console.log(loadThresholds({ hostFile: "/nonexistent/file" }).thresholds.retransPercent.warn)`
  const child = Bun.spawn([process.execPath, "-e", script], { cwd: files.path, stdout: "pipe" })
  expect(await child.stdout.text()).toBe("2\n")
})

describe("is a usage error that names the file:", () => {
  const fails = (given: Parameters<typeof loadThresholds>[0]) => {
    try {
      loadThresholds(given)
    } catch (error) {
      expect(error).toBeInstanceOf(ThresholdFileError)
      expect((error as ThresholdFileError).exitCode).toBe(2)
      return (error as Error).message
    }
    return "nothing"
  }
  test("a named file that is missing", () => {
    using files = folder()
    expect(fails({ named: `${files.path}/f` })).toBe(
      `thresholds: cannot read ${files.path}/f: ENOENT. Name a file that exists.`,
    )
  })
  test("a folder", () => {
    using files = folder()
    expect(fails({ named: files.path })).toBe(`thresholds: cannot read ${files.path}: not a regular file`)
  })
  test("a file that is wrong, the host's too", () => {
    using files = folder({ f: "[retrans_percent]\nwarn = x\n" })
    const message = `thresholds: ${files.path}/f, line 2: retrans_percent.warn is not a number: x`
    expect(fails({ named: `${files.path}/f` })).toBe(message)
    expect(fails({ hostFile: `${files.path}/f` })).toBe(message)
  })
  test("a file without end", () => {
    using files = folder({ f: "# x\n".repeat(20_000) })
    expect(fails({ named: `${files.path}/f` })).toBe(`thresholds: ${files.path}/f is longer than 65536 bytes`)
  })
})

test("a host's file that only root may read leaves the built-in values, with a note", () => {
  using files = folder({ host: THREE })
  chmodSync(`${files.path}/host`, 0)
  const { thresholds, note } = asNobody(() => loadThresholds({ hostFile: `${files.path}/host` }))
  expect(thresholds).toEqual(defaultThresholds)
  expect(note?.text).toContain("EACCES")
})

/** Root reads everything, so root steps down for the call. */
function asNobody<T>(act: () => T): T {
  if (!isRoot) return act()
  process.seteuid?.(65_534)
  try {
    return act()
  } finally {
    process.seteuid?.(0)
  }
}
