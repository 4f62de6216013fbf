/** Causes above symptoms: what follows from another finding is shown beneath it, and not beside it. */
import type { Finding } from "./finding.ts"
import type { Rule } from "./rule.ts"

/** Worst first, then in the order of the rules. A symptom of two causes stands beneath the more important one. */
export function rankWithCauses(findings: readonly Finding[], rules: readonly Rule[]): readonly Finding[] {
  const importance = new Map(rules.map(({ id }, at) => [id, at]))
  const ruleOf = new Map(rules.map((rule) => [rule.id, rule]))
  const byImportance = [...findings].sort((a, b) => importance.get(a.id)! - importance.get(b.id)!)
  const causeOf = new Map<Finding, Finding>()
  for (const symptom of byImportance) {
    const cause = byImportance.find(
      (other) =>
        other !== symptom &&
        isExplained(ruleOf.get(other.id)!, other, symptom) &&
        // Never in a circle, however the rules are written.
        !ancestors(causeOf, other).includes(symptom),
    )
    if (cause !== undefined) causeOf.set(symptom, cause)
  }
  const build = (finding: Finding): Finding => {
    const symptoms = byImportance.filter((other) => causeOf.get(other) === finding).map(build)
    const isCrit = finding.severity === "crit" || symptoms.some(({ severity }) => severity === "crit")
    return { ...finding, severity: isCrit ? "crit" : "warn", symptoms }
  }
  const roots = byImportance.filter((finding) => !causeOf.has(finding)).map(build)
  const weight = ({ severity }: Finding) => (severity === "crit" ? 0 : 1)
  // The sort is stable: equal severities keep the order of importance.
  return roots.sort((a, b) => weight(a) - weight(b))
}

function ancestors(causeOf: ReadonlyMap<Finding, Finding>, finding: Finding): readonly Finding[] {
  const cause = causeOf.get(finding)
  return cause === undefined ? [] : [cause, ...ancestors(causeOf, cause)]
}

/** A cause explains what happens in its own namespace, or everywhere when it is the host's. */
function isExplained({ explains, per }: Rule, cause: Finding, symptom: Finding): boolean {
  const entry = explains.find((each) => (typeof each === "string" ? each : each.id) === symptom.id)
  if (entry === undefined) return false
  if (per === "namespace" && cause.culprit.netns !== symptom.culprit.netns) return false
  return typeof entry === "string" || entry.when(cause, symptom)
}

/** Both name the same process, or one of them names none. */
export const sameProcess = ({ culprit: a }: Finding, { culprit: b }: Finding): boolean =>
  a.pid === undefined || b.pid === undefined || a.pid === b.pid
