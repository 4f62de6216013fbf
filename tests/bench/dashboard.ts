/** The compiled dashboard on a screen of 200x60 in a real terminal, and what the kernel says it costs. */
import { readFileSync } from "node:fs"
import { builtBinary } from "../support/binary.ts"
import { openPty } from "../support/pty.ts"

export const openDashboard = (refreshSeconds: number) =>
  openPty([builtBinary(), "-r", String(refreshSeconds), "-i", "lo"], { cols: 200, rows: 60 })

export type Dashboard = ReturnType<typeof openDashboard>

/** Whether connections are shown, or only the frame they come into. */
export const hasRows = (text: string): boolean => /1-\d+ of [\d,]+/.test(text)

/** The most that was ever resident, in MB of 1024 x 1024 bytes, as the program itself shows sizes. */
export function peakMb({ child }: Dashboard): number {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]
  if (kib === undefined) throw new Error("the kernel does not tell the peak of resident memory")
  return Number(kib) / 1024
}

function stat({ child, raw }: Dashboard): string[] {
  if (child.exitCode !== null || child.signalCode !== null)
    throw new Error(
      `the dashboard ended with ${child.signalCode ?? child.exitCode}: ${JSON.stringify(raw.slice(-500))}`,
    )
  const text = readFileSync(`/proc/${child.pid}/stat`, "utf8")
  return text.slice(text.lastIndexOf(")") + 2).split(" ")
}

/** Is it at work in this very moment? It rests between looks. */
export const isWorking = (dashboard: Dashboard): boolean => stat(dashboard)[0] === "R"

/** proc_pid_stat(5): utime and stime, in clock ticks, which are 10 ms on every Linux. */
function usedMs(dashboard: Dashboard): number {
  const fields = stat(dashboard)
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** The share of one core that all its threads use in `seconds`, in percent. */
export async function corePercent(dashboard: Dashboard, seconds: number): Promise<number> {
  const before = usedMs(dashboard)
  const start = performance.now()
  await Bun.sleep(seconds * 1000)
  return ((usedMs(dashboard) - before) / (performance.now() - start)) * 100
}
