/** Programs ask a DNS server and get no answer. */

import type { Evidence, Scope } from "../../model/evidence.ts"
import { count } from "../../text/units.ts"
import { given, holderOf, measured, quiet, rises, subject } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

const DNS = 53
const PAST_MS = 10_000
/** Datagrams sent above twice those that came, in the last seconds. */
const UNANSWERED_MIN = 3

/** Sent, less twice what came: positive where answers are missing. */
const balance = (scope: Scope, evidence: Evidence): number | undefined => {
  const counters = rises(scope, evidence, [
    "Udp.OutDatagrams",
    "Udp6.Udp6OutDatagrams",
    "Udp.InDatagrams",
    "Udp6.Udp6InDatagrams",
  ])
  if (!counters.ok) return undefined
  const { of } = counters.value
  return of("Udp.OutDatagrams") + of("Udp6.Udp6OutDatagrams") - 2 * (of("Udp.InDatagrams") + of("Udp6.Udp6InDatagrams"))
}

export const dnsFailing: Rule = {
  id: "dns-failing",
  title: "A DNS server does not answer",
  unit: "sockets",
  per: "namespace",
  limits: limits(limit(2, 0)),
  gate: "a lookup waits longer than a look, and fewer than half of the datagrams sent were answered",
  trace: { keepMs: PAST_MS, of: balance },
  measure: (scope, _, past) =>
    given(scope.udp, (udp) => {
      const waiting = udp.filter(({ remotePort, isWaiting }) => remotePort === DNS && isWaiting)
      const overTcp =
        scope.survey.ok && scope.survey.value.synSent.worst?.peerPort === DNS
          ? scope.survey.value.synSent.worst
          : undefined
      const unanswered = past.reduce((sum, { value }) => sum + value, 0)
      const [first] = waiting
      const [tracked] = scope.unansweredDns
      const hasQuestions = first !== undefined || tracked !== undefined
      if (overTcp === undefined && (!hasQuestions || unanswered < UNANSWERED_MIN)) return quiet
      const byServer = Map.groupBy(waiting, ({ remoteAddress }) => remoteAddress)
      const worst = [...byServer.values()].sort((a, b) => b.length - a.length)[0] ?? []
      const socket = worst[0]
      return measured(Math.max(worst.length, tracked?.count ?? 0, overTcp?.count ?? 0), {
        evidence: [
          `${count(waiting.length)} lookups wait for an answer over UDP`,
          ...(tracked === undefined
            ? []
            : [`${count(tracked.count)} questions to one server are tracked without an answer`]),
          ...(overTcp === undefined ? [] : [`${count(overTcp.count)} wait over TCP`]),
        ],
        culprit:
          socket !== undefined
            ? { ...holderOf(socket), peer: socket.remoteAddress, peerPort: DNS }
            : tracked !== undefined
              ? { peer: tracked.server, peerPort: DNS }
              : subject(overTcp),
      })
    }),
  confidence: "medium",
  meaning:
    "Programs ask for names and the DNS server does not answer in time. Everything that needs a name waits, five " +
    "seconds and more for each.",
  next: [
    "dig @{peer} example.com: does it answer from here?",
    "/etc/resolv.conf: a second server, or a cache on this host",
  ],
  explains: [],
  clearsWhen: "no lookup waits",
}
