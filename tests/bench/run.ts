/**
 * `bun run bench [NAME…]`: every figure that the program is held to, as a table.
 *
 * Each measurement makes its sockets inside namespaces of its own, which end with it, however it ends. Needs root, perl,
 * `ip` and `ss`. Absolute times are this machine's, at this moment: what is compared is measured in one run, by turns.
 * Ends with 1 when a figure is missed.
 */
import { cpus, loadavg, release, totalmem } from "node:os"
import { builtBinary } from "../support/binary.ts"
import { type Bench, type BenchRow, isMet } from "./bench.ts"
import { measureClosings } from "./closings.ts"
import { measureConntrack } from "./conntrack.ts"
import { measureDaemon } from "./daemon.ts"
import { measureDiagnosis } from "./diagnosis.ts"
import { flat } from "./flat.ts"
import { idle } from "./idle.ts"
import { keys } from "./keys.ts"
import { looks } from "./looks.ts"
import { memory } from "./memory.ts"
import { measureNamespaces } from "./namespaces.ts"
import { measureReplay } from "./replay.ts"
import { start } from "./start.ts"

const always: readonly Bench[] = [looks, flat, start, keys, memory, idle]

/** Measured when they are named. */
const onDemand: readonly Bench[] = [
  { name: "closings", about: "connections that close between looks", measure: measureClosings, isSelfContained: true },
  {
    name: "daemon",
    about: "the worker, its looks one behind the other",
    measure: measureDaemon,
    isSelfContained: true,
  },
  { name: "conntrack", about: "a dump of 200,000 flows", measure: () => measureConntrack(), isSelfContained: true },
  {
    name: "diagnosis",
    about: "all rules over 100,000 sockets",
    measure: async () => measureDiagnosis(),
    isSelfContained: true,
  },
  {
    name: "replay",
    about: "a day of 2,840 snapshots of 380 rows, a third of a gigabyte, and thirty such days compressed",
    measure: measureReplay,
    isSelfContained: true,
  },
  { name: "namespaces", about: "2,000 processes", measure: measureNamespaces, isSelfContained: true },
]

const benches = [...always, ...onDemand]

const INSIDE = "--inside"

async function run(names: readonly string[]): Promise<void> {
  const unknown = names.find((name) => !benches.some((bench) => bench.name === name))
  if (unknown !== undefined) fail(`there is no measurement ${unknown}; there are ${benches.map(nameOf).join(", ")}`)
  if (process.getuid?.() !== 0) fail("namespaces need root: sudo bun run bench")
  for (const tool of ["unshare", "ip", "ss", "perl"])
    if (Bun.which(tool) === null) fail(`${tool} is not installed; the measurements need it`)
  // Built outside, and written to the disk: pages that still wait to be written count as ours.
  builtBinary()
  Bun.spawnSync(["sync"])
  console.log(`${machine()}, load ${load()}`)
  const missed: string[] = []
  for (const bench of names.length === 0 ? always : benches.filter(({ name }) => names.includes(name))) {
    console.log(`\n${bench.name}: ${bench.about}`)
    for (const row of bench.isSelfContained ? await bench.measure() : await measureInside(bench)) {
      console.log(rowText(row))
      if (!isMet(row)) missed.push(row.name)
    }
  }
  console.log(`\nload ${load()}`)
  console.log(missed.length === 0 ? "every figure is met" : `MISS: ${missed.join("; ")}`)
  process.exitCode = missed.length === 0 ? 0 : 1
}

const nameOf = ({ name }: Bench) => name

function fail(reason: string): never {
  console.error(`bench: ${reason}`)
  process.exit(1)
}

/** Measures in a child, in namespaces that the kernel takes down with it. Throws with the child's words. */
async function measureInside({ name }: Bench): Promise<readonly BenchRow[]> {
  const script = 'ip link set lo up && exec "$@"'
  const inside = ["sh", "-c", script, "sh", process.execPath, import.meta.path, INSIDE, name]
  const child = Bun.spawn(["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", ...inside], {
    stdout: "pipe",
    stderr: "pipe",
  })
  const end = () => child.kill("SIGKILL")
  process.once("exit", end)
  try {
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    if ((await child.exited) !== 0) throw new Error(`cannot measure ${name}: ${err.trim()}`)
    return JSON.parse(out) as BenchRow[]
  } finally {
    end()
    process.off("exit", end)
  }
}

function rowText(row: BenchRow): string {
  const { name, figure, unit, target, atLeast } = row
  const bound = target !== undefined ? `<= ${target}` : atLeast !== undefined ? `>= ${atLeast}` : ""
  const verdict = bound === "" ? "" : isMet(row) ? "ok" : "MISS"
  const shown = figure.toFixed(figure < 10 ? 2 : 1)
  return `  ${name.padEnd(60)} ${shown.padStart(8)} ${unit.padEnd(11)} ${bound.padEnd(7)} ${verdict}`.trimEnd()
}

function machine(): string {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  return `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores, ${memory}, Linux ${release()}, Bun ${Bun.version}`
}

/** What others do on the machine is in every figure that is a time. */
const load = () => loadavg()[0]!.toFixed(2)

const [first, ...rest] = process.argv.slice(2)
if (first === INSIDE) {
  const bench = benches.find(({ name }) => name === rest[0])!
  console.log(JSON.stringify(await bench.measure()))
  process.exit(0)
} else await run(process.argv.slice(2))
