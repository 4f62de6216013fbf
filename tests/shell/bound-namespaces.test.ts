import { afterAll, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { listBoundNamespaces, namespaceIdAt, ownNamespaceId } from "../../src/shell/kernel/network-namespaces.ts"

const folder = mkdtempSync(join(tmpdir(), "netns-"))
afterAll(() => rmSync(folder, { recursive: true }))

test("what is no namespace is passed over, whatever its name", () => {
  writeFileSync(join(folder, "plain"), "net:[4026531840]")
  writeFileSync(join(folder, "line\nbreak"), "")
  writeFileSync(join(folder, "\u001b[2J"), "")
  writeFileSync(join(folder, "x".repeat(255)), "")
  mkdirSync(join(folder, "folder"))
  symlinkSync("/nowhere", join(folder, "dangling"))
  symlinkSync("loop", join(folder, "loop"))
  symlinkSync("/dev/zero", join(folder, "device"))
  expect(Bun.spawnSync(["mkfifo", join(folder, "pipe")]).exitCode).toBe(0)
  expect(listBoundNamespaces([folder, join(folder, "missing")])).toEqual([])
})

test("a link to a namespace leads to it, and its name is kept as it is", () => {
  const name = "a\nb .. \u001b]0;"
  symlinkSync("/proc/self/ns/net", join(folder, name))
  expect(listBoundNamespaces([folder])).toEqual([{ id: ownNamespaceId(), boundName: name, path: join(folder, name) }])
})

test("a path that leads nowhere has no namespace", () => {
  expect(namespaceIdAt("/nowhere")).toBeUndefined()
  expect(namespaceIdAt("/proc/self/stat")).toBeUndefined()
  expect(namespaceIdAt("/proc/self/ns/net")).toBe(ownNamespaceId())
})
