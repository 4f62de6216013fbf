/** `holyf-network daemon run`: the worker in the foreground, put together with the real world. */
import { closeSync, openSync, writeSync } from "node:fs"
import { type Caller, daemonPaths } from "../../core/config/daemon-paths.ts"
import { type DaemonSettings, resolveSettings, type TypedSettings } from "../../core/config/daemon-settings.ts"
import type { Thresholds } from "../../core/config/thresholds.ts"
import type { WorkerRecord } from "../../core/daemon/worker-record.ts"
import { timestamp } from "../../core/text/timestamp.ts"
import { Collector } from "../collect.ts"
import { exitCodes, Failure, worldFailure } from "../failure.ts"
import { dropState, keepState } from "../files/active-state.ts"
import { DataFolder } from "../files/data-folder.ts"
import { LogFile } from "../files/log-file.ts"
import { removeFile, replaceFile } from "../files/whole-file.ts"
import { readBootId, WorkerLock } from "../files/worker-lock.ts"
import { redirect } from "../kernel/file-lock.ts"
import { notifyManager, watchdogMs } from "../kernel/service-manager.ts"
import { rest } from "../own-memory.ts"
import { chooseLabel } from "../plain/label.ts"
import { readProcessStat } from "../process-identity.ts"
import { errorCode } from "../text-file.ts"
import { loadThresholds } from "../threshold-file.ts"
import { version } from "../version.ts"
import { hostZone, loadDaemonFile, thisCaller, withPaths } from "./caller.ts"
import { readPid } from "./target.ts"
import { alreadyRunning, flagWords } from "./words.ts"
import { Worker, type WorkerSettings, type WorkerWorld } from "./worker.ts"

export type RunRequest = { readonly kind: "daemon run"; readonly pidFile?: string } & TypedSettings

/** Set by `daemon start`: the first words on stdout are read by it. */
export const READY_VARIABLE = "HOLYF_NETWORK_DAEMON_READY"

const STDIN = 0
const STDOUT = 1

/** Answers the exit code. Throws a `Failure` when the worker cannot begin, or cannot go on. */
export async function runDaemon(asked: RunRequest): Promise<number> {
  const isChild = process.env[READY_VARIABLE] !== undefined
  delete process.env[READY_VARIABLE]
  try {
    await work(asked, isChild)
    return exitCodes.ok
  } catch (error) {
    if (isChild && error instanceof Failure) tellStarter({ error: error.message, code: error.exitCode })
    throw error
  }
}

/** What a worker tells `daemon start` on its stdout, as one line. */
export type Readiness = { readonly pid: number } | { readonly error: string; readonly code: number }

function tellStarter(readiness: Readiness): void {
  try {
    writeSync(STDOUT, `${JSON.stringify(readiness)}\n`)
  } catch {
    // It did not wait.
  }
}

async function work(asked: RunRequest, isChild: boolean): Promise<void> {
  process.umask(0o027)
  const caller = thisCaller()
  const file = loadDaemonFile(caller)
  const settings = resolveSettings(asked, file.settings)
  const { thresholds, note } = loadThresholds()
  const label = await chooseLabel(settings.interface)
  const paths = withPaths(() => daemonPaths(caller, { ...settings, pidFile: asked.pidFile }))
  const logPath = settings.logFile === undefined ? undefined : paths.logFile

  const folder = DataFolder.open(paths.dataDir, { create: true })
  const lock = await takeLock(folder)
  const startedAt = Date.now()
  const stamp = (at = Date.now()) => timestamp({ at, offsetMinutes: hostZone(at) })
  const record: WorkerRecord = {
    pid: process.pid,
    data_dir: paths.dataDir,
    pid_file: paths.pidFile,
    ...(logPath === undefined ? {} : { log_file: logPath }),
    lock_file: paths.lockFile,
    state_file: paths.stateFile,
    started_at: stamp(startedAt),
    ...processIdentity(),
    version,
    interface: label.name ?? "",
    interval: settings.interval,
    top_limit: settings.topLimit,
    retention_hours: settings.retentionHours,
    arguments: flagWords(asked, caller),
    ...(process.env.INVOCATION_ID !== undefined && !isChild ? { is_service: true } : {}),
  }
  const log = openLog(logPath, stamp)
  try {
    lock.write(record)
    replaceFile(paths.pidFile, `${process.pid}\n`)
    keepState(paths.stateFile, record)
  } catch (error) {
    throw worldFailure(`cannot write the files of the worker in ${paths.dataDir}: ${errorCode(error)}`)
  }

  using collector = new Collector({
    ...(label.name === undefined ? {} : { interfaceName: label.name }),
    readsGrounds: true,
    now: Date.now,
    monotonicMs: () => performance.now(),
  })
  const worker = new Worker(folder, lock, workerSettings(settings, thresholds), realWorld(collector, log), {
    identity: record,
    run: `${startedAt}-${process.pid}`,
    interfaceName: label.name ?? "",
    version,
    keepState: (now) => keepState(paths.stateFile, now),
    tidyUp: () => tidyUp(paths.pidFile, paths.stateFile, paths.dataDir),
  })
  for (const each of [...label.notes, ...(note === undefined ? [] : [note])]) log.line(`note: ${each.text}`)
  log.line(
    `holyf-network ${version}: iface=${label.name ?? "-"} interval=${settings.interval} top-limit=${settings.topLimit} ` +
      `data-dir=${paths.dataDir} retention=${settings.retentionHours}h`,
  )
  const signals = listen(worker, log, caller, asked)
  try {
    await worker.run(() => {
      if (isChild) {
        tellStarter({ pid: process.pid })
        detachStdout()
      }
      notifyManager(process.env.NOTIFY_SOCKET, `READY=1\nMAINPID=${process.pid}\nSTATUS=writing to ${paths.dataDir}`)
    })
    log.line("holyf-network daemon stopping")
  } catch (error) {
    log.line(
      error instanceof Failure ? error.message : `internal error: ${error instanceof Error ? error.stack : error}`,
    )
    throw error
  } finally {
    signals.stop()
  }
}

