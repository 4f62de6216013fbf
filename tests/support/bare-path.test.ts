/** What a machine with nothing but Node and npm makes of the tests that need a kernel of their own. */
import { expect, test } from "bun:test"
import { symlinkSync } from "node:fs"
import { join } from "node:path"
import { temporaryFolder } from "./folder.ts"
import { OUTER_NAMESPACE } from "./requirements.ts"

test("without their tools the tests of the kernel are skipped, and none fails", async () => {
  using bare = temporaryFolder()
  symlinkSync("/bin/sh", join(bare.path, "sh"))
  const { HOLYF_TEST_STRICT: _, [OUTER_NAMESPACE]: _outer, ...env } = process.env
  const child = Bun.spawn([process.execPath, "test", "./tests/kernel", "./tests/lab"], {
    cwd: join(import.meta.dir, "../.."),
    env: { ...env, PATH: bare.path },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  })
  const printed = await new Response(child.stderr).text()
  expect(printed.split("\n").filter((line) => /^(\(fail\)|error:)/.test(line))).toEqual([])
  expect(await child.exited).toBe(0)
}, 60_000)
