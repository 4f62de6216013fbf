/**
 * Tests that touch the network run in a network namespace of their own, so they may do what they like.
 *
 * As root the test file starts itself again under `unshare --net`; without root it says why it did not run.
 */
import { describe, expect } from "bun:test"
import { inPrivateNames } from "../support/private-names.ts"
import { networkNamespace, requires } from "../support/requirements.ts"

const MARK = "HOLYF_TEST_OUTER_NETNS"
const current = networkNamespace()
const outer = process.env[MARK]

/**
 * Runs `define` inside a namespace of its own: `file` is the caller's `import.meta.path`, `tools` what it needs beside
 * the usual ones.
 */
export function describeInNamespace(
  name: string,
  file: string,
  define: () => void,
  tools: readonly string[] = [],
  timeoutMs = 180_000,
): void {
  const needy = requires({ root: true, tools: ["unshare", "ip", "ss", ...tools] })
  if (outer !== undefined && outer !== current) {
    describe(name, define)
    return
  }
  needy(
    `${name}, in a network namespace of its own`,
    async () => {
      const child = Bun.spawn(
        [
          ...["unshare", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"],
          ...inPrivateNames([process.execPath, "test", file]),
        ],
        {
          env: { ...process.env, [MARK]: current },
          stdout: "pipe",
          stderr: "pipe",
        },
      )
      const [report, printed] = await Promise.all([
        new Response(child.stderr).text(),
        new Response(child.stdout).text(),
      ])
      // What a lab measured; the runner's own first line is no news.
      console.log(printed.split("\n").slice(1).join("\n").trim())
      expect(await child.exited, report).toBe(0)
    },
    timeoutMs,
  )
}
