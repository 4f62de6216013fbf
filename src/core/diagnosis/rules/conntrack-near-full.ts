/** The connection tracking table fills up. */
import { count, percentDetailed } from "../../text/units.ts"
import { given, measured, unmeasured } from "../measure.ts"
import { limit, type Rule } from "../rule.ts"

/** Percent points under a limit at which it clears. */
const CLEAR_BELOW = 5

export const conntrackNearFull: Rule = {
  id: "conntrack-near-full",
  title: "The connection tracking table is filling up",
  unit: "%",
  per: "namespace",
  limits: ({ conntrackPercent: { warn, crit } }) => ({
    warn: limit(warn, Math.max(0, warn - CLEAR_BELOW)),
    crit: limit(crit, Math.max(0, crit - CLEAR_BELOW)),
  }),
  measure: (scope) =>
    given(scope.conntrack, ({ count: used, max }) => {
      if (max <= 0) return unmeasured("connection tracking has no limit here")
      const value = (used / max) * 100
      const drops = scope.conntrackRates.ok ? scope.conntrackRates.value.dropPerSecond : 0
      return measured(value, {
        evidence: [
          `${count(used)} of ${count(max)} entries (${percentDetailed(value)})`,
          drops > 0 ? `dropped ${drops.toFixed(1)}/s` : "nothing is dropped yet",
        ],
        culprit: {},
      })
    }),
  confidence: "high",
  meaning:
    "Linux remembers every connection that it filters, in a table of limited size. When it is full, new connections " +
    "are dropped.",
  next: [
    "raise net.netfilter.nf_conntrack_max before it is full",
    "conntrack -L: one source, port or state that holds most entries?",
    "shorten net.netfilter.nf_conntrack_tcp_timeout_established (5 days by default)",
  ],
  explains: [],
  clearsWhen: "the table is five percent points under the limit",
}
