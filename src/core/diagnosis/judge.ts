/**
 * From a measured value to a level that does not flicker.
 *
 * A level is raised when the value has been at its limit for some time without a break, and falls only after the value
 * has been clearly below for as long: a value that trembles at the edge changes nothing.
 */
import type { Limits, Severity } from "./rule.ts"

/** Two windows of a second, less what clocks and slow looks may take from them. */
export const HOLD_MS = 1_800
/** One window of a second: where only one is looked at. */
export const HOLD_ONE_WINDOW_MS = 900

export interface Judgement {
  readonly level: "ok" | Severity
  /** For how long the value has been at or above each limit, and at or below its clear value, without a break. */
  readonly warnMs: number
  readonly critMs: number
  readonly belowWarnMs: number
  readonly belowCritMs: number
}

export const initialJudgement: Judgement = { level: "ok", warnMs: 0, critMs: 0, belowWarnMs: 0, belowCritMs: 0 }

/** The value over a window of `elapsedMs`, after what was judged before. */
export function judge(
  before: Judgement,
  value: number,
  { warn, crit }: Limits,
  { elapsedMs, holdMs }: { readonly elapsedMs: number; readonly holdMs: number },
): Judgement {
  const streak = (holds: boolean, past: number) => (holds ? past + elapsedMs : 0)
  const streaks = {
    warnMs: streak(value >= warn.raise, before.warnMs),
    critMs: streak(crit !== undefined && value >= crit.raise, before.critMs),
    belowWarnMs: streak(value <= warn.clear, before.belowWarnMs),
    belowCritMs: streak(crit === undefined || value <= crit.clear, before.belowCritMs),
  }
  return { ...streaks, level: nextLevel(before.level, streaks, holdMs) }
}

function nextLevel(level: Judgement["level"], streaks: Omit<Judgement, "level">, holdMs: number): Judgement["level"] {
  if (streaks.critMs >= holdMs) return "crit"
  if (level === "crit") {
    if (streaks.belowWarnMs >= holdMs) return "ok"
    return streaks.belowCritMs >= holdMs ? "warn" : "crit"
  }
  if (streaks.warnMs >= holdMs) return "warn"
  return level === "warn" && streaks.belowWarnMs < holdMs ? "warn" : "ok"
}

/** A window without a value: nothing is raised and nothing clears, and every streak is broken. */
export const skip = (before: Judgement): Judgement => ({ ...initialJudgement, level: before.level })
