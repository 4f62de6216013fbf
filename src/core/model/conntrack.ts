/** How full the connection tracking table is. When it is full, the kernel drops new connections. */
import type { Band } from "../config/thresholds.ts"
import type { ConntrackTable } from "../sample/sample.ts"
import { judgeLevel, type Level } from "./level.ts"

export interface ConntrackUse extends ConntrackTable {
  /** Absent when the maximum is 0: then there is no limit. */
  readonly usedPercent?: number
  readonly level: Level
}

export function deriveConntrack({ count, max }: ConntrackTable, band: Band): ConntrackUse {
  if (max <= 0) return { count, max, level: "unknown" }
  const usedPercent = (count / max) * 100
  return { count, max, usedPercent, level: judgeLevel(usedPercent, band) }
}
