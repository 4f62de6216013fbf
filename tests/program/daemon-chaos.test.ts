/**
 * Three hundred rounds of everything that can happen to a worker and its files; tests/support/chaos.ts holds the rounds
 * and the promises. The disk is a small tmpfs of the test's own.
 */
import { expect } from "bun:test"
import { join } from "node:path"
import { temporaryFolder } from "../support/folder.ts"
import { requires } from "../support/requirements.ts"

const SEED = 20_260_329
const ROUNDS = 300

requires({ root: true, tools: ["unshare", "mount"] })(
  "no good line is lost or doubled, every line parses, and the next start works",
  async () => {
    using folder = temporaryFolder()
    const script = 'mount -t tmpfs -o size=24m none "$1" && exec "$2" "$3" "$1" "$4" "$5"'
    const chaos = join(import.meta.dir, "../support/chaos.ts")
    const child = Bun.spawn(
      ["unshare", "--mount", "sh", "-c", script, "sh", folder.path, process.execPath, chaos, `${SEED}`, `${ROUNDS}`],
      { stdout: "pipe", stderr: "pipe" },
    )
    const [said, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    expect(await child.exited, `${said}${errors}`).toBe(0)
    const { rounds, starts, lines, acts } = JSON.parse(said)
    expect(rounds).toBe(ROUNDS)
    expect(starts).toBeGreaterThan(50)
    expect(lines).toBeGreaterThan(100)
    for (const count of Object.values(acts)) expect(count).toBeGreaterThan(5)
    expect(errors).toBe("")
  },
  120_000,
)
