/** The state file: which worker runs, for commands that were not told a data directory. */
import {
  type ActiveState,
  parseActiveState,
  type WorkerRecord,
  writeActiveState,
} from "../../core/daemon/worker-record.ts"
import { errorCode, readText } from "../text-file.ts"
import { removeFile, replaceFile } from "./whole-file.ts"
import { findWorker } from "./worker-lock.ts"

export type StateReading =
  | { readonly kind: "absent" }
  /** Torn, or not for us to read. */
  | { readonly kind: "unreadable"; readonly reason: string }
  | { readonly kind: "read"; readonly state: ActiveState }

export function readState(path: string): StateReading {
  try {
    const state = parseActiveState(readText(path).text)
    return state === undefined
      ? { kind: "unreadable", reason: `${path} does not hold what it should` }
      : { kind: "read", state }
  } catch (error) {
    const code = errorCode(error)
    if (code === "ENOENT" || code === "ENOTDIR") return { kind: "absent" }
    return { kind: "unreadable", reason: `cannot read ${path}: ${code}` }
  }
}

/** True when the worker that the state names still runs. */
export function isStateAlive(state: ActiveState): boolean {
  try {
    const { verdict, record } = findWorker(state.data_dir)
    return verdict === "running" && record?.pid === state.pid
  } catch {
    // The folder is not for us to look into, and so nothing is known of its worker.
    return false
  }
}

/** Writes the state of a worker, unless another one that runs stands in the file. Throws the system's error. */
export function keepState(path: string, record: WorkerRecord): void {
  const found = readState(path)
  if (found.kind === "read") {
    if (found.state.pid === record.pid && found.state.data_dir === record.data_dir) return
    if (isStateAlive(found.state)) return
  }
  replaceFile(path, writeActiveState(record))
}

/** Removes the state when it is that of `pid` in `dataDir`, or of nobody. Throws the system's error. */
export function dropState(path: string, dataDir: string, pid: number | undefined): boolean {
  const found = readState(path)
  if (found.kind !== "read" || found.state.data_dir !== dataDir) return false
  if (pid !== undefined && found.state.pid !== pid) return false
  return removeFile(path)
}
