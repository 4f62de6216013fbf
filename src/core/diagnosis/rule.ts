/**
 * What a rule is: one kind of incident as data. It says what is measured, from which value on that is a finding, and
 * what to tell the operator.
 */
import type { RuleLimits, Thresholds } from "../config/thresholds.ts"
import type { Evidence, Scope } from "../model/evidence.ts"
import type { Subject } from "../model/survey-subject.ts"
import type { Finding } from "./finding.ts"

export type Severity = "warn" | "crit"
export type Confidence = "low" | "medium" | "high"

/** Raised at `raise` and above, cleared at `clear` and below; in between a level stays as it is. */
export interface Limit {
  readonly raise: number
  readonly clear: number
}

export interface Limits {
  readonly warn: Limit
  readonly crit?: Limit
}

/** Who does it. `netns` is `host` for the namespace this program runs in. */
export interface Culprit extends Subject {
  readonly netns: string
  /** A network that all the peers are in. */
  readonly prefix?: string
  readonly interface?: string
  readonly cpu?: number
  /** A rule of the firewall. */
  readonly rule?: string
  /** As a record tells it; then nothing else is known of it. */
  readonly words?: string
}

export type Measured =
  | {
      readonly kind: "value"
      /** In the rule's unit. */
      readonly value: number
      /** Sentences with the figures behind the value: counter, before → after, per second. */
      readonly evidence: readonly string[]
      readonly culprit?: Omit<Culprit, "netns">
      /** Where it differs from the rule's. */
      readonly confidence?: Confidence
    }
  /** There is nothing to judge: too little traffic, or nothing of the kind. Counts as fine. */
  | { readonly kind: "quiet" }
  /** It cannot be known here and now, and why. Never counts as fine. */
  | { readonly kind: "missing"; readonly reason: string }

/** One value of the past, with the window it was measured over. */
export interface TracePoint {
  readonly at: number
  readonly elapsedMs: number
  readonly value: number
}

/** What a rule whose measure needs a past keeps of it. */
export interface Trace {
  /** How far back, milliseconds. */
  readonly keepMs: number
  readonly of: (scope: Scope, evidence: Evidence) => number | undefined
}

export type Explained =
  | string
  /** Only where `when` holds for the two findings. */
  | { readonly id: string; readonly when: (cause: Finding, symptom: Finding) => boolean }

export interface Rule {
  /** As in the list of incidents; scripts and documents know it. */
  readonly id: string
  readonly title: string
  /** What the measured value counts: `%`, `/s`, `sockets`. */
  readonly unit: string
  /** Judged once for each network namespace, or once for the host. */
  readonly per: "namespace" | "host"
  readonly limits: (thresholds: Thresholds) => Limits
  /** The volume that is asked for before anything is judged, in words. */
  readonly gate?: string
  readonly trace?: Trace
  readonly measure: (scope: Scope, evidence: Evidence, past: readonly TracePoint[]) => Measured
  readonly confidence: Confidence
  /** Two sentences for a beginner. */
  readonly meaning: string
  /** What to do: commands or keys. `{port}`, `{peer}` and other fields of the culprit are filled in. */
  readonly next: readonly string[]
  /** Findings that follow from this one: they are shown beneath it. */
  readonly explains: readonly Explained[]
  readonly clearsWhen: string
}

export const limit = (raise: number, clear: number): Limit => ({ raise, clear })

/** Fixed limits, whatever the operator's thresholds. */
export const limits = (warn: Limit, crit?: Limit) => (): Limits => (crit === undefined ? { warn } : { warn, crit })

/** The rule's limits with what the operator's file says of it; the distance to clear keeps its proportion. */
export function limitsOf(rule: Rule, thresholds: Thresholds): Limits {
  const { warn, crit } = rule.limits(thresholds)
  const given = thresholds.rules[rule.id]
  const moved = (before: Limit, value: number | boolean | undefined): Limit =>
    typeof value === "number" && value > 0
      ? { raise: value, clear: before.raise > 0 ? (before.clear / before.raise) * value : 0 }
      : before
  return { warn: moved(warn, given?.warn), ...(crit === undefined ? {} : { crit: moved(crit, given?.crit) }) }
}

/** The built-in limits of rules, for whoever checks a file that names them. */
export const builtInLimits = (rules: readonly Rule[], thresholds: Thresholds): RuleLimits =>
  Object.fromEntries(
    rules.map((rule) => {
      const { warn, crit } = rule.limits(thresholds)
      return [rule.id, { warn: warn.raise, ...(crit === undefined ? {} : { crit: crit.raise }) }]
    }),
  )

export const isSwitchedOff = (rule: Rule, thresholds: Thresholds): boolean =>
  thresholds.rules[rule.id]?.enabled === false
