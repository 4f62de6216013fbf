/**
 * All rules over the evidence of one window: what is wrong, worst first, causes above symptoms.
 *
 * What a rule held before is in the state that goes in and comes out, so the same looks give the same diagnosis.
 */
import type { Evidence, Scope } from "../model/evidence.ts"
import { type Level, worstLevel } from "../model/level.ts"
import { rankWithCauses } from "./causes.ts"
import { culpritText, fillIn } from "./culprit.ts"
import { type Change, type Diagnosis, type Finding, type Recent, type Unknown, withSymptoms } from "./finding.ts"
import { recordChanges } from "./history.ts"
import { HOLD_MS, initialJudgement, type Judgement, judge, skip } from "./judge.ts"
import {
  type Culprit,
  isSwitchedOff,
  limitsOf,
  type Measured,
  type Rule,
  type Severity,
  type TracePoint,
} from "./rule.ts"

/** How long something that ended, or was too short to be raised, is still told of. */
export const RECENT_MS = 5 * 60_000

type Value = Extract<Measured, { kind: "value" }>

/** What is remembered of one rule in one namespace. */
interface Held {
  readonly judgement: Judgement
  readonly since: number
  /** Wall clock of the last window with a value. */
  readonly valueAt: number
  readonly last?: Value
  readonly past: readonly TracePoint[]
}

export interface DiagnosisState {
  readonly held: Readonly<Record<string, Held>>
  readonly recent: readonly Recent[]
  readonly changes: readonly Change[]
}

export const initialDiagnosisState: DiagnosisState = { held: {}, recent: [], changes: [] }

export interface DiagnoseOptions {
  readonly rules: readonly Rule[]
  /** How long a level must hold before it is raised, and before it clears. */
  readonly holdMs?: number
}

export function diagnose(
  evidence: Evidence,
  state: DiagnosisState,
  { rules, holdMs = HOLD_MS }: DiagnoseOptions,
): { readonly diagnosis: Diagnosis; readonly state: DiagnosisState } {
  const held: Record<string, Held> = {}
  const findings: Finding[] = []
  const unknown: Unknown[] = []
  const bursts: Recent[] = []
  for (const rule of rules) {
    if (isSwitchedOff(rule, evidence.thresholds)) continue
    const limits = limitsOf(rule, evidence.thresholds)
    for (const scope of rule.per === "host" ? evidence.scopes.slice(0, 1) : evidence.scopes) {
      const key = `${rule.id} ${scope.netns}`
      const before = state.held[key]
      const past = trace(rule, scope, evidence, before?.past ?? [])
      const measured = rule.measure(scope, evidence, past)
      // Another namespace has fewer sources; what is missing there was never promised.
      if (measured.kind === "missing" && scope.isOwn) unknown.push({ id: rule.id, reason: measured.reason })
      const next = judged(before, measured, past, { limits, evidence, holdMs })
      held[key] = next
      const { level } = next.judgement
      if (level !== "ok" && next.last !== undefined) {
        const severity = level
        findings.push(findingOf(rule, scope, next, next.last, severity))
      } else {
        const burst = burstOf(rule, scope, next, before, measured, evidence)
        if (burst !== undefined) bursts.push(burst)
      }
    }
  }
  const ranked = rankWithCauses(findings, rules)
  const standing = new Set(ranked.flatMap(withSymptoms).map(({ id, culprit }) => `${id} ${culprit.netns}`))
  const recent = keepRecent([...bursts, ...state.recent], standing, evidence.at)
  return {
    diagnosis: { at: evidence.at, level: levelOf(ranked, evidence), findings: ranked, unknown, recent },
    state: { held, recent, changes: recordChanges(state.changes, ranked, evidence.at) },
  }
}

function trace(rule: Rule, scope: Scope, evidence: Evidence, past: readonly TracePoint[]): readonly TracePoint[] {
  if (rule.trace === undefined) return []
  const value = rule.trace.of(scope, evidence)
  const { keepMs } = rule.trace
  const kept = past.filter(({ at }) => evidence.at - at <= keepMs)
  return value === undefined ? kept : [...kept, { at: evidence.at, elapsedMs: evidence.elapsedMs, value }]
}

