/** Packets that belong to no tracked connection, and resets that answer them. */
import { given, measured, quiet, rises } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

export const conntrackInvalid: Rule = {
  id: "conntrack-invalid",
  title: "Connection tracking finds packets invalid",
  unit: "/s",
  per: "namespace",
  limits: limits(limit(10, 2)),
  gate: "only while resets are sent",
  measure: (scope, evidence) =>
    given(scope.conntrackRates, ({ invalidPerSecond }) =>
      given(rises(scope, evidence, ["Tcp.OutRsts"]), (resets) =>
        resets.total === 0 || invalidPerSecond === 0
          ? quiet
          : measured(invalidPerSecond, {
              evidence: [`invalid ${invalidPerSecond.toFixed(1)}/s`, ...resets.lines],
              culprit: {},
            }),
      ),
    ),
  confidence: "medium",
  meaning:
    "Packets arrive that fit no connection this host knows, and it answers with resets. Often the two directions of " +
    "a connection take different ways, so that only one of them is seen here.",
  next: [
    "ip route get ADDRESS on both ends: do both directions take the same way?",
    "drop packets in state invalid, instead of letting the host answer with a reset",
    "as a test: net.netfilter.nf_conntrack_tcp_be_liberal=1",
  ],
  explains: ["reset-storm"],
  clearsWhen: "two or fewer a second are invalid",
}
