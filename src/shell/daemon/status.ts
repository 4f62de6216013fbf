/** `holyf-network daemon status`: whether a worker runs, where it writes, and how it goes. */
import { readdirSync, statSync } from "node:fs"
import { dayOfFile } from "../../core/snapshot/retention.ts"
import { json } from "../../core/text/json.ts"
import { bytes } from "../../core/text/units.ts"
import { harmless } from "../../core/text/width.ts"
import { exitCodes } from "../failure.ts"
import { print } from "../plain/output.ts"
import { thisCaller, tolerateDaemonFile } from "./caller.ts"
import { type Asked, findTarget, readPid, type Target } from "./target.ts"

export type StatusRequest = { readonly kind: "daemon status"; readonly json: boolean } & Asked

/** Answers the exit code: 3 when no worker runs. */
export async function printStatus(asked: StatusRequest): Promise<number> {
  const caller = thisCaller()
  const target = await findTarget(caller, asked, (await tolerateDaemonFile(caller)).settings)
  const isRunning = target.worker.verdict !== "stopped"
  await print(asked.json ? [`${json(statusObject(target))}\n`] : statusLines(target))
  return isRunning ? exitCodes.ok : exitCodes.stopped
}

/** What is not known is null. */
function statusObject({ worker, paths }: Target) {
  const { verdict, record } = worker
  const running = verdict === "running" ? record : undefined
  return {
    running: verdict !== "stopped",
    pid: running?.pid ?? null,
    started_at: running?.started_at ?? null,
    data_dir: paths.dataDir,
    interval: running?.stretched_interval ?? running?.interval ?? null,
    last_snapshot_at: record?.last_snapshot_at ?? null,
    errors:
      verdict === "unknown holder" ? ["the lock is held by a process that left no record"] : (running?.errors ?? []),
    missing: running?.missing ?? [],
    interface: running?.interface ?? null,
    version: running?.version ?? null,
    lines: running?.lines ?? null,
    lost_lines: running?.lost_lines ?? null,
    missed_ticks: running?.missed_ticks ?? null,
    size_bytes: sizeOf(paths.dataDir)?.bytes ?? null,
    pid_file: paths.pidFile,
    log_file: paths.logFile === "" ? null : paths.logFile,
    lock_file: paths.lockFile,
    state_file: paths.stateFile,
  }
}

function statusLines({ worker, paths, stalePid }: Target): string[] {
  const { verdict, record } = worker
  const lines = [
    `daemon status: ${firstLine(verdict, record?.pid, stalePid, paths.pidFile)}`,
    `data-dir: ${paths.dataDir}`,
  ]
  lines.push(`pid-file: ${paths.pidFile}`)
  if (paths.logFile !== "") lines.push(`log-file: ${paths.logFile}`)
  if (verdict !== "stopped") lines.push(`lock-file: ${paths.lockFile}`)
  lines.push(`state-file: ${paths.stateFile}`)
  if (record?.last_snapshot_at !== undefined)
    lines.push(`last-snapshot: ${record.last_snapshot_at}${age(record.last_snapshot_at)}`)
  if (verdict === "running" && record !== undefined) {
    lines.push(`started: ${record.started_at}${age(record.started_at)}`)
    lines.push(`interval: ${record.interval}s${stretched(record.stretched_interval)}`)
    lines.push(`interface: ${record.interface === "" ? "-" : record.interface}`)
    lines.push(`version: ${record.version}`)
    lines.push(
      `lines: ${record.lines ?? 0}, lost: ${record.lost_lines ?? 0}, missed ticks: ${record.missed_ticks ?? 0}`,
    )
  }
  const size = sizeOf(paths.dataDir)
  if (size !== undefined)
    lines.push(`history: ${bytes(size.bytes)} in ${size.days} ${size.days === 1 ? "day" : "days"}`)
  if (verdict === "running") {
    for (const text of record?.missing ?? []) lines.push(`missing: ${text}`)
    for (const error of record?.errors ?? []) lines.push(`error: ${error}`)
  }
  return lines.map((line) => `${harmless(line)}\n`)
}

function firstLine(
  verdict: Target["worker"]["verdict"],
  pid: number | undefined,
  stalePid: number | undefined,
  pidFile: string,
): string {
  if (verdict === "running") return `running (pid=${pid})`
  if (verdict === "unknown holder") return "running (the lock is held by a process that left no record)"
  if (stalePid !== undefined) return `stopped (stale active-state pid=${stalePid} cleaned)`
  const left = readPid(pidFile)
  return left === undefined ? "stopped" : `stopped (stale pid=${left} in ${pidFile})`
}

const stretched = (seconds: number | undefined) =>
  seconds === undefined ? "" : `, stretched to ${seconds}s because looks are expensive`

/** ` (12 s ago)`; nothing when the clock says otherwise. */
function age(instant: string): string {
  const seconds = Math.round((Date.now() - Date.parse(instant)) / 1000)
  if (!(seconds >= 0)) return ""
  const [value, unit] =
    seconds < 120
      ? [seconds, "s"]
      : seconds < 7200
        ? [Math.round(seconds / 60), "min"]
        : seconds < 172_800
          ? [Math.round(seconds / 3600), "h"]
          : [Math.round(seconds / 86_400), "days"]
  return ` (${value} ${unit} ago)`
}

function sizeOf(dataDir: string): { readonly bytes: number; readonly days: number } | undefined {
  try {
    const names = readdirSync(dataDir).filter((name) => dayOfFile(name) !== undefined)
    const sizes = names.map((name) => statSync(`${dataDir}/${name}`, { throwIfNoEntry: false })?.size ?? 0)
    return { bytes: sizes.reduce((sum, size) => sum + size, 0), days: new Set(names.map(dayOfFile)).size }
  } catch {
    return undefined
  }
}
