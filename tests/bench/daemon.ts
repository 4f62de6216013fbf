/**
 * What the worker costs: the real collector, the real files and the real kernel, looks one behind the other instead of
 * one every five seconds.
 *
 * The sockets live on loopback inside namespaces of their own, which end with the measurement, however it ends. Needs
 * root. `bun tests/bench/daemon.ts 1000 1000` prints the rows for that many sockets and looks.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { defaultThresholds } from "../../src/core/config/thresholds.ts"
import { workerVariables } from "../../src/core/config/unit.ts"
import { Collector } from "../../src/shell/collect.ts"
import { hostZone } from "../../src/shell/daemon/caller.ts"
import { collectGarbage } from "../../src/shell/daemon/run.ts"
import { Worker } from "../../src/shell/daemon/worker.ts"
import { DataFolder } from "../../src/shell/files/data-folder.ts"
import { WorkerLock } from "../../src/shell/files/worker-lock.ts"
import { rest } from "../../src/shell/own-memory.ts"
import type { BenchRow } from "./bench.ts"
import { openCrowd } from "./crowd.ts"

const INTERVAL_SECONDS = 5

/** Small and large; throws when it cannot measure, with the child's words. */
export async function measureDaemon(): Promise<BenchRow[]> {
  return [...(await measureIn(1_000, 1_000)), ...(await measureIn(100_000, 40))]
}

async function measureIn(socketCount: number, looks: number): Promise<BenchRow[]> {
  const inside = [process.execPath, import.meta.path, "measure", String(socketCount), String(looks)]
  const script = 'ip link set lo up && ulimit -n "$(ulimit -Hn)" && exec "$@"'
  const child = Bun.spawn(
    ["unshare", "--net", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", script, "sh", ...inside],
    { stdout: "pipe", stderr: "pipe" },
  )
  const end = () => child.kill("SIGKILL")
  process.once("exit", end)
  try {
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    if ((await child.exited) !== 0) throw new Error(`cannot measure the worker: ${err.trim()}`)
    return JSON.parse(out) as BenchRow[]
  } finally {
    end()
    process.off("exit", end)
  }
}

const rssMb = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))![1]) / 1024

/** Inside the namespaces. The sockets belong to other processes, so that they cost this one nothing. */
async function measure(socketCount: number, looks: number): Promise<BenchRow[]> {
  await using _ = await openCrowd(socketCount)
  // A process of its own, so that what held the sockets open is not part of it.
  const child = Bun.spawn([await compile(), "work", String(looks)], {
    stdout: "pipe",
    stderr: "inherit",
    env: { ...process.env, ...workerVariables },
  })
  const figures = JSON.parse(await new Response(child.stdout).text()) as Figures
  const name = `worker, ${socketCount} sockets`
  const isSmall = socketCount <= 1_000
  const row = (what: string, figure: number, unit: string, target?: number): BenchRow => ({
    name: `${name}: ${what}`,
    figure: Number(figure.toFixed(2)),
    unit,
    ...(target === undefined ? {} : { target }),
  })
  return isSmall
    ? [
        row(`of a core at ${INTERVAL_SECONDS} s`, figures.cpuMs / (INTERVAL_SECONDS * 10), "%", 0.3),
        row("CPU a look", figures.cpuMs, "ms"),
        row(`RSS after ${looks} looks`, figures.rssMb, "MB", 35),
        row("RSS, growth over the last nine tenths", figures.rssMb - figures.rssEarlyMb, "MB", 2),
      ]
    : [row("CPU a look", figures.cpuMs / 1000, "s", 0.35), row(`RSS after ${looks} looks`, figures.rssMb, "MB", 110)]
}

/** This file as a program, as build.ts makes one: the runtime takes less memory without its sources. */
async function compile(): Promise<string> {
  const outfile = join(import.meta.dir, "../../dist/bench/holyf-network")
  const result = await Bun.build({
    entrypoints: [import.meta.path],
    format: "esm",
    minify: true,
    bytecode: true,
    splitting: true,
    compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
    throw: false,
  })
  if (!result.success) throw new Error(result.logs.map(String).join("\n"))
  return outfile
}

interface Figures {
  /** Of one look, over the last nine tenths. */
  readonly cpuMs: number
  readonly rssEarlyMb: number
  readonly rssMb: number
}

async function work(looks: number): Promise<Figures> {
  const path = mkdtempSync(join(tmpdir(), "holyf-bench-"))
  const folder = DataFolder.open(path, { create: true })
  const lock = WorkerLock.tryTake(folder)!
  // Both clocks jump from tick to tick; the collector then never waits for its window.
  let ahead = 0
  const now = () => Date.now() + ahead
  const monotonicMs = () => performance.now() + ahead
  using collector = new Collector({ interfaceName: "lo", readsGrounds: true, now, monotonicMs })
  let done = 0
  const early = { cpuMs: 0, rssMb: 0 }
  const late = { cpuMs: 0, rssMb: 0 }
  const cpuMs = () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  }
  const worker: Worker = new Worker(
    folder,
    lock,
    {
      intervalSeconds: INTERVAL_SECONDS,
      topLimit: 500,
      retentionHours: 168,
      minFree: 0,
      isCompressing: true,
      thresholds: defaultThresholds,
    },
    {
      now,
      monotonicMs,
      zone: hostZone,
      // Looks are as cheap as they can be here: nothing is stretched.
      cpuMs: () => 0,
      sleep: async (ms) => {
        await Bun.sleep(1)
        ahead += ms
      },
      look: async (shown) => {
        if (done === Math.floor(looks / 10)) Object.assign(early, { cpuMs: cpuMs(), rssMb: rssMb() })
        if (done === looks) {
          Object.assign(late, { cpuMs: cpuMs(), rssMb: rssMb() })
          worker.stop()
        }
        done++
        return collector.look(shown)
      },
      log: () => {},
      rest,
      collectGarbage,
      notify: () => {},
    },
    {
      identity: { pid: process.pid, data_dir: path, pid_file: "", lock_file: "", started_at: "" },
      run: "bench",
      interfaceName: "lo",
      version: "bench",
      keepState: () => {},
      tidyUp: () => {},
    },
  )
  try {
    await worker.run(() => {})
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
  const measured = looks - Math.floor(looks / 10)
  return { cpuMs: (late.cpuMs - early.cpuMs) / measured, rssEarlyMb: early.rssMb, rssMb: late.rssMb }
}

if (import.meta.main) {
  const [mode = "1000", ...rest] = process.argv.slice(2)
  if (mode === "work") console.log(JSON.stringify(await work(Number(rest[0]))))
  else if (mode === "measure") console.log(JSON.stringify(await measure(Number(rest[0]), Number(rest[1]))))
  else console.table(await measureIn(Number(mode), Number(rest[0] ?? 1_000)))
  process.exit(0)
}
