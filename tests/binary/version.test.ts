import { beforeAll, expect, test } from "bun:test"
import { readCommit } from "../../build.ts"
import manifest from "../../package.json"
import { builtBinary, root } from "../support/binary.ts"

let binary = ""
beforeAll(() => {
  binary = builtBinary()
}, 60_000)

test.each(["-v", "--version"])("%s prints the version and the commit", (flag) => {
  const { stdout, stderr, exitCode } = Bun.spawnSync([binary, flag])
  expect(stdout.toString()).toBe(`holyf-network version ${manifest.version} (${readCommit(root)})\n`)
  expect(stderr.toString()).toBe("")
  expect(exitCode).toBe(0)
})
