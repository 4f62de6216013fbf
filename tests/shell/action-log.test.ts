import { afterEach, beforeEach, expect, test } from "bun:test"
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { logAction, readActionLog } from "../../src/shell/files/action-log.ts"

let base: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "holyf-test-"))
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

const system: string[] = []
const folder = () => join(base, "log")
const log = (result: string, bytesMax?: number) =>
  logAction(
    {
      what: "block 203.0.113.7:443",
      result,
      at: Date.UTC(2026, 2, 8, 12, 56, 30),
      actor: { uid: 0, sudoUser: "alice" },
    },
    {
      folder: folder(),
      ...(bytesMax !== undefined && { bytesMax }),
      systemLog: (line) => {
        system.push(line)
        return true
      },
    },
  )

test("an action is one line of a file that its group may read", () => {
  expect(log("done")).toBeUndefined()
  const path = join(folder(), "actions.log")
  expect(readFileSync(path, "utf8")).toMatch(/^2026-03-0\dT\S+ uid=0 sudo_user=alice block 203\.0\.113\.7:443: done\n$/)
  expect(statSync(path).mode & 0o777).toBe(0o640)
  expect(statSync(folder()).mode & 0o777).toBe(0o750)
  expect(system.at(-1)).toBe("uid=0 sudo_user=alice block 203.0.113.7:443: done")
})

test("a full file is put aside, and only so many are kept", () => {
  for (let n = 0; n < 30; n++) expect(log(`done ${n}`, 250)).toBeUndefined()
  const names = ["actions.log", "actions.log.1", "actions.log.2", "actions.log.3", "actions.log.4"]
  for (const name of names) expect(statSync(join(folder(), name)).size).toBeLessThanOrEqual(250)
  expect(existsSync(join(folder(), "actions.log.5"))).toBe(false)
  expect(readActionLog(1, folder())[0]).toEndWith("done 29")
})

test("nothing is written through a link, into a second name, or into a folder of others", () => {
  const secret = join(base, "secret")
  writeFileSync(secret, "untouched")
  mkdirSync(folder(), { mode: 0o750 })
  const path = join(folder(), "actions.log")
  symlinkSync(secret, path)
  expect(log("done")).toBe(`cannot write ${folder()}/actions.log: ELOOP`)
  rmSync(path)
  linkSync(secret, path)
  expect(log("done")).toContain("has a second name")
  expect(readFileSync(secret, "utf8")).toBe("untouched")
  rmSync(folder(), { recursive: true })
  mkdirSync(join(base, "elsewhere"))
  symlinkSync(join(base, "elsewhere"), folder())
  expect(log("done")).toContain("the folder is none, or a link")
  expect(existsSync(join(base, "elsewhere", "actions.log"))).toBe(false)
})

test("the last lines are read, and none where there is no log", () => {
  expect(readActionLog(5, folder())).toEqual([])
  for (let n = 0; n < 10; n++) log(`done ${n}`)
  expect(readActionLog(3, folder()).map((line) => line.slice(-6))).toEqual(["done 7", "done 8", "done 9"])
})
