/** The connection tracking table is full: new connections are dropped for everybody. */
import { count } from "../../text/units.ts"
import { given, measured, quiet } from "../measure.ts"
import { limit, type Rule } from "../rule.ts"

/** Any drop at all. */
const ANY = 0.01

export const conntrackFull: Rule = {
  id: "conntrack-full",
  title: "Connection tracking drops new connections",
  unit: "/s",
  per: "namespace",
  limits: ({ dropsPerSecond }) => ({
    warn: limit(ANY, 0),
    crit: limit(dropsPerSecond.crit, Math.min(dropsPerSecond.warn, dropsPerSecond.crit) / 2),
  }),
  measure: (scope) =>
    given(scope.conntrack, ({ count: used, max }) =>
      given(scope.conntrackRates, ({ dropPerSecond, earlyDropPerSecond, insertFailedPerSecond }) => {
        const isFull = max > 0 && used >= max
        if (dropPerSecond === 0 && !isFull) return quiet
        return measured(Math.max(dropPerSecond, isFull ? ANY : 0), {
          evidence: [
            `${count(used)} of ${count(max)} entries`,
            `dropped ${dropPerSecond.toFixed(1)}/s, thrown out early ${earlyDropPerSecond.toFixed(1)}/s, insert failed ${insertFailedPerSecond.toFixed(1)}/s`,
          ],
          culprit: {},
          confidence: isFull || used > max * 0.9 ? "high" : "medium",
        })
      }),
    ),
  confidence: "high",
  meaning:
    "Linux remembers every connection that it filters, and the table for that is full. Packets of new connections are " +
    "thrown away, for every program on this host.",
  next: [
    "sysctl net.netfilter.nf_conntrack_max: raise it, and nf_conntrack_buckets with it",
    "conntrack -S: do drop and early_drop keep rising?",
    "find one peer or service that holds most entries; block the peer (k) if it is an attack",
  ],
  explains: [
    "conntrack-near-full",
    "conntrack-insert-race",
    "upstream-unreachable",
    "reset-storm",
    "dns-failing",
    "half-open-peers",
  ],
  clearsWhen: "nothing has been dropped and the table has room for two looks",
}
