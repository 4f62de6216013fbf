/** Packets are larger than what a part of the path takes. */
import { count } from "../../text/units.ts"
import { given, measured, quiet, rate, rises, subject } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

/** A few clients behind tunnels are normal on a public host. */
const SMALL_SHARE = 0.5
const SMALL_MIN = 3

export const mtuMismatch: Rule = {
  id: "mtu-mismatch",
  title: "Packets are larger than the path takes",
  unit: "/s",
  per: "namespace",
  limits: limits(limit(1, 0)),
  gate: "packets that could not be split; or half of at least three connections run below their interface's MTU",
  measure: (scope, evidence) =>
    given(
      rises(scope, evidence, ["Ip.FragFails", "Ip6.Ip6FragFails", "Ip6.Ip6InTooBigErrors", "Icmp6.Icmp6InPktTooBigs"]),
      (counters) => {
        const small = scope.survey.ok ? scope.survey.value.smallPaths : { count: 0, comparedCount: 0 }
        const isCommon = small.count >= SMALL_MIN && small.count >= small.comparedCount * SMALL_SHARE
        if (counters.total === 0 && !isCommon) return quiet
        return measured(Math.max(rate(counters.total, evidence), isCommon ? 1 : 0), {
          evidence: [
            ...counters.lines,
            ...(small.count > 0
              ? [
                  `${count(small.count)} of ${count(small.comparedCount)} connections run below the MTU of their interface`,
                ]
              : []),
          ],
          culprit: isCommon ? subject(small.worst) : {},
          confidence: counters.total > 0 ? "high" : "medium",
        })
      },
    ),
  confidence: "high",
  meaning:
    "Packets were sent that are larger than a link on the way takes, and they may not be split. The sender has to " +
    "learn the smaller size first, which costs time with every new destination.",
  next: [
    "ip link: the MTU of each interface; ip route get {peer}: the MTU of the route",
    "tunnels and VPNs take 20 to 80 bytes: lower the MTU or clamp the MSS there",
  ],
  explains: [],
  clearsWhen: "nothing has failed to be split for two looks",
}
