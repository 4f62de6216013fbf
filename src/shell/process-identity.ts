/** Reads which process has a pid now. */
import { closeSync, openSync, readSync } from "node:fs"
import { type ProcessStat, parseProcessStat } from "../core/proc/process-stat.ts"

/** A line of numbers and a name; about 300 bytes. */
const STAT_SIZE = 2048
const buffer = new Uint8Array(STAT_SIZE)

/**
 * /proc/PID/stat below `root`, or nothing when there is no such process. Takes about 7 µs, and does not wait: procfs
 * is memory.
 */
export function readProcessStat(root: string, pid: number): ProcessStat | undefined {
  try {
    const fd = openSync(`${root}/${pid}/stat`, "r")
    try {
      return parseProcessStat(buffer, readSync(fd, buffer, 0, STAT_SIZE, 0))
    } finally {
      closeSync(fd)
    }
  } catch {
    // It ended, just now or long ago, or hides from us: either way it cannot be told from nobody.
    return undefined
  }
}
