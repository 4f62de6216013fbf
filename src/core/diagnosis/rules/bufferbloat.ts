/** A queue before or behind us makes every round trip long. */
import { count } from "../../text/units.ts"
import { given, measured, quiet } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

export const bufferbloat: Rule = {
  id: "bufferbloat",
  title: "A queue makes round trips long",
  unit: "sockets",
  per: "namespace",
  limits: limits(limit(5, 2)),
  gate: "at least half of the connections that send",
  measure: (scope, evidence) =>
    given(scope.survey, ({ inflated }) => {
      if (inflated.worst === undefined || inflated.count * 2 < inflated.activeCount) return quiet
      const { localAddress } = inflated.worst
      const backlog = scope.queues.ok
        ? scope.queues.value.toSorted((a, b) => b.backlogBytes - a.backlogBytes)[0]
        : undefined
      const queued = backlog !== undefined && backlog.backlogBytes > 0 ? backlog : undefined
      const device = queued?.device ?? (localAddress === undefined ? undefined : evidence.devices[localAddress])
      return measured(inflated.worst.count, {
        evidence: [
          `${count(inflated.count)} of ${count(inflated.activeCount)} sending connections take more than three times, and 50 ms above, their best round trip`,
          ...(queued === undefined
            ? []
            : [`${count(queued.backlogBytes)} bytes wait in ${queued.kind} of ${queued.device}`]),
        ],
        culprit: {
          ...(localAddress === undefined ? {} : { localAddress }),
          ...(device === undefined ? {} : { interface: device }),
        },
      })
    }),
  confidence: "medium",
  meaning:
    "Packets wait in a queue somewhere between here and the peers, far longer than the way itself takes. Bulk " +
    "transfers fill that queue, and everything else waits behind them.",
  next: [
    "which connection sends most: Top Connections sorted by bandwidth",
    "tc qdisc replace dev {interface} root fq, or shaping a little under the line's speed",
    "sysctl net.ipv4.tcp_congestion_control=bbr keeps queues short",
  ],
  explains: [],
  clearsWhen: "two or fewer connections are that slow",
}
