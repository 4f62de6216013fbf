/** Connections are opened and thrown away at a high rate. */
import type { Births } from "../../model/survey-births.ts"
import { count, perSecond } from "../../text/units.ts"
import { given, measured, quiet, rate, rises, subject } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

const OPENS = 1_000

/** What the service with most of the new sockets has of all opens, told from the sockets that are still there. */
const attributed = (opens: number, { count: seen, worst }: Births): number =>
  worst === undefined || seen === 0 || worst.count === 0 ? opens : opens * (worst.count / seen)

export const connectionChurn: Rule = {
  id: "connection-churn",
  title: "Connections are opened and thrown away",
  unit: "/s",
  per: "namespace",
  limits: limits(limit(OPENS, OPENS / 2)),
  gate: "opens to or from one process and port",
  measure: (scope, evidence) =>
    given(rises(scope, evidence, ["Tcp.ActiveOpens", "Tcp.PassiveOpens"]), ({ of, total, lines }) =>
      given(scope.survey, ({ cameIn, wentOut, establishedCount }) => {
        if (rate(total, evidence) < OPENS / 2) return quiet
        const incoming = rate(attributed(of("Tcp.PassiveOpens"), cameIn), evidence)
        const outgoing = rate(attributed(of("Tcp.ActiveOpens"), wentOut), evidence)
        // Where both ends are on this host, the one that opens is the one that could stop.
        const births = outgoing >= incoming ? wentOut : cameIn
        return measured(Math.max(incoming, outgoing), {
          evidence: [
            `${perSecond(outgoing)} opened, ${perSecond(incoming)} accepted by one service; ${count(establishedCount)} stand`,
            ...lines,
          ],
          culprit: subject(births.worst),
          confidence: births.worst === undefined ? "low" : "medium",
        })
      }),
    ),
  confidence: "medium",
  meaning:
    "A program opens a connection for every small thing and closes it at once. Each costs both hosts round trips, CPU " +
    "and a local port for a minute.",
  next: [
    "keepalive or a pool in {process}: open once, use many times",
    "a client that tries again without a pause, after an error?",
  ],
  explains: [],
  clearsWhen: "under 500 opens a second",
}
