/** Suddenly far more packets than usual. */
import type { Evidence, Scope } from "../../model/evidence.ts"
import { bytes, perSecond } from "../../text/units.ts"
import { covered, given, mean, measured, quiet, subject, unmeasured } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

const RECENT_MS = 10_000
const USUAL_MS = 60_000
const USUAL_MIN_MS = 5_000
const PACKETS_MIN = 1_000
/** Under this many packets a second a multiple means nothing: a quiet host does much more with one page load. */
const USUAL_MIN = 20

const packets = ({ links }: Scope, { elapsedMs }: Evidence): number | undefined =>
  links.ok
    ? (links.value
        .filter(({ isLoopback }) => !isLoopback)
        .reduce((sum, { rises: { rxPackets = 0, txPackets = 0 } }) => sum + rxPackets + txPackets, 0) *
        1_000) /
      elapsedMs
    : undefined

export const trafficSpike: Rule = {
  id: "traffic-spike",
  title: "Far more packets than usual",
  unit: "times the usual",
  per: "namespace",
  limits: limits(limit(50, 10)),
  gate: "at least 1,000 packets a second; the usual is the minute before, so it needs 10 seconds of looks",
  trace: { keepMs: USUAL_MS + RECENT_MS, of: packets },
  measure: (scope, evidence, past) =>
    given(scope.links, () => {
      const before = past.filter(({ at }) => evidence.at - at >= RECENT_MS)
      const usual = mean(before, 0, Number.POSITIVE_INFINITY, evidence.at)
      if (usual === undefined || covered(before) < USUAL_MIN_MS)
        return unmeasured("needs to know what is usual: watch for fifteen seconds (--watch)")
      const recent = mean(past, 0, RECENT_MS, evidence.at) ?? 0
      if (recent < PACKETS_MIN) return quiet
      const talker = scope.survey.ok ? scope.survey.value.talker : undefined
      return measured(recent / Math.max(usual, USUAL_MIN), {
        evidence: [
          `${perSecond(recent)} packets in the last 10 s, ${perSecond(usual)} in the minute before`,
          ...(talker === undefined ? [] : [`the busiest connection moved ${bytes(talker.bytes)} in this window`]),
        ],
        culprit: subject(talker),
      })
    }),
  confidence: "medium",
  meaning:
    "The host sends or receives many times what it did a minute ago. That may be a new job, a popular page or an attack.",
  next: [
    "who: Top Connections sorted by bandwidth (B), then grouped (g)",
    "block a peer for some minutes (k) if it should not be there",
    "capture ten seconds to see what it is (T)",
  ],
  explains: [],
  clearsWhen: "it is less than ten times the usual",
}
