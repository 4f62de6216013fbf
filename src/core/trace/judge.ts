/** The verdict on a capture: what is wrong in it, how sure that is, and what else should be known. */
import { count } from "../text/units.ts"
import { NEVER } from "./conversations.ts"
import { type Facts, gatherFacts, plural, type TraceContext } from "./facts.ts"
import type { Finding } from "./finding.ts"
import type { CaptureProblem } from "./pcap.ts"
import { closeNotes } from "./rules/ending.ts"
import { traceRules } from "./rules/index.ts"
import { nameNotes } from "./rules/names.ts"
import { type Trace, unreadLinkTypes } from "./trace.ts"

export interface Verdict {
  /** The worst first; empty when nothing is wrong. */
  readonly findings: readonly Finding[]
  /** One sentence for when there is no finding, or for the first of them. */
  readonly summary: string
  /** Limits of the capture, and what is worth knowing and not wrong. */
  readonly notes: readonly string[]
}

const LOW_SAMPLE = 10

/** `problem` is what the reader of the file met. */
export function judgeTrace(trace: Trace, context: TraceContext, problem?: CaptureProblem): Verdict {
  const facts = gatherFacts(trace, context)
  const lost = context.dropped ?? 0
  const found = traceRules.flatMap(({ id, restsOnAbsence, judge }): Finding[] => {
    const finding = judge(facts)
    if (finding === undefined) return []
    return [restsOnAbsence && lost > 0 ? unsafe({ id, ...finding }, lost) : { id, ...finding }]
  })
  const weight = ({ severity }: Finding) => (severity === "crit" ? 0 : 1)
  const findings = found.toSorted((a, b) => weight(a) - weight(b))
  return { findings, summary: summaryOf(facts, findings), notes: notesOf(facts, problem) }
}

/** What rests on packets that are not there is less sure when the capture lost some itself. */
function unsafe(finding: Finding, lost: number): Finding {
  return {
    ...finding,
    confidence: finding.confidence === "high" ? "medium" : "low",
    evidence: [
      ...finding.evidence,
      `not safe: the capture lost ${plural(lost, "packet")}, which may be the ones that are missing here`,
    ],
  }
}

function summaryOf({ trace, tcp }: Facts, findings: readonly Finding[]): string {
  const [first] = findings
  if (first !== undefined) return first.title
  const isWhole = tcp.some(
    (c) => c.establishedUs !== NEVER && c.sides[0].payloadBytes > 0 && c.sides[1].payloadBytes > 0,
  )
  if (trace.packetCount < LOW_SAMPLE && !isWhole)
    return `Too few packets (${trace.packetCount}) for a firm verdict; nothing is wrong in them`
  return "Nothing is wrong in what was captured"
}

function notesOf(facts: Facts, problem: CaptureProblem | undefined): string[] {
  const { trace, context } = facts
  const { counts } = trace
  const unread = unreadLinkTypes(trace)
  return [
    ...(problem === undefined ? [] : [`the capture is ${problem.kind}: ${problem.text}`]),
    ...(context.hasBothDirections ? [] : ["only one direction was captured: silence of the other proves nothing"]),
    ...(context.hasWholeConversations
      ? []
      : ["the filter takes only some packets of a conversation: what is missing between them is not judged"]),
    ...(unread.length === 0 ? [] : [`${plural(counts.unread, "packet")} of ${unread.join(", ")} cannot be read here`]),
    ...(counts.unkept === 0
      ? []
      : [
          `${count(counts.unkept)} packets belong to conversations beyond the first ${count(trace.conversations.length)}, which alone are judged`,
        ]),
    ...(trace.packetCount <= trace.table.count
      ? []
      : [`the first ${count(trace.table.count)} packets are listed; all ${count(trace.packetCount)} are judged`]),
    ...(counts.malformed === 0 ? [] : [`${plural(counts.malformed, "packet")} contradict their own lengths`]),
    ...(counts.copies === 0
      ? []
      : [`${plural(counts.copies, "packet")} passed a second interface of this host and count once`]),
    ...closeNotes(facts),
    ...nameNotes(facts),
  ]
}
