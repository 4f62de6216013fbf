/** Walks through the demo in a terminal of its own and writes what is seen there into docs/demo.md. */
import { join } from "node:path"
import { openPty, type Pty } from "../../support/pty.ts"
import { type Step, story } from "./story.ts"
import { SECONDS_MAX } from "./world.ts"

const SIZE = { cols: 110, rows: 30 }
const file = join(import.meta.dir, "../../../docs/demo.md")

/** The network needs some seconds until everything that goes wrong has gone wrong. */
const SETTLE_MS = 20_000
const STEP_MS = 15_000
/** A terminal sends keys one by one. */
const KEY_MS = 150

const HEAD = `# The demo

\`sudo npm run demo\` (in a clone, after \`npm install\`) opens the dashboard over a busy, unhealthy little network in
namespaces of its own: good customers, a peer that takes too much, a flood, a slow reader, a path that loses packets, a
database that does not answer. Nothing of your machine is changed or shown; it ends after two minutes, or with \`q\`.

The frames below are what it showed when \`sudo npm run demo -- --record\` was run last, at ${SIZE.cols} columns.
`

export async function record(): Promise<void> {
  const program = [process.execPath, join(import.meta.dir, "run.ts"), "--seconds", String(SECONDS_MAX)]
  await using pty = openPty(program, { ...SIZE, env: { PATH: process.env.PATH } })
  await pty.until((text) => text.includes("Enter opens the dashboard"), STEP_MS)
  pty.send("\r")
  await pty.until((text) => / \d+s ago /.test(text), STEP_MS)
  await Bun.sleep(SETTLE_MS)
  const frames: string[] = []
  for (const step of story) frames.push(chapter(step, await walk(pty, step)))
  await Bun.write(file, [HEAD, ...frames].join("\n"))
  console.log(`wrote ${frames.length} frames into docs/demo.md`)
}

async function walk(pty: Pty, { keys, label, until }: Step): Promise<string> {
  for (const key of keys) {
    pty.send(key)
    await Bun.sleep(KEY_MS)
  }
  return pty
    .until((text) => until.test(text), STEP_MS)
    .catch((error: Error) => {
      throw new Error(`after ${label}: ${error.message}`)
    })
}

function chapter({ label, shows }: Step, text: string): string {
  const lines = text.split("\n").map((line) => line.trimEnd())
  const keys = label === "" ? "" : `\`${label}\`. `
  return [`${keys}${shows}\n`, "```text", ...lines, "```", ""].join("\n")
}
