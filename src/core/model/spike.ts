/**
 * Is the interface suddenly carrying much more than it does? A fold over its samples.
 *
 * A sample is judged by what it is (how full the link is, or bytes where its speed is unknown) and by how it compares
 * with a moving average. What is shown changes slower than what is judged, so that the word does not flicker.
 */
import type { Band } from "../config/thresholds.ts"
import { judgeLevel, type Level, worstLevel } from "./level.ts"
import type { TrafficRates } from "./traffic.ts"

const MIB = 1024 * 1024

const usedPercentBand: Band = { warn: 60, crit: 85 }
const bytesPerSecondBand: Band = { warn: 80 * MIB, crit: 200 * MIB }
const ratioBand: Band = { warn: 2, crit: 3 }
/** Below this a multiple means nothing: a quiet host doubles its traffic with one page load. */
const RATIO_BASELINE_MIN = 5 * MIB
const SMOOTHING = 0.2
/** A burst pulls the average up as if it were at most this many times the average. */
const BURST_FACTOR_MAX = 3
const SAMPLES_BEFORE_READY = 3
const WARN_TO_SHOW_WARN = 2
const OK_TO_CLEAR = 3
const TO_LEAVE_CRIT = 2

/** Bytes a second of one direction from which a sample is high by itself, on a link of this speed. */
export function trafficBand(speedBitsPerSecond: number | undefined): Band {
  if (speedBitsPerSecond === undefined || speedBitsPerSecond <= 0) return bytesPerSecondBand
  const percent = speedBitsPerSecond / 8 / 100
  return { warn: usedPercentBand.warn * percent, crit: usedPercentBand.crit * percent }
}

export interface SpikeState {
  /** Moving average of the larger direction. */
  readonly baselineBytesPerSecond: number
  readonly sampleCount: number
  readonly shown: Level
  readonly warnStreak: number
  readonly okStreak: number
}

export interface Spike {
  /** What to fold the next sample into; absent before the first. */
  readonly state?: SpikeState
  /** What to show for this sample. */
  readonly shown: Level
  /** What this sample is by itself. */
  readonly judged: Level
}

/** Folds one sample. One without rates, or without any traffic, is `unknown` and teaches nothing. */
export function foldSpike(state: SpikeState | undefined, rates: TrafficRates | undefined): Spike {
  const peak = rates === undefined ? 0 : Math.max(rates.rxBytesPerSecond, rates.txBytesPerSecond)
  if (rates === undefined || !(peak > 0)) {
    return { ...(state !== undefined && { state }), shown: "unknown", judged: "unknown" }
  }
  const absolute =
    rates.usedPercent === undefined
      ? judgeLevel(peak, bytesPerSecondBand)
      : judgeLevel(rates.usedPercent, usedPercentBand)
  if (state === undefined) {
    const first = {
      baselineBytesPerSecond: peak,
      sampleCount: 1,
      shown: "unknown",
      warnStreak: 0,
      okStreak: 0,
    } as const
    return { state: first, shown: "unknown", judged: absolute }
  }
  const { baselineBytesPerSecond: baseline, sampleCount } = state
  const ratio = peak / Math.max(baseline, RATIO_BASELINE_MIN)
  const judged = worstLevel([absolute, judgeLevel(ratio, ratioBand)])
  const display = sampleCount >= SAMPLES_BEFORE_READY ? step(state, judged) : NOT_READY
  return {
    state: {
      baselineBytesPerSecond: baseline + SMOOTHING * (Math.min(peak, BURST_FACTOR_MAX * baseline) - baseline),
      sampleCount: sampleCount + 1,
      ...display,
    },
    shown: display.shown,
    judged,
  }
}

type Display = Pick<SpikeState, "shown" | "warnStreak" | "okStreak">

const NOT_READY: Display = { shown: "unknown", warnStreak: 0, okStreak: 0 }

/** CRIT shows at once; everything milder has to hold. */
function step({ shown, warnStreak, okStreak }: Display, judged: Level): Display {
  if (judged === "crit") return { shown: "crit", warnStreak: 0, okStreak: 0 }
  if (judged === "warn") {
    const streak = warnStreak + 1
    return { shown: afterWarn(shown, streak), warnStreak: streak, okStreak: 0 }
  }
  if (shown === "unknown") return { shown: "ok", warnStreak: 0, okStreak }
  const streak = okStreak + 1
  return { shown: afterOk(shown, streak), warnStreak: 0, okStreak: streak }
}

function afterWarn(shown: Level, streak: number): Level {
  if (shown === "crit") return streak >= TO_LEAVE_CRIT ? "warn" : "crit"
  if (shown === "warn") return "warn"
  return streak >= WARN_TO_SHOW_WARN ? "warn" : "ok"
}

function afterOk(shown: Level, streak: number): Level {
  if (shown === "crit") return streak >= TO_LEAVE_CRIT ? "warn" : "crit"
  return shown === "warn" && streak < OK_TO_CLEAR ? "warn" : "ok"
}
