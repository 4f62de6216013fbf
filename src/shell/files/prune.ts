/** Deletes what the retention rule names, and says what it could not delete. */
import { readdirSync, unlinkSync } from "node:fs"
import type { Zone } from "../../core/snapshot/local-day.ts"
import { chooseRemovals, dayOfFile, type Removal, type RetentionRule } from "../../core/snapshot/retention.ts"
import { expiredCaptures, PCAP_TOTAL_MAX } from "../../core/trace/retention.ts"
import { errorCode } from "../text-file.ts"
import { type DataFolder, effectiveUser } from "./data-folder.ts"

export interface PruneResult {
  readonly removals: readonly Removal[]
  readonly failures: readonly string[]
}

/** With `isDryRun` nothing is deleted, and the result is what would be. Throws the system's error. */
export function pruneFolder(
  folder: DataFolder,
  rule: Omit<RetentionRule, "free">,
  { now, zone, isDryRun }: { readonly now: number; readonly zone: Zone; readonly isDryRun: boolean },
): PruneResult {
  const files = folder.names().flatMap((name) => {
    if (dayOfFile(name) === undefined) return []
    const stats = folder.stats(name)
    // What is no file of its own is not ours to delete.
    return stats?.isFile() === true ? [{ name, size: stats.blocks * 512 }] : []
  })
  const chosen = [
    ...chooseRemovals(files, { ...rule, free: folder.space().free }, { now, zone }),
    ...oldCaptures(folder, rule.hours, now),
  ]
  if (isDryRun) return { removals: chosen, failures: [] }
  const failures: string[] = []
  const removals = chosen.filter(({ name }) => {
    try {
      unlinkSync(folder.at(name))
      return true
    } catch (error) {
      const code = errorCode(error)
      if (code !== "ENOENT") failures.push(`cannot delete ${folder.path}/${name}: ${code}`)
      return false
    }
  })
  return { removals, failures }
}

const TRACES = "traces"

/** Captures of packets, in their folder beside the segments. */
function oldCaptures(folder: DataFolder, hours: number, now: number): readonly Removal[] {
  const stats = folder.stats(TRACES)
  if (stats?.isDirectory() !== true || stats.uid !== effectiveUser()) return []
  const captures = readdirSync(folder.at(TRACES)).flatMap((name) => {
    const file = folder.stats(`${TRACES}/${name}`)
    return file?.isFile() === true ? [{ name, size: file.size, modifiedAt: file.mtimeMs }] : []
  })
  const expired = new Set(expiredCaptures(captures, now, undefined, { ageHours: hours, total: PCAP_TOTAL_MAX }))
  return captures
    .filter(({ name }) => expired.has(name))
    .map(({ name, size, modifiedAt }) => {
      const reason = now - modifiedAt > hours * 3_600_000 ? "age" : "size"
      return { name: `${TRACES}/${name}`, size, reason }
    })
}

const DEFAULT_MIN_FREE = 64 * 1024 * 1024

/** Free space that is left to others when nothing was asked for. */
export const defaultMinFree = (folder: DataFolder): number => Math.min(DEFAULT_MIN_FREE, folder.space().size / 100)
