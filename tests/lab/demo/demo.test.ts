/** The demo as a newcomer meets it: it opens, shows what it promises, and leaves nothing behind however it ends. */
import { expect } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parseProcessStat } from "../../../src/core/proc/process-stat.ts"
import { isRunning } from "../../support/dashboard.ts"
import { openPty, type Pty } from "../../support/pty.ts"
import { requires } from "../../support/requirements.ts"

const needy = requires({ root: true, tools: ["unshare", "nsenter", "ip", "nft"] })
const OPEN_MS = 30_000
const TEST_MS = 60_000

const demo = (...words: string[]) =>
  openPty([process.execPath, join(import.meta.dir, "run.ts"), ...words], {
    cols: 120,
    rows: 40,
    env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  })

/** Every process that came of this one, as they are now. */
function descendants(of: number): readonly number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync("/proc"))
    try {
      const stat = parseProcessStat(readFileSync(`/proc/${name}/stat`))
      if (stat !== undefined) parents.set(stat.pid, stat.parentPid)
    } catch {
      // No process, or it has just ended.
    }
  const found = new Set([of])
  for (let before = 0; before < found.size; ) {
    before = found.size
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid)
  }
  found.delete(of)
  return [...found]
}

async function untilAllEnded(pids: readonly number[]): Promise<void> {
  expect(pids.length).toBeGreaterThan(10)
  const deadline = performance.now() + 5_000
  while (pids.some(isRunning) && performance.now() < deadline) await Bun.sleep(20)
  expect(pids.filter(isRunning)).toEqual([])
}

async function open(pty: Pty): Promise<readonly number[]> {
  await pty.until((text) => text.includes("Enter opens the dashboard"), OPEN_MS)
  pty.send("\r")
  await pty.until((text) => /shop-uploads +8000/.test(text), OPEN_MS)
  return descendants(pty.child.pid)
}

needy(
  "opens with what it promises, and q ends all of it",
  async () => {
    await using pty = demo()
    const pids = await open(pty)
    pty.send("g")
    await pty.until((text) => /10\.80\.0\.4 +\d+ .*shop-api/.test(text) && /10\.99\.\d+\.\d+ /.test(text), OPEN_MS)
    pty.send("q")
    expect(await pty.child.exited).toBe(0)
    await untilAllEnded(pids)
    expect(pty.isCooked()).toBe(true)
  },
  TEST_MS,
)

needy(
  "ends when its time is over",
  async () => {
    await using pty = demo("--seconds", "3")
    const pids = await open(pty)
    expect(await pty.child.exited).toBe(0)
    expect(await pty.text()).toContain("The 3 seconds of the demo are over.")
    await untilAllEnded(pids)
  },
  TEST_MS,
)

needy(
  "leaves nothing when it is killed",
  async () => {
    await using pty = demo()
    const pids = await open(pty)
    pty.child.kill("SIGKILL")
    await pty.child.exited
    await untilAllEnded(pids)
  },
  TEST_MS,
)

needy(
  "leaves nothing when Ctrl+C comes while it is being built",
  async () => {
    await using pty = demo()
    await pty.until((text) => text.includes("Enter opens the dashboard"), OPEN_MS)
    pty.send("\r")
    let pids: readonly number[] = []
    const deadline = performance.now() + OPEN_MS
    // The programs of the network are under way, and the dashboard, which takes the keys, is not there yet.
    while (pids.length <= 10 && performance.now() < deadline) {
      await Bun.sleep(5)
      pids = descendants(pty.child.pid)
    }
    process.kill(-pty.child.pid, "SIGINT")
    await pty.child.exited
    await untilAllEnded(pids)
  },
  TEST_MS,
)

needy("says what it cannot be asked", async () => {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "run.ts"), "--seconds", "9999"], {
    stdin: "ignore",
    stderr: "pipe",
  })
  expect(await new Response(child.stderr).text()).toContain("a whole number from 1 to 140")
  expect(await child.exited).toBe(2)
})
