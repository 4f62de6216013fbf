/**
 * Tests that touch the network run in a network namespace of their own, so they may do what they like.
 *
 * As root the test file starts itself again under `unshare --net`; without root it says why it did not run.
 */
import { describe, expect, test } from "bun:test"
import { readlinkSync } from "node:fs"

const MARK = "HOLYF_TEST_OUTER_NETNS"
const current = readlinkSync("/proc/self/ns/net")
const outer = process.env[MARK]

const obstacle =
  process.getuid?.() !== 0
    ? "needs root"
    : ["unshare", "ip", "ss"].map((tool) => (Bun.which(tool) === null ? `needs ${tool}` : "")).find(Boolean)

/** Runs `define` inside a namespace of its own: `file` is the caller's `import.meta.path`. */
export function describeInNamespace(name: string, file: string, define: () => void): void {
  if (outer !== undefined && outer !== current) {
    describe(name, define)
    return
  }
  const title = `${name}, in a network namespace of its own`
  test.skipIf(obstacle !== undefined)(
    obstacle === undefined ? title : `${title} (${obstacle})`,
    async () => {
      const child = Bun.spawn(
        ["unshare", "--net", "--pid", "--fork", "--mount-proc", "--kill-child", process.execPath, "test", file],
        {
          env: { ...process.env, [MARK]: current },
          stdout: "pipe",
          stderr: "pipe",
        },
      )
      const report = await new Response(child.stderr).text()
      expect(await child.exited, report).toBe(0)
    },
    60_000,
  )
}
