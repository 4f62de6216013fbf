/** Packets that have no way out, or came in where they should not. */
import { given, measured, quiet, rate, rises } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"
import { unsentDatagrams } from "../unsent-datagrams.ts"

export const noRoute: Rule = {
  id: "no-route",
  title: "Packets have no route, or came the wrong way",
  unit: "/s",
  per: "namespace",
  limits: limits(limit(1, 0)),
  measure: (scope, evidence) =>
    given(
      rises(scope, evidence, ["Ip.OutNoRoutes", "IpExt.InNoRoutes", "TcpExt.IPReversePathFilter"]),
      ({ total, of, lines }) => {
        if (total === 0) return quiet
        const isFilter = of("TcpExt.IPReversePathFilter") * 2 > total
        return measured(rate(total, evidence), {
          evidence: [
            ...lines,
            isFilter ? "the reverse-path filter dropped them: the way back is another interface" : "there is no route",
          ],
          culprit: {},
        })
      },
    ),
  confidence: "high",
  meaning:
    "The routing table has no way for these packets, or they came in on an interface that the way back does not use, " +
    "and are dropped. A route has gone, or the network is not what this host believes.",
  next: [
    "ip route; ip route get ADDRESS: what has changed?",
    "reverse-path filter: net.ipv4.conf.all.rp_filter=2 where two ways are right",
    "net.ipv4.conf.all.log_martians=1 writes the packets to the kernel's log",
  ],
  explains: ["upstream-unreachable", "half-open-peers", "path-loss", unsentDatagrams],
  clearsWhen: "nothing has been dropped for two looks",
}
