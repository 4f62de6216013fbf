/**
 * The first process of the demo's sandbox: `driver.ts SECONDS`. Builds the network, starts its traffic, opens the dashboard
 * on the terminal, and ends when that does, when the time is over, or when whoever started it is gone. With the first
 * process everything in the sandbox ends.
 */
import { createReadStream } from "node:fs"
import { join } from "node:path"
import { buildLab } from "../support/lab.ts"
import { begin, topology } from "./world.ts"

/** A pipe from the program outside: nothing is ever written, and it ends when that program does. */
const LIFELINE = 3
/** What the dashboard may take to give the terminal back. */
const GRACE_MS = 3_000

const main = join(import.meta.dir, "../../../src/main.ts")
const seconds = Number(process.argv[2])

createReadStream("", { fd: LIFELINE })
  .on("end", () => process.exit(1))
  .resume()
// The first process of a namespace ignores what it does not handle.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130))

const ofTheMachine = () => Promise.reject(new Error("the demo leaves the machine as it is"))
const lab = buildLab(topology, { set: ofTheMachine, get: ofTheMachine })
await begin(lab, seconds)

const dashboard = Bun.spawn([process.execPath, main, "--netns", "host", "-i", "lan0", "-r", "2"], {
  stdio: ["inherit", "inherit", "inherit"],
})
let isOver = false
setTimeout(async () => {
  isOver = true
  dashboard.kill("SIGTERM")
  await Bun.sleep(GRACE_MS)
  dashboard.kill("SIGKILL")
}, seconds * 1000)
await dashboard.exited
if (isOver) console.log(`The ${seconds} seconds of the demo are over.`)
process.exit(0)
