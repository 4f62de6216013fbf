/**
 * A worker process for the chaos test: real files, a clock of its own that runs ten thousand times as fast.
 *
 * Arguments: data directory, run, start of its clock. Says on stdout how many lines it has written; `step MS` on stdin
 * sets its clock.
 */
import { startWorker, WorkerClock } from "./worker-world.ts"
import { zoneOf } from "./zones.ts"

const [path = "", run = "", startMs = "0"] = process.argv.slice(2)
const clock = new WorkerClock(Number(startMs))
process.umask(0o027)
const started = await startWorker(path, {
  clock: Object.assign(clock, {
    sleep: async (ms: number) => {
      await Bun.sleep(2)
      clock.pass(ms)
    },
  }),
  zone: zoneOf("Europe/Berlin"),
  run,
  settings: { isCompressing: true, retentionHours: 876_000, intervalSeconds: 30 },
  say: (text) => process.stdout.write(`${text}\n`),
})
if (started === undefined) {
  process.stdout.write("busy\n")
  process.exit(7)
}
process.on("SIGTERM", () => started.worker.stop())
process.stdin.on("data", (bytes: Buffer) => {
  for (const word of bytes.toString().split("\n")) {
    const step = /^step (-?\d+)$/.exec(word)?.[1]
    if (step !== undefined) clock.step(Number(step))
  }
})
try {
  await started.running
  process.exit(0)
} catch (error) {
  process.stdout.write(`failed ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
