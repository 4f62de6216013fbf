/**
 * The demo: `bun run demo [--seconds N] [--record]`. A busy, unhealthy little network in namespaces of its own, and the
 * dashboard of the host in its middle. Nothing of this machine is changed or shown; however it ends, nothing is left.
 *
 * `--record` walks through it and writes docs/demo.md.
 */
import { readSync } from "node:fs"
import { join } from "node:path"
import { enclosed } from "../support/sandbox.ts"
import { record } from "./record.ts"
import { story } from "./story.ts"
import { SECONDS_DEFAULT, SECONDS_MAX } from "./world.ts"

const TOOLS = ["unshare", "nsenter", "ip", "nft", "mount"] as const
/** Where `su` and `sudo` may leave root's folders out. */
const PATH = `${process.env.PATH ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`

function fail(reason: string): never {
  console.error(`demo: ${reason}`)
  process.exit(2)
}

function secondsAsked(words: readonly string[]): number {
  if (words.length === 0) return SECONDS_DEFAULT
  const seconds = words.length === 2 && words[0] === "--seconds" ? Number(words[1]) : Number.NaN
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= SECONDS_MAX) return seconds
  return fail(`it takes --record, or --seconds and a whole number from 1 to ${SECONDS_MAX}`)
}

/** What to try, one line a step. */
function introduction(seconds: number): string {
  const keys = story.filter(({ label }) => label !== "").map(({ label, title }) => `  ${label.padEnd(28)}${title}`)
  return [
    "A shop's host, its customers, and what goes wrong between them, in a sandbox.",
    `It lasts ${seconds} seconds. Try, one after the other:`,
    "",
    ...keys,
    `  ${"q".padEnd(28)}the end`,
    "",
    "Enter opens the dashboard.",
  ].join("\n")
}

/** Without the runtime's stream, which would go on reading what is typed for the dashboard. */
function waitForEnter(): void {
  if (process.stdin.isTTY) readSync(0, Buffer.alloc(1_024))
}

async function open(seconds: number): Promise<number> {
  console.log(introduction(seconds))
  waitForEnter()
  // Ctrl+C is for the sandbox, which ends by it; we wait for that. The pipe tells the sandbox when we are killed.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => sandbox.kill(signal))
  const sandbox = Bun.spawn([...enclosed([process.execPath, join(import.meta.dir, "driver.ts"), String(seconds)])], {
    stdio: ["inherit", "inherit", "inherit", "pipe"],
    env: { ...process.env, PATH },
  })
  return sandbox.exited
}

const words = process.argv.slice(2)
if (process.getuid?.() !== 0) fail("it makes network namespaces of its own: run it with sudo")
const missing = TOOLS.filter((tool) => Bun.which(tool, { PATH }) === null)
if (missing.length > 0) fail(`install ${missing.join(", ")} first`)
if (words.length === 1 && words[0] === "--record") await record()
else process.exitCode = await open(secondsAsked(words))
