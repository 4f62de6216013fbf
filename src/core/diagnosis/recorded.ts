/**
 * Findings as a line of the history keeps them: kind, severity, who, and the figures. What a kind means and what to do
 * about it is the reader's own word.
 */
import type { Level } from "../model/level.ts"
import { worstLevel } from "../model/level.ts"
import { culpritText, fillIn } from "./culprit.ts"
import { type Change, type Diagnosis, type Finding, withSymptoms } from "./finding.ts"
import type { Culprit, Rule, Severity } from "./rule.ts"

export interface RecordedFinding {
  readonly id: string
  readonly severity: string
  /** In words. */
  readonly culprit?: string | undefined
  /** Absent: the host's. */
  readonly netns?: string | undefined
  readonly evidence?: readonly string[] | undefined
  /** Ids of its symptoms. */
  readonly explains?: readonly string[] | undefined
}

const HOST = "host"

/** What a line keeps of a diagnosis. */
export const findingsForRecord = ({ findings }: Diagnosis) =>
  findings.map((finding) => {
    const { id, severity, culprit, evidence } = finding
    const explains = [...new Set(withSymptoms(finding).map((each) => each.id))].filter((each) => each !== id)
    return {
      id,
      severity,
      culprit: culpritText(culprit),
      ...(culprit.netns === HOST ? {} : { netns: culprit.netns }),
      ...(evidence.length === 0 ? {} : { evidence: [...evidence] }),
      ...(explains.length === 0 ? {} : { explains }),
    }
  })

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

function findingOf(recorded: RecordedFinding, rules: readonly Rule[], since: number): Finding {
  const { id, severity, culprit, netns = HOST, evidence = [], explains = [] } = recorded
  const rule = rules.find((each) => each.id === id)
  return {
    id,
    severity: severityOf(severity),
    confidence: rule?.confidence ?? "low",
    title: rule?.title ?? id,
    since,
    evidence,
    culprit: culpritOf(culprit, netns),
    meaning: rule?.meaning ?? "This program does not know this kind of finding.",
    // What is to be filled in is not known any more: its name stands there in capitals.
    next: (rule?.next ?? []).map((text) => fillIn(text, { netns })),
    symptoms: explains.map((symptom) => findingOf({ id: symptom, severity, netns }, rules, since)),
    clearsWhen: rule?.clearsWhen ?? "the program that wrote it says so",
  }
}

const severityOf = (text: string): Severity => (text === "crit" ? "crit" : "warn")

const culpritOf = (text: string | undefined, netns = HOST): Culprit => ({
  netns,
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
  // Who it was about may have changed meanwhile: the kind is named instead.
  culprit: culpritOf(episode.id),
  firstSeen: episode.from,
  lastSeen: Math.min(episode.to, at),
  isStanding: episode.to >= at,
})
