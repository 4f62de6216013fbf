/** What the diagnosis shows: what the rules found in the last look, and what the last trace found while that is fresh. */
import type { Finding } from "../diagnosis/finding.ts"
import { peerFindings } from "../trace/as-finding.ts"
import type { Facts } from "./facts.ts"
import { freshTrace } from "./tracing.ts"

type Known = Pick<Facts, "diagnosis" | "tracing" | "now">

const weight = ({ severity }: Finding): number => (severity === "crit" ? 0 : 1)

/** The worst first; of equals the rules' own. */
export function shownFindings(facts: Known): readonly Finding[] {
  const found = facts.diagnosis?.findings ?? []
  const trace = freshTrace(facts)
  if (trace === undefined || trace.verdict.findings.length === 0) return found
  return [...found, ...peerFindings(trace)].sort((a, b) => weight(a) - weight(b))
}