async function takeLock(folder: DataFolder): Promise<WorkerLock> {
  let taken: Awaited<ReturnType<typeof WorkerLock.take>>
  try {
    taken = await WorkerLock.take(folder)
  } catch (error) {
    if (error instanceof Failure) throw error
    const code = errorCode(error)
    const hint = code === "EACCES" ? " Run with sudo, or name another with --data-dir." : ""
    throw worldFailure(`cannot lock ${folder.path}: ${code}.${hint}`)
  }
  if (taken instanceof WorkerLock) return taken
  throw alreadyRunning(folder.path, taken.holder)
}

const processIdentity = () => {
  const process_start = readProcessStat("/proc", process.pid)?.startTime
  const boot_id = readBootId()
  return {
    ...(process_start === undefined ? {} : { process_start }),
    ...(boot_id === undefined ? {} : { boot_id }),
  }
}

function openLog(path: string | undefined, stamp: () => string): LogFile {
  try {
    return new LogFile(path, stamp)
  } catch (error) {
    if (error instanceof Failure) throw error
    throw worldFailure(`cannot open the log ${path}: ${errorCode(error)}. Name another with --log-file.`)
  }
}

const workerSettings = (settings: DaemonSettings, thresholds: Thresholds): WorkerSettings => ({
  thresholds,
  intervalSeconds: settings.interval,
  topLimit: settings.topLimit,
  retentionHours: settings.retentionHours,
  isCompressing: settings.isCompressing,
  ...(settings.maxSize === undefined ? {} : { maxSize: settings.maxSize }),
  ...(settings.minFree === undefined ? {} : { minFree: settings.minFree }),
})

function realWorld(collector: Collector, log: LogFile): WorkerWorld {
  const watchdog = watchdogMs(process.env, process.pid)
  return {
    now: Date.now,
    monotonicMs: () => performance.now(),
    zone: hostZone,
    cpuMs: () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1000
    },
    sleep,
    look: (shown) => collector.look(shown),
    log: (text) => log.line(text),
    rest,
    collectGarbage,
    notify: (message) => notifyManager(process.env.NOTIFY_SOCKET, message),
    ...(watchdog === undefined ? {} : { watchdogMs: watchdog }),
  }
}

/** A worker that rests gives its engine little reason to collect by itself. */
export const collectGarbage = (): void => void Bun.gc(true)

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener("abort", end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener("abort", end)
  })
}

function listen(worker: Worker, log: LogFile, caller: Caller, asked: RunRequest): { stop: () => void } {
  const stop = () => worker.stop()
  const reload = () => {
    notifyManager(process.env.NOTIFY_SOCKET, "RELOADING=1")
    try {
      log.reopen()
      const { thresholds } = loadThresholds()
      worker.reload(workerSettings(resolveSettings(asked, loadDaemonFile(caller).settings), thresholds))
    } catch (error) {
      log.line(`reload: ${error instanceof Error ? error.message : String(error)}; the settings stay as they were`)
    }
    notifyManager(process.env.NOTIFY_SOCKET, "READY=1")
  }
  process.on("SIGTERM", stop)
  process.on("SIGINT", stop)
  process.on("SIGHUP", reload)
  return {
    stop: () => {
      process.off("SIGTERM", stop)
      process.off("SIGINT", stop)
      process.off("SIGHUP", reload)
      notifyManager(process.env.NOTIFY_SOCKET, "STOPPING=1")
    },
  }
}

/** Nobody reads our stdout any more, and the number must not come to mean a file of the history. */
function detachStdout(): void {
  const nowhere = openSync("/dev/null", "r+")
  redirect(STDIN, nowhere)
  redirect(STDOUT, nowhere)
  closeSync(nowhere)
}

/** Only what is ours; a successor may be there already. */
function tidyUp(pidFile: string, stateFile: string, dataDir: string): void {
  try {
    if (readPid(pidFile) === process.pid) removeFile(pidFile)
    dropState(stateFile, dataDir, process.pid)
  } catch {
    // What stays behind is stale and is known as such by its lock.
  }
}
