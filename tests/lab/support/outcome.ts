/** What came of one scenario. Plain data, since it crosses a pipe as JSON. */
import type { Verdict } from "./verdict.ts"

export interface ProvenReading {
  readonly what: string
  readonly before: number
  readonly after: number
  /** What it had to do, such as `rise by 5` or `reach 190`. */
  readonly goal: string
  readonly isProven: boolean
}

export interface Outcome {
  /** Why the scenario could not be played, when it could not. */
  readonly problem?: string
  readonly readings: readonly ProvenReading[]
  /** From the moment the fault was proven, or began when it was watched for, to the answer that named all of it. */
  readonly detectionMs?: number
  /** How many answers it took; with a watch each second gives one. */
  readonly looks: number
  readonly verdict?: Verdict
  /** The ids of the last answer, with their severity and culprit, for the reader of a failure. */
  readonly said: readonly string[]
  readonly wallMs: number
}

export const isMade = ({ problem, readings }: Outcome): boolean =>
  problem === undefined && readings.every(({ isProven }) => isProven)

/** True when it was played, the fault was there, and everything was said right. */
export function isRight(outcome: Outcome): boolean {
  const { verdict } = outcome
  if (!isMade(outcome)) return false
  if (verdict === undefined) return true
  return verdict.misses.length + verdict.wrongCulprits.length + verdict.falseAlarms.length === 0
}

export interface Score {
  readonly scenarios: number
  readonly expected: number
  readonly hits: number
  readonly misses: number
  readonly falseAlarms: number
  readonly wrongCulprits: number
  readonly notMade: number
  /** The kinds of incident that were named right at least once. */
  readonly kinds: number
  readonly detectionMedianMs?: number
  readonly detectionWorstMs?: number
}

export function score(outcomes: readonly Outcome[]): Score {
  const verdicts = outcomes.flatMap(({ verdict }) => (verdict === undefined ? [] : [verdict]))
  const sum = (count: (verdict: Verdict) => number) => verdicts.reduce((total, verdict) => total + count(verdict), 0)
  const hits = sum((verdict) => verdict.hits.length)
  const misses = sum((verdict) => verdict.misses.length)
  const wrongCulprits = sum((verdict) => verdict.wrongCulprits.length)
  const times = outcomes
    .flatMap(({ detectionMs }) => (detectionMs === undefined ? [] : [detectionMs]))
    .sort((a, b) => a - b)
  return {
    scenarios: outcomes.length,
    expected: hits + misses + wrongCulprits,
    hits,
    misses,
    falseAlarms: sum((verdict) => verdict.falseAlarms.length),
    wrongCulprits,
    notMade: outcomes.filter((outcome) => !isMade(outcome)).length,
    kinds: new Set(verdicts.flatMap((verdict) => verdict.hits)).size,
    ...(times.length === 0 ? {} : { detectionMedianMs: times[times.length >> 1]!, detectionWorstMs: times.at(-1)! }),
  }
}
