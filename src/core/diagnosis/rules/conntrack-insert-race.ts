/** Two packets of one UDP socket race for the same entry, and one is dropped: the DNS lookup that takes 5 seconds. */
import { given, measured, quiet } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

const DNS = 53

export const conntrackInsertRace: Rule = {
  id: "conntrack-insert-race",
  title: "Packets lose a race in connection tracking",
  unit: "/s",
  per: "namespace",
  limits: limits(limit(1, 0.1)),
  gate: "only while the table is not full",
  measure: (scope) =>
    given(scope.conntrackRates, ({ insertFailedPerSecond: failed }) => {
      const isFull = scope.conntrack.ok && scope.conntrack.value.count >= scope.conntrack.value.max
      if (failed === 0 || isFull) return quiet
      const hasDns = scope.udp.ok && scope.udp.value.some(({ remotePort }) => remotePort === DNS)
      return measured(failed, {
        evidence: [
          `insert failed ${failed.toFixed(1)}/s, the table is not full`,
          ...(hasDns ? ["programs here ask DNS over UDP"] : []),
        ],
        culprit: hasDns ? { peerPort: DNS } : {},
        confidence: hasDns ? "medium" : "low",
      })
    }),
  confidence: "medium",
  meaning:
    "Two packets of one socket asked for the same entry at once, and the second one was thrown away. It hits DNS " +
    "lookups most, which then wait five seconds for their next try.",
  next: [
    "options single-request-reopen in /etc/resolv.conf, or a DNS cache on this host",
    "NAT with fully random ports (masquerade fully-random)",
    "conntrack -S: insert_failed and clash_resolve",
  ],
  explains: ["dns-failing"],
  clearsWhen: "fewer than one insert in ten seconds fails",
}
