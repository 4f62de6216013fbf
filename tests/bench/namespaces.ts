/**
 * What it costs to find the network namespaces of 2,000 processes, look after look.
 *
 * The processes live in a process namespace of their own, which ends with the measurement. Needs root.
 * `bun tests/bench/namespaces.ts` prints the rows.
 */
import { NamespaceList } from "../../src/shell/namespaces.ts"
import type { BenchRow } from "./bench.ts"

const PROCESSES = 2_000
const LOOKS = 40

/** Measures in a child inside its own namespaces. Throws when it cannot, with the child's words. */
export async function measureNamespaces(): Promise<BenchRow[]> {
  const child = Bun.spawn(
    [
      ...["unshare", "--net", "--pid", "--mount-proc", "--fork", "--kill-child", "sh", "-c"],
      `i=0; while [ $i -lt ${PROCESSES} ]; do sleep 600 & i=$((i+1)); done; "$@"`,
      ...["sh", process.execPath, import.meta.path, "measure"],
    ],
    { stdout: "pipe", stderr: "pipe" },
  )
  const end = () => child.kill("SIGKILL")
  process.once("exit", end)
  try {
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    if ((await child.exited) !== 0) throw new Error(`cannot measure namespaces: ${err.trim()}`)
    return JSON.parse(out) as BenchRow[]
  } finally {
    end()
    process.off("exit", end)
  }
}

function measure(): BenchRow[] {
  const list = new NamespaceList()
  const looks: number[] = []
  const searches: number[] = []
  const timed = (act: () => unknown) => {
    const start = performance.now()
    act()
    return performance.now() - start
  }
  for (let i = 0; i < LOOKS; i++) {
    looks.push(timed(() => list.look()))
    searches.push(timed(() => list.pathOf(1)))
  }
  const median = (times: number[]) => times.toSorted((a, b) => a - b)[times.length >> 1]!
  return [
    { name: `namespaces of ${PROCESSES} processes: a look`, figure: median(looks), unit: "ms" },
    { name: `namespaces of ${PROCESSES} processes: a fresh search`, figure: median(searches), unit: "ms" },
  ].map((row) => ({ ...row, figure: Number(row.figure.toPrecision(4)) }))
}

if (import.meta.main) {
  if (process.argv[2] === "measure") console.log(JSON.stringify(measure()))
  else console.table(await measureNamespaces())
}
