/** `holyf-network daemon prune`: deletes what is too old now, or says what it would delete. */
import { resolveSettings } from "../../core/config/daemon-settings.ts"
import { localDay } from "../../core/snapshot/local-day.ts"
import { segmentName } from "../../core/snapshot/segments.ts"
import { json } from "../../core/text/json.ts"
import { bytes } from "../../core/text/units.ts"
import { exitCodes, worldFailure } from "../failure.ts"
import { DataFolder } from "../files/data-folder.ts"
import { defaultMinFree, type PruneResult, pruneFolder } from "../files/prune.ts"
import { complain, print } from "../plain/output.ts"
import { errorCode } from "../text-file.ts"
import { hostZone, thisCaller, tolerateDaemonFile } from "./caller.ts"
import { type Asked, findTarget } from "./target.ts"

export type PruneRequest = {
  readonly kind: "daemon prune"
  readonly retentionHours?: number
  readonly maxSize?: number
  readonly minFree?: number
  readonly dryRun: boolean
  readonly json: boolean
} & Asked

const nothing: PruneResult = { removals: [], failures: [] }

/** Answers the exit code: 1 when something could not be deleted. */
export async function pruneHistory(asked: PruneRequest): Promise<number> {
  const caller = thisCaller()
  const file = await tolerateDaemonFile(caller)
  const { paths, source, worker, stalePid } = await findTarget(caller, asked, file.settings)
  const running = worker.verdict === "running" ? worker.record : undefined
  // The rule comes from where the target comes from: a day is not deleted by the rule of another directory.
  const [hours, hoursSource] =
    asked.retentionHours !== undefined
      ? [asked.retentionHours, "flag"]
      : running?.retention_hours !== undefined
        ? [running.retention_hours, "running worker"]
        : file.settings.retentionHours !== undefined
          ? [file.settings.retentionHours, "daemon.json"]
          : [resolveSettings({}, {}).retentionHours, "default"]
  const maxSize = asked.maxSize ?? file.settings.maxSize
  const now = Date.now()
  const { removals, failures } = prune(paths.dataDir, {
    hours,
    ...(maxSize === undefined ? {} : { maxSize }),
    minFree: asked.minFree ?? file.settings.minFree,
    now,
    isDryRun: asked.dryRun,
  })
  const current = segmentName(localDay(now, hostZone), "plain")
  if (asked.json) {
    await print([
      `${json({
        data_dir: paths.dataDir,
        data_dir_source: source,
        retention_hours: hours,
        retention_source: hoursSource,
        dry_run: asked.dryRun,
        current_segment: current,
        running_pid: running?.pid ?? null,
        removed: removals,
        errors: failures,
      })}\n`,
    ])
  } else {
    const count = (reason: string) => removals.filter((removal) => removal.reason === reason).length
    await print([
      ...(stalePid === undefined ? [] : [`daemon prune: stale active-state pid=${stalePid} cleaned\n`]),
      `daemon prune: ${asked.dryRun ? "dry run, nothing was deleted" : "done"}\n`,
      `data-dir: ${paths.dataDir} (${source})\n`,
      `retention: ${hours}h (${hoursSource})\n`,
      `current-segment-kept: ${current}\n`,
      ...(running === undefined ? [] : [`daemon-running: yes (pid=${running.pid})\n`]),
      ...(asked.dryRun
        ? removals.map(({ name, size, reason }) => `would remove: ${name} (${bytes(size)}, ${reason})\n`)
        : []),
      `removed-by-age: ${count("age")}\n`,
      `removed-by-size: ${count("size")}\n`,
      `removed-by-free-space: ${count("free space")}\n`,
    ])
    for (const failure of failures) await complain(failure)
  }
  return failures.length === 0 ? exitCodes.ok : exitCodes.world
}

function prune(
  dataDir: string,
  rule: {
    readonly hours: number
    readonly maxSize?: number
    readonly minFree: number | undefined
    readonly now: number
    readonly isDryRun: boolean
  },
): PruneResult {
  const { now, isDryRun, minFree, ...limits } = rule
  let folder: DataFolder
  try {
    folder = DataFolder.open(dataDir, { create: false })
  } catch (error) {
    // Nothing was ever written there, and so nothing is too old.
    if (error instanceof Error && / ENOENT\./.test(error.message)) return nothing
    throw error
  }
  try {
    return pruneFolder(
      folder,
      { ...limits, minFree: minFree ?? defaultMinFree(folder) },
      { now, zone: hostZone, isDryRun },
    )
  } catch (error) {
    throw worldFailure(`cannot prune ${dataDir}: ${errorCode(error)}`)
  } finally {
    folder.close()
  }
}