function judged(
  before: Held | undefined,
  measured: Measured,
  past: readonly TracePoint[],
  { limits, evidence, holdMs }: { limits: ReturnType<typeof limitsOf>; evidence: Evidence; holdMs: number },
): Held {
  const { at, elapsedMs } = evidence
  const earlier = before?.judgement ?? initialJudgement
  if (measured.kind === "missing") {
    const isForgotten = before === undefined || at - before.valueAt > RECENT_MS
    return isForgotten
      ? { judgement: initialJudgement, since: at, valueAt: at, past }
      : { ...before, judgement: skip(earlier), past }
  }
  const value = measured.kind === "value" ? measured.value : 0
  const judgement = judge(earlier, value, limits, { elapsedMs, holdMs })
  const isRaised = earlier.level === "ok" && judgement.level !== "ok"
  // The window that raised it was not the first: it has stood for as long as the value has been there.
  const since = isRaised ? Math.round(at - Math.max(judgement.warnMs, judgement.critMs)) : (before?.since ?? at)
  // A level that is only held shows what raised it, unless the value still says something.
  const isTelling = measured.kind === "value" && (value > limits.warn.clear || before?.last === undefined)
  const last = isTelling ? withKnownCulprit(measured, before) : before?.last
  return { judgement, since, valueAt: at, ...(last === undefined ? {} : { last }), past }
}

/** Who it is may show in one window and not in the next: while the value stands, the last one seen is it. */
function withKnownCulprit(measured: Value, before: Held | undefined): Value {
  const isNamed = Object.keys(measured.culprit ?? {}).length > 0
  const known = before !== undefined && before.judgement.warnMs > 0 ? before.last?.culprit : undefined
  return isNamed || known === undefined ? measured : { ...measured, culprit: known }
}

function findingOf(rule: Rule, scope: Scope, held: Held, last: Value, severity: Severity): Finding {
  const culprit = { ...last.culprit, netns: scope.netns }
  return {
    id: rule.id,
    severity,
    confidence: last.confidence ?? rule.confidence,
    title: rule.title,
    since: held.since,
    evidence: last.evidence,
    culprit,
    meaning: rule.meaning,
    next: [...(scope.isOwn ? [] : [wayInto(culprit)]), ...rule.next.map((text) => fillIn(text, culprit))],
    symptoms: [],
    clearsWhen: rule.clearsWhen,
  }
}

/** Commands ask the namespace they are started in: there they would say that nothing is wrong. */
const wayInto = ({ netns, pid }: Culprit): string =>
  `run commands in network namespace ${netns}${pid === undefined ? "" : `: nsenter -t ${pid} -n COMMAND`}`

/** What has just ended, or was at its limit for one window only. */
function burstOf(
  rule: Rule,
  { netns }: Scope,
  { judgement, last }: Held,
  before: Held | undefined,
  measured: Measured,
  { at }: Evidence,
): Recent | undefined {
  const endedAs = before?.judgement.level
  const ended = endedAs !== undefined && endedAs !== "ok" ? endedAs : undefined
  const isBurst = judgement.warnMs > 0 && measured.kind === "value"
  if ((ended === undefined && !isBurst) || last === undefined) return undefined
  return {
    id: rule.id,
    title: rule.title,
    severity: ended ?? (judgement.critMs > 0 ? "crit" : "warn"),
    netns,
    lastSeen: at,
    evidence: last.evidence,
  }
}

/** The latest of each kind and namespace that is not standing now. */
function keepRecent(all: readonly Recent[], standing: ReadonlySet<string>, now: number): readonly Recent[] {
  const seen = new Set<string>()
  return all.filter(({ id, netns, lastSeen }) => {
    const key = `${id} ${netns}`
    if (seen.has(key) || standing.has(key) || now - lastSeen > RECENT_MS) return false
    seen.add(key)
    return true
  })
}

function levelOf(findings: readonly Finding[], evidence: Evidence): Level {
  if (findings.length > 0) return worstLevel(findings.map(({ severity }) => severity))
  return evidence.socketsReading.ok && evidence.scopes[0]?.counters.ok === true ? "ok" : "unknown"
}

/** Who and where, for one line. */
export const scopeText = (finding: Finding): string => culpritText(finding.culprit)
