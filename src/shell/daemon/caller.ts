/** Who started this program, and the settings file of that host. */

import { type Caller, NoHomeError, settingsFile } from "../../core/config/daemon-paths.ts"
import { DaemonFileError, type FileSettings, parseDaemonFile } from "../../core/config/daemon-settings.ts"
import type { Zone } from "../../core/snapshot/local-day.ts"
import { usageFailure, worldFailure } from "../failure.ts"
import { effectiveUser } from "../files/data-folder.ts"
import { complain } from "../plain/output.ts"
import { errorCode, readProblem, readText } from "../text-file.ts"

export const thisCaller = (): Caller => ({
  isRoot: effectiveUser() === 0,
  home: process.env.HOME,
  folder: process.cwd(),
  env: process.env,
})

/** The zone of this host, which TZ may name. */
export const hostZone: Zone = (at) => -new Date(at).getTimezoneOffset()

export interface LoadedFile {
  readonly path: string
  /** False when there is none. */
  readonly isThere: boolean
  readonly settings: FileSettings
}

/** Reads `daemon.json`. Throws a `Failure` of usage when it cannot be used. */
export function loadDaemonFile(caller: Caller): LoadedFile {
  const path = settingsFile(caller)
  let text: string
  try {
    text = readText(path).text
  } catch (error) {
    const code = errorCode(error)
    if (code === "ENOENT" || code === "ENOTDIR") return { path, isThere: false, settings: {} }
    throw usageFailure(readProblem(path, error))
  }
  try {
    return { path, isThere: true, settings: parseDaemonFile(text, path) }
  } catch (error) {
    throw error instanceof DaemonFileError ? usageFailure(error.message) : error
  }
}

/** For commands that can do without: what is wrong with the file is said, and they go on. */
export async function tolerateDaemonFile(caller: Caller): Promise<LoadedFile> {
  try {
    return loadDaemonFile(caller)
  } catch (error) {
    await complain(`warning: ${error instanceof Error ? error.message : String(error)}; going on without it`)
    return { path: settingsFile(caller), isThere: false, settings: {} }
  }
}

/** Runs what needs paths; a missing HOME is a failure with its sentence. */
export function withPaths<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw error instanceof NoHomeError ? worldFailure(error.message) : error
  }
}
