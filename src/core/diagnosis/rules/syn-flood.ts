/** The queue of half-open connections is full: a flood of SYNs, or a return path that loses our answers. */
import { count } from "../../text/units.ts"
import { given, measured, quiet, rises, subject } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

/** More half-open connections than this are a condition of their own. */
const HALF_OPEN_MAX = 100
const CRIT = 5

export const synFlood: Rule = {
  id: "syn-flood",
  title: "SYN flood: the queue of half-open connections is full",
  unit: "/s",
  per: "namespace",
  limits: limits(limit(1, 0), limit(CRIT, 0)),
  measure: (scope, evidence) =>
    given(rises(scope, evidence, ["TcpExt.TCPReqQFullDoCookies", "TcpExt.TCPReqQFullDrop"]), (counters) => {
      const halfOpen = scope.survey.ok ? scope.survey.value.synReceived : { count: 0, peerCount: 0 }
      const isMany = halfOpen.count > HALF_OPEN_MAX
      if (counters.total === 0 && !isMany) return quiet
      return measured(Math.max(counters.perSecond, isMany ? CRIT : 0), {
        evidence: [
          ...counters.lines,
          `${count(halfOpen.count)} half-open connections from ${count(halfOpen.peerCount)} addresses`,
        ],
        culprit: subject(halfOpen.worst),
        confidence: counters.total > 0 ? "high" : "medium",
      })
    }),
  confidence: "high",
  meaning:
    "Many clients begin a connection and never finish it, so the kernel's list of half-open connections is full. With " +
    "SYN cookies the service goes on; without them new clients are turned away.",
  next: [
    "many source addresses: a flood; leave net.ipv4.tcp_syncookies at 1 and block networks upstream",
    "few source addresses: our answers do not come back to them; check the return path",
    "ss -tn state syn-recv 'sport = :{port}' lists them",
  ],
  explains: [],
  clearsWhen: "the queue has not overflowed and fewer than 100 connections are half open for two looks",
}
