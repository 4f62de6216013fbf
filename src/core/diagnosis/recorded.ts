/**
 * What was found at the time of a record, as its line tells it: kind, severity and who. What the kind means and what to
 * do is this program's own word; evidence was not kept.
 */
import type { Level } from "../model/level.ts"
import { worstLevel } from "../model/level.ts"
import { fillIn } from "./culprit.ts"
import type { Change, Diagnosis, Finding } from "./finding.ts"
import type { Culprit, Rule, Severity } from "./rule.ts"

export interface RecordedFinding {
  readonly id: string
  readonly severity: string
  /** In words. */
  readonly culprit?: string | undefined
}

export interface Recorded {
  readonly at: number
  readonly level: Level
  readonly findings: readonly RecordedFinding[]
}

/** `since` is when the row of records began that have it. */
export function recordedDiagnosis(
  { at, level, findings }: Recorded,
  { rules, since }: { readonly rules: readonly Rule[]; readonly since: (id: string) => number },
): Diagnosis {
  const told = findings.map((finding) => findingOf(finding, rules, since(finding.id)))
  return {
    at,
    level: told.length === 0 ? level : worstLevel([level, ...told.map(({ severity }) => severity)]),
    findings: [...told].sort((a, b) => Number(b.severity === "crit") - Number(a.severity === "crit")),
    unknown: [],
    recent: [],
  }
}

function findingOf({ id, severity, culprit }: RecordedFinding, rules: readonly Rule[], since: number): Finding {
  const rule = rules.find((each) => each.id === id)
  return {
    id,
    severity: severityOf(severity),
    confidence: rule?.confidence ?? "low",
    title: rule?.title ?? id,
    since,
    evidence: [],
    culprit: culpritOf(culprit),
    meaning: rule?.meaning ?? "This program does not know this kind of finding.",
    // What is to be filled in is not known any more: its name stands there in capitals.
    next: (rule?.next ?? []).map((text) => fillIn(text, { netns: "host" })),
    symptoms: [],
    clearsWhen: rule?.clearsWhen ?? "the program that wrote it says so",
  }
}

const severityOf = (text: string): Severity => (text === "crit" ? "crit" : "warn")

const culpritOf = (text: string | undefined): Culprit => ({
  netns: "host",
  ...(text === undefined || text === "" ? {} : { words: text }),
})

/** A stretch of records that had one finding, as the history of findings shows it. */
export const recordedChange = (
  episode: { readonly id: string; readonly severity: Severity; readonly from: number; readonly to: number },
  { rules, at }: { readonly rules: readonly Rule[]; readonly at: number },
): Change => ({
  id: episode.id,
  title: rules.find(({ id }) => id === episode.id)?.title ?? episode.id,
  severity: episode.severity,
  culprit: culpritOf(undefined),
  firstSeen: episode.from,
  lastSeen: Math.min(episode.to, at),
  isStanding: episode.to >= at,
})
