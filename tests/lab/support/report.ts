/** Outcomes and the score as text. */
import { isMade, isRight, type Outcome, type Score } from "./outcome.ts"

const NAME_WIDTH = 32
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

/** One line; a second one, indented, with what was read and said when it is wrong or asked for. */
export function describeOutcome(name: string, outcome: Outcome, isVerbose = false): string {
  const { problem, readings, verdict, detectionMs, looks, said, wallMs } = outcome
  const mark = isRight(outcome) ? "ok   " : "FAIL "
  const parts: string[] = []
  if (problem !== undefined) parts.push(problem)
  else if (!isMade(outcome)) parts.push("fault not made")
  else if (verdict === undefined) parts.push("fault made")
  if (verdict !== undefined) {
    if (verdict.hits.length > 0) parts.push(`named ${verdict.hits.join(", ")}`)
    if (detectionMs !== undefined) parts.push(`after ${seconds(detectionMs)}, look ${looks}`)
    if (verdict.misses.length > 0) parts.push(`MISSED ${verdict.misses.join(", ")}`)
    if (verdict.wrongCulprits.length > 0) parts.push(`WRONG CULPRIT ${verdict.wrongCulprits.join("; ")}`)
    if (verdict.falseAlarms.length > 0) parts.push(`FALSE ALARM ${verdict.falseAlarms.join(", ")}`)
    if (parts.length === 0) parts.push("nothing raised")
  }
  const line = `${mark}${name.padEnd(NAME_WIDTH)} ${parts.join("; ")}  (${seconds(wallMs)})`
  if (isRight(outcome) && !isVerbose) return line
  const proofs = readings.map(
    ({ what, before, after, goal, isProven }) =>
      `        ${isProven ? "there" : "NOT THERE"}: ${what} ${before} -> ${after} (must ${goal})`,
  )
  return [line, ...proofs, ...said.map((one) => `        said: ${one}`)].join("\n")
}

export function describeScore(sum: Score, isFaultOnly: boolean, wallSeconds: string): string {
  const made = `${sum.scenarios - sum.notMade} of ${sum.scenarios} scenarios made`
  if (isFaultOnly) return `${made}, in ${wallSeconds} s`
  const times =
    sum.detectionMedianMs === undefined
      ? ""
      : `; time to detection ${seconds(sum.detectionMedianMs)} in the middle, ${seconds(sum.detectionWorstMs ?? 0)} at worst`
  return (
    `${made}, in ${wallSeconds} s; ${sum.hits} of ${sum.expected} named right (${sum.kinds} kinds), ${sum.misses} missed, ` +
    `${sum.falseAlarms} false alarms, ${sum.wrongCulprits} wrong culprits${times}`
  )
}
