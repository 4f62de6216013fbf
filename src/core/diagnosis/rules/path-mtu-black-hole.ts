/** Small packets pass, full-size ones vanish, and nobody says so. */
import { given, measured, quiet, rises, subject, tallyLine } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

export const pathMtuBlackHole: Rule = {
  id: "path-mtu-black-hole",
  title: "Full-size packets vanish on the way",
  unit: "sockets",
  per: "namespace",
  limits: limits(limit(1, 0)),
  gate: "two timeouts for a full-size segment on a connection that hardly ever got one through",
  measure: (scope, evidence) =>
    given(scope.survey, ({ blackHoles }) => {
      if (blackHoles.worst === undefined) return quiet
      const counters = rises(scope, evidence, ["TcpExt.TCPMTUPFail", "TcpExt.TCPMTUPSuccess", "IcmpMsg.InType3"])
      return measured(blackHoles.count, {
        evidence: [
          tallyLine(blackHoles, "connections repeat a full-size segment that is never confirmed", "one peer"),
          ...(counters.ok ? counters.value.lines : []),
          ...(counters.ok && counters.value.of("IcmpMsg.InType3") === 0 ? ["no ICMP tells of a smaller MTU"] : []),
        ],
        culprit: subject(blackHoles.worst),
      })
    }),
  confidence: "medium",
  meaning:
    "The connection opens, and as soon as a full-size packet is sent nothing arrives any more. Somewhere on the way " +
    "packets of that size do not fit, and the message that should say so is filtered.",
  next: [
    "ping -M do -s 1472 {peer}, then smaller: which size passes?",
    "clamp the MSS on the tunnel or gateway; net.ipv4.tcp_mtu_probing=1 here",
    "let ICMP type 3 code 4 through firewalls",
  ],
  explains: ["path-loss", "half-open-peers", "mtu-mismatch"],
  clearsWhen: "no connection repeats a full-size segment",
}
