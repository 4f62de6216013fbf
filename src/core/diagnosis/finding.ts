/** What a diagnosis is made of: what is wrong, what could not be judged, and what was wrong a moment ago. */
import type { Level } from "../model/level.ts"
import type { Confidence, Culprit, Severity } from "./rule.ts"

export interface Finding {
  readonly id: string
  /** The worse of its own and of what it explains. */
  readonly severity: Severity
  readonly confidence: Confidence
  readonly title: string
  /** Wall clock of the look that raised it, milliseconds. */
  readonly since: number
  readonly evidence: readonly string[]
  readonly culprit: Culprit
  readonly meaning: string
  readonly next: readonly string[]
  /** What follows from it and is therefore not listed beside it. */
  readonly symptoms: readonly Finding[]
  readonly clearsWhen: string
}

/** A kind that cannot be judged, and why. */
export interface Unknown {
  readonly id: string
  readonly reason: string
}

/** Something that was there for a moment, or has ended. */
export interface Recent {
  readonly id: string
  readonly title: string
  readonly severity: Severity
  readonly netns: string
  /** Wall clock, milliseconds. */
  readonly lastSeen: number
  readonly evidence: readonly string[]
}

export interface Diagnosis {
  /** Wall clock of the look, milliseconds. */
  readonly at: number
  /** The worst of all; unknown only when sockets or protocol counters cannot be read. */
  readonly level: Level
  /** Worst first, then by importance; symptoms stand in their causes. */
  readonly findings: readonly Finding[]
  readonly unknown: readonly Unknown[]
  /** Within the last five minutes, latest first. */
  readonly recent: readonly Recent[]
}

/** A finding from when it was raised, or changed its severity, until it ended. */
export interface Change {
  readonly id: string
  readonly title: string
  readonly severity: Severity
  readonly culprit: Culprit
  readonly firstSeen: number
  readonly lastSeen: number
  readonly isStanding: boolean
}

/** A finding and everything beneath it. */
export const withSymptoms = (finding: Finding): readonly Finding[] => [
  finding,
  ...finding.symptoms.flatMap(withSymptoms),
]
