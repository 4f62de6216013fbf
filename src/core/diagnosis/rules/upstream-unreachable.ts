/** Connections are begun and nobody answers. */
import { given, measured, quiet, rises, subject, tallyLine } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

export const upstreamUnreachable: Rule = {
  id: "upstream-unreachable",
  title: "A destination does not answer",
  unit: "sockets",
  per: "namespace",
  limits: limits(limit(5, 1), limit(100, 50)),
  gate: "a SYN counts once it has been sent again, after one second",
  measure: (scope, evidence) =>
    given(scope.survey, ({ synSent }) => {
      if (synSent.worst === undefined) return quiet
      const again = rises(scope, evidence, ["TcpExt.TCPSynRetrans"])
      return measured(synSent.worst.count, {
        evidence: [
          tallyLine(synSent, "connections wait for an answer to their SYN, sent more than once", "one destination"),
          ...(again.ok ? again.value.lines : []),
        ],
        culprit: subject(synSent.worst),
        confidence: synSent.worst.count * 2 >= synSent.count ? "high" : "medium",
      })
    }),
  confidence: "high",
  meaning:
    "Programs on this host try to connect and get no answer at all. A firewall drops the packets, or the other host " +
    "is down; a host that is up would refuse at once.",
  next: [
    "ping {peer}, and from another host: nc -vz {peer} {peerPort}",
    "security groups and firewalls between here and {peer}, port {peerPort}",
    "ss -tn state syn-sent: who waits; the kernel gives up after about 130 seconds",
  ],
  explains: [],
  clearsWhen: "one or no connection waits for an answer",
}
