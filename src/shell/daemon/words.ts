/** What the daemon commands say alike, and flags as words again. */
import { absolutePath, type Caller } from "../../core/config/daemon-paths.ts"
import type { TypedSettings } from "../../core/config/daemon-settings.ts"
import { type FlagId, flags } from "../../core/config/flags.ts"
import type { WorkerRecord } from "../../core/daemon/worker-record.ts"
import { type Failure, worldFailure } from "../failure.ts"

/** Who is there already, as far as its record says. */
export const alreadyRunning = (dataDir: string, holder: WorkerRecord | undefined): Failure =>
  worldFailure(
    holder === undefined
      ? `the lock of ${dataDir} is held by a process that left no record; look for it with: fuser ${dataDir}/.daemon.lock`
      : `daemon already running (pid=${holder.pid}) for ${dataDir}, since ${holder.started_at}. ` +
          `Stop it with: holyf-network daemon stop --data-dir ${dataDir}`,
  )

const pathFlags: readonly FlagId[] = ["dataDir", "pidFile", "logFile"]
const settingFlags: readonly FlagId[] = [
  "interface",
  "interval",
  "topLimit",
  "retentionHours",
  "maxSize",
  "minFree",
  "compress",
]

type Typed = TypedSettings & { readonly pidFile?: string }

/** The flags that were typed, as words of a command line that means the same from any folder. */
export function flagWords(typed: Typed, caller: Caller): string[] {
  return [...pathFlags, ...settingFlags].flatMap((id) => {
    const value = typed[id as keyof Typed]
    if (value === undefined) return []
    return [`--${flags[id].name}=${pathFlags.includes(id) ? absolutePath(String(value), caller) : value}`]
  })
}
