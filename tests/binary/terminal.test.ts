/** Without a terminal that can draw there is one clear line, and nothing else. */
import { beforeAll, expect, test } from "bun:test"
import { builtBinary } from "../support/binary.ts"
import { openPty } from "../support/pty.ts"

let binary = ""
beforeAll(() => {
  binary = builtBinary()
}, 60_000)

test("stdout is no terminal", () => {
  const { stdout, stderr, exitCode } = Bun.spawnSync([binary], { env: { TERM: "xterm" } })
  expect(stderr.toString()).toMatch(/^holyf-network: the dashboard needs a terminal [^\n]*\n$/)
  expect(stdout.toString()).toBe("")
  expect(exitCode).toBe(2)
})

test.each([
  { TERM: "dumb", says: "TERM=dumb cannot move the cursor" },
  { TERM: undefined, says: "TERM is not set" },
])("TERM=$TERM", async ({ TERM, says }) => {
  await using pty = openPty([binary], { env: { TERM }, cols: 200 })
  expect(await pty.child.exited).toBe(2)
  await pty.until((text) => text.startsWith(`holyf-network: ${says}`))
  // No escape sequence: the screen was not half drawn.
  expect(pty.raw).not.toContain("\x1b")
})
