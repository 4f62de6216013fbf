/** `holyf-network daemon stop` and `restart`: ends exactly the worker that was meant, and nobody else. */

import type { DaemonPaths } from "../../core/config/daemon-paths.ts"
import { resolveSettings } from "../../core/config/daemon-settings.ts"
import { isSameProcess, type WorkerRecord } from "../../core/daemon/worker-record.ts"
import { exitCodes, worldFailure } from "../failure.ts"
import { dropState } from "../files/active-state.ts"
import { removeFile } from "../files/whole-file.ts"
import { readBootId } from "../files/worker-lock.ts"
import { complain, print } from "../plain/output.ts"
import { readProcessStat } from "../process-identity.ts"
import { errorCode } from "../text-file.ts"
import { thisCaller, tolerateDaemonFile } from "./caller.ts"
import { type StartRequest, startDaemon } from "./start.ts"
import { type Asked, findTarget, lookFor, readPid, type Target } from "./target.ts"
import { alreadyRunning } from "./words.ts"

export type StopRequest = { readonly kind: "daemon stop"; readonly timeout: number } & Asked
export type RestartRequest = { readonly kind: "daemon restart"; readonly timeout: number } & Omit<StartRequest, "kind">

const POLL_MS = 50
const KILLED_MS = 2_000
const PATIENCE_MS = 1_000

/** Answers the exit code. Throws a `Failure` when the worker could not be ended. */
export async function stopDaemon(asked: StopRequest): Promise<number> {
  const caller = thisCaller()
  const target = await findTarget(caller, asked, (await tolerateDaemonFile(caller)).settings)
  const { worker, paths } = target
  if (worker.verdict === "unknown holder") throw alreadyRunning(paths.dataDir, undefined)
  if (worker.verdict === "stopped") {
    await print([`${notRunning(target)}\n`, ...pathLines(paths)])
    clean(paths, worker.record)
    return exitCodes.ok
  }
  await end(paths.dataDir, worker.record!, asked.timeout)
  clean(paths, worker.record)
  await print([`daemon stopped (pid=${worker.record!.pid})\n`, ...pathLines(paths)])
  return exitCodes.ok
}

function notRunning({ stalePid, paths, source }: Target): string {
  const pid = stalePid ?? readPid(paths.pidFile)
  if (pid !== undefined) return `daemon not running (stale pid=${pid} cleaned)`
  return source === "default" ? "daemon not running (no active-state)" : "daemon not running"
}

const pathLines = ({ dataDir, pidFile, logFile, stateFile }: DaemonPaths): string[] =>
  Object.entries({ "data-dir": dataDir, "pid-file": pidFile, "log-file": logFile, "state-file": stateFile })
    .filter(([, path]) => path !== "")
    .map(([name, path]) => `${name}: ${path}\n`)

/** What a worker that is gone left behind. */
function clean(paths: DaemonPaths, record: WorkerRecord | undefined): void {
  try {
    // Between our look and now another may have begun.
    if (lookFor(paths.dataDir).verdict !== "stopped") return
    removeFile(paths.pidFile)
    dropState(paths.stateFile, paths.dataDir, record?.pid)
  } catch {
    // It is stale and is known as such by its lock.
  }
}

/** Asks it to end, and kills it when it does not. Before every signal it is asked again who it is. */
async function end(dataDir: string, record: WorkerRecord, timeoutSeconds: number): Promise<void> {
  const { pid } = record
  signal(record, "SIGTERM")
  let isSaid = false
  for (let waited = 0; waited < timeoutSeconds * 1000; waited += POLL_MS) {
    if (!isStillThere(record)) return
    if (waited >= PATIENCE_MS && !isSaid) {
      isSaid = true
      await complain(`waiting for pid ${pid} to write its last line, at most ${timeoutSeconds} s`)
    }
    await Bun.sleep(POLL_MS)
  }
  if (!isStillThere(record)) return
  if (!isStillWorker(dataDir, record))
    throw worldFailure(`pid ${pid} has given up ${dataDir} and does not end; look at it with: ps -p ${pid}`)
  await complain(`pid ${pid} did not end within ${timeoutSeconds} s and is killed`)
  signal(record, "SIGKILL")
  for (let waited = 0; waited < KILLED_MS; waited += POLL_MS) {
    if (!isStillThere(record)) return
    await Bun.sleep(POLL_MS)
  }
  throw worldFailure(`failed to stop daemon pid ${pid}: it is still there after SIGKILL; it may wait for a disk`)
}

const isStillThere = (record: WorkerRecord): boolean =>
  isSameProcess(record, readProcessStat("/proc", record.pid), readBootId())

/** All that must agree before a signal: the lock, and the record of its holder. */
function isStillWorker(dataDir: string, { pid }: WorkerRecord): boolean {
  const { verdict, record } = lookFor(dataDir)
  return verdict === "running" && record?.pid === pid
}

function signal(record: WorkerRecord, name: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(record.pid, name)
  } catch (error) {
    const code = errorCode(error)
    if (code === "ESRCH") return
    throw worldFailure(`cannot stop daemon pid ${record.pid}: ${code}.${code === "EPERM" ? " Run with sudo." : ""}`)
  }
}

/** Stops the worker, if there is one, and starts one with the flags given now, else with those it was started with. */
export async function restartDaemon(
  asked: RestartRequest,
  parseStart: (words: readonly string[]) => StartRequest | undefined,
): Promise<number> {
  const caller = thisCaller()
  const file = await tolerateDaemonFile(caller)
  const { worker, paths } = await findTarget(caller, asked, file.settings)
  const { kind: _, timeout, ...given } = asked
  const typed = Object.entries(given).filter(([, value]) => value !== undefined)
  const isTargetOnly = typed.every(([name]) => name === "dataDir" || name === "pidFile")
  if (worker.verdict === "unknown holder") throw alreadyRunning(paths.dataDir, undefined)
  if (worker.verdict === "running") {
    if (worker.record!.is_service === true)
      throw worldFailure(
        `pid ${worker.record!.pid} was started by a service manager; restart it with: systemctl restart holyf-network`,
      )
    await end(paths.dataDir, worker.record!, timeout)
    clean(paths, worker.record)
    await print([`daemon stopped (pid=${worker.record!.pid})\n`])
  }
  const former = isTargetOnly ? parseStart(worker.record?.arguments ?? []) : undefined
  const dataDir =
    asked.dataDir ?? (worker.verdict === "running" ? paths.dataDir : resolveSettings({}, file.settings).dataDir)
  return startDaemon({ ...former, ...given, kind: "daemon start", ...(dataDir === undefined ? {} : { dataDir }) })
}
