/** Closed sockets that nobody owns any more and that cannot be got rid of. */
import { count, percentDetailed } from "../../text/units.ts"
import { given, measured, quiet, rises, subject, unmeasured } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

const WARN_PERCENT = 25
/** Ends that have closed and whose peers do not confirm it. */
const CLOSING_MAX = 100

export const orphanPressure: Rule = {
  id: "orphan-pressure",
  title: "Closed connections pile up because peers do not confirm",
  unit: "%",
  per: "namespace",
  limits: limits(limit(WARN_PERCENT, 20), limit(50, 40)),
  gate: "percent of net.ipv4.tcp_max_orphans; more than 100 in FIN_WAIT1 count as the warning",
  measure: (scope, evidence) =>
    given(scope.survey, ({ finWait1 }) => {
      const orphans = evidence.socketStatistics.ok ? evidence.socketStatistics.value.TCP?.orphan : undefined
      const max = evidence.orphansMax.ok ? evidence.orphansMax.value : undefined
      // The host's orphans are told of once, in our own namespace.
      const isCounted = scope.isOwn && orphans !== undefined && max !== undefined && max > 0
      const percent = isCounted ? (orphans / max) * 100 : undefined
      const isMany = finWait1.count > CLOSING_MAX
      if (percent === undefined && scope.isOwn && !isMany)
        return unmeasured(evidence.orphansMax.ok ? "this kernel counts no orphans" : evidence.orphansMax.reason)
      if ((percent ?? 0) === 0 && !isMany) return quiet
      const counters = rises(scope, evidence, ["TcpExt.TCPAbortOnMemory", "TcpExt.TCPAbortOnLinger"])
      return measured(Math.max(percent ?? 0, isMany ? WARN_PERCENT : 0), {
        evidence: [
          ...(percent === undefined
            ? []
            : [`${count(orphans)} orphans of ${count(max)} (${percentDetailed(percent)})`]),
          `${count(finWait1.count)} sockets in FIN_WAIT1`,
          ...(counters.ok ? counters.value.lines : []),
        ],
        culprit: isMany ? subject(finWait1.worst) : {},
      })
    }),
  confidence: "medium",
  meaning:
    "Programs here have closed these connections and the peers do not confirm it, so the kernel keeps them, with the " +
    "data that is still to be sent. Each may hold 64 KB that cannot be swapped out.",
  next: [
    "who: ss -tn state fin-wait-1",
    "net.ipv4.tcp_orphan_retries: fewer tries give up sooner",
    "block peers (k) that do this on purpose",
  ],
  explains: [],
  clearsWhen: "under 20% of the limit and under 100 in FIN_WAIT1",
}
