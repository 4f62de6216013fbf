/** A diagnosis for eyes and pagers: the first line says it all, the rest says why and what next. */
import { culpritText } from "../diagnosis/culprit.ts"
import { type Diagnosis, type Finding, withSymptoms } from "../diagnosis/finding.ts"
import { duration } from "../text/units.ts"
import { harmless, wrap } from "../text/width.ts"

const INDENT = "  "

/** `CRIT accept-queue-overflow: A program does not accept its connections: nginx (pid 7), port 80 (+1 more)`. */
export function pagerLine({ level, findings }: Diagnosis): string {
  const [worst] = findings
  if (worst === undefined) return level === "ok" ? "OK no dominant issue" : "UNKNOWN sockets or counters cannot be read"
  const more = findings.length > 1 ? ` (+${findings.length - 1} more)` : ""
  return harmless(`${level.toUpperCase()} ${worst.id}: ${worst.title}: ${culpritText(worst.culprit)}${more}`)
}

/** Every line with its line feed; `width` is that of the terminal. */
export function* diagnosisText(diagnosis: Diagnosis, width = 100): Generator<string> {
  yield `${pagerLine(diagnosis)}\n`
  for (const finding of diagnosis.findings) {
    yield "\n"
    for (const line of findingText(finding, diagnosis.at, width)) yield `${line}\n`
  }
  const { recent, unknown } = diagnosis
  if (recent.length > 0) yield "\nRecently:\n"
  for (const { id, title, lastSeen } of recent)
    yield* hanging(`${id}: ${title}, ${duration(diagnosis.at - lastSeen)} ago`, width)
  if (unknown.length > 0) yield `\nNot measured (${unknown.length}):\n`
  for (const { id, reason } of unknown) yield* hanging(`${id}: ${harmless(reason)}`, width)
}

function* findingText(finding: Finding, now: number, width: number): Generator<string> {
  const { severity, title, id, culprit, confidence, since, evidence, meaning, next, clearsWhen } = finding
  yield `${severity.toUpperCase()} ${title} [${id}]`
  yield* wrapped(harmless(culpritText(culprit)), "who", width)
  yield* wrapped(`${confidence} confidence, for ${duration(now - since)}`, "how sure", width)
  for (const text of evidence) yield* wrapped(harmless(text), "seen", width)
  yield* wrapped(meaning, "means", width)
  for (const text of next) yield* wrapped(harmless(text), "next", width)
  for (const symptom of withSymptoms(finding).slice(1))
    yield* wrapped(`${symptom.title} [${symptom.id}]`, "explains", width)
  yield* wrapped(clearsWhen, "clears", width)
}

const LABEL = 10

function wrapped(text: string, label: string, width: number): string[] {
  return wrap(text, Math.max(20, width - INDENT.length - LABEL)).map(
    (piece, i) => `${INDENT}${(i === 0 ? label : "").padEnd(LABEL)}${piece}`,
  )
}

function* hanging(text: string, width: number): Generator<string> {
  for (const [i, piece] of wrap(text, Math.max(20, width - 4)).entries()) yield `${i === 0 ? INDENT : "    "}${piece}\n`
}
