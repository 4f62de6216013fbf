/** How bad a figure is, and the worst of several. */
import type { Band } from "../config/thresholds.ts"

/** In rising order. `unknown` is not judged, which is not the same as fine. */
export const levels = ["unknown", "ok", "warn", "crit"] as const
export type Level = (typeof levels)[number]

/** The level of a figure. Without a figure, or with both limits off, nothing was judged. */
export function judgeLevel(value: number | undefined, { warn, crit }: Band): Level {
  if (value === undefined || Number.isNaN(value) || (warn <= 0 && crit <= 0)) return "unknown"
  if (crit > 0 && value >= crit) return "crit"
  return warn > 0 && value >= warn ? "warn" : "ok"
}

/** The worst of all, `unknown` when none was judged. */
export const worstLevel = (given: readonly Level[]): Level =>
  given.reduce<Level>((worst, level) => (levels.indexOf(level) > levels.indexOf(worst) ? level : worst), "unknown")
