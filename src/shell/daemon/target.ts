/** Which worker a command means, and whether it runs. */
import { dirname } from "node:path"
import {
  absolutePath,
  type Caller,
  chooseDataDir,
  type DaemonPaths,
  daemonPaths,
  SYSTEM_STATE_FILE,
  stateFile,
  type TargetSource,
} from "../../core/config/daemon-paths.ts"
import type { FileSettings } from "../../core/config/daemon-settings.ts"
import type { ActiveState } from "../../core/daemon/worker-record.ts"
import { worldFailure } from "../failure.ts"
import { isStateAlive, readState } from "../files/active-state.ts"
import { removeFile } from "../files/whole-file.ts"
import { type FoundWorker, findWorker } from "../files/worker-lock.ts"
import { complain } from "../plain/output.ts"
import { errorCode, readText } from "../text-file.ts"
import { withPaths } from "./caller.ts"

export interface Asked {
  readonly dataDir?: string
  readonly pidFile?: string
}

export interface Target {
  readonly source: TargetSource
  /** As the worker uses them, when one runs; else as it would. */
  readonly paths: DaemonPaths
  readonly worker: FoundWorker
  /** A state file spoke of a worker that is gone, and was removed. */
  readonly stalePid?: number
}

/** Throws a `Failure` when it cannot be told, such as when the folder may not be looked into. */
export async function findTarget(caller: Caller, asked: Asked, file: FileSettings): Promise<Target> {
  const isNamed = asked.dataDir !== undefined || asked.pidFile !== undefined
  const { active, stalePid } = await readActive(caller, { mayClean: !isNamed })
  const pidFile = asked.pidFile === undefined ? undefined : withPaths(() => absolutePath(asked.pidFile!, caller))
  const chosen = withPaths(() =>
    chooseDataDir(caller, {
      typed: asked.dataDir,
      hasPidFile: pidFile !== undefined,
      active: active?.data_dir,
      file: file.dataDir,
    }),
  )
  // A pid file stands in the data directory of its worker, unless it was put elsewhere: then the worker's record says so.
  const folders =
    pidFile === undefined || asked.dataDir !== undefined
      ? [chosen.dataDir]
      : [dirname(pidFile), ...(active === undefined ? [] : [active.data_dir]), chosen.dataDir]
  for (const dataDir of folders) {
    const worker = await lookPatiently(dataDir)
    if (pidFile !== undefined && worker.record?.pid_file !== pidFile) continue
    return {
      source: pidFile === undefined || asked.dataDir !== undefined ? chosen.source : "--pid-file",
      paths: pathsOf(caller, dataDir, pidFile, file, worker),
      worker,
      ...(stalePid === undefined ? {} : { stalePid }),
    }
  }
  const { dataDir } = chosen
  return {
    source: chosen.source,
    paths: pathsOf(caller, dataDir, pidFile, file, { verdict: "stopped" }),
    worker: { verdict: "stopped" },
  }
}

function pathsOf(
  caller: Caller,
  dataDir: string,
  pidFile: string | undefined,
  file: FileSettings,
  { verdict, record }: FoundWorker,
): DaemonPaths {
  const paths = withPaths(() => daemonPaths(caller, { dataDir, pidFile, logFile: file.logFile }))
  if (verdict !== "running" || record === undefined) return paths
  return {
    ...paths,
    pidFile: record.pid_file,
    logFile: record.log_file ?? "",
    stateFile: record.state_file ?? paths.stateFile,
  }
}

export function lookFor(dataDir: string): FoundWorker {
  try {
    return findWorker(dataDir)
  } catch (error) {
    if (error instanceof Error && error.name === "Failure") throw error
    const code = errorCode(error)
    const hint = code === "EACCES" || code === "EPERM" ? " Run with sudo." : ""
    throw worldFailure(`cannot look for a worker in ${dataDir}: ${code}.${hint}`)
  }
}

/** A worker that begins holds the lock a moment before its record says who it is. */
const RECORD_MS = 500
const RETRY_MS = 20

/** As `lookFor`; a holder that is not known is given time to say who it is. */
export async function lookPatiently(dataDir: string): Promise<FoundWorker> {
  for (let waited = 0; ; waited += RETRY_MS) {
    const found = lookFor(dataDir)
    if (found.verdict !== "unknown holder" || waited >= RECORD_MS) return found
    await Bun.sleep(RETRY_MS)
  }
}

/** The worker of the state file: our own, else the host's. One that is gone is forgotten. */
async function readActive(
  caller: Caller,
  { mayClean }: { readonly mayClean: boolean },
): Promise<{ readonly active?: ActiveState; readonly stalePid?: number }> {
  const own = withPaths(() => stateFile(caller))
  let stalePid: number | undefined
  for (const path of new Set([own, SYSTEM_STATE_FILE])) {
    const found = readState(path)
    if (found.kind === "read" && isStateAlive(found.state)) return { active: found.state }
    if (path !== own || !mayClean || found.kind === "absent") continue
    if (found.kind === "unreadable") await complain(`warning: ${found.reason}; going on without it`)
    else stalePid = found.state.pid
    try {
      removeFile(path)
    } catch {
      // It is not ours to remove, and does no harm.
    }
  }
  return stalePid === undefined ? {} : { stalePid }
}

/** The number in a pid file; nothing when there is none. */
export function readPid(path: string): number | undefined {
  try {
    const text = readText(path, 64).text.trim()
    return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined
  } catch {
    return undefined
  }
}
