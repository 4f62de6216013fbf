/**
 * The one data directory that the dashboard, the traces, the daemon's commands and a replay resolve alike: the one that
 * was named, else that of the worker that runs, else that of `daemon.json`, else the default.
 */
import { type Caller, chooseDataDir, SYSTEM_STATE_FILE, stateFile } from "../../core/config/daemon-paths.ts"
import { isStateAlive, readState } from "../files/active-state.ts"
import { loadDaemonFile, thisCaller, withPaths } from "./caller.ts"

export interface ChosenDataDir {
  readonly dataDir: string
  /** Why `daemon.json`, which may name another one, was passed over. */
  readonly note?: string
}

/** Prints nothing and cleans nothing up. Throws a `Failure` when no folder can be derived. */
export function resolveDataDir(typed?: string, caller: Caller = thisCaller()): ChosenDataDir {
  const { file, note } = typed === undefined ? settingsOf(caller) : {}
  const active = typed === undefined ? activeDataDir(caller) : undefined
  const { dataDir } = withPaths(() => chooseDataDir(caller, { typed, active, file }))
  return { dataDir, ...(note === undefined ? {} : { note }) }
}

function settingsOf(caller: Caller): { readonly file?: string; readonly note?: string } {
  try {
    const { dataDir } = loadDaemonFile(caller).settings
    return dataDir === undefined ? {} : { file: dataDir }
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "Failure") throw error
    return { note: `${error.message}; going on without it` }
  }
}

/** Of our own worker, else of the host's. */
function activeDataDir(caller: Caller): string | undefined {
  for (const path of new Set([withPaths(() => stateFile(caller)), SYSTEM_STATE_FILE])) {
    const found = readState(path)
    if (found.kind === "read" && isStateAlive(found.state)) return found.state.data_dir
  }
  return undefined
}
