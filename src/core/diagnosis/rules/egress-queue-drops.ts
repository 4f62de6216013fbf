/** More is sent than a queue may hold. */
import { bytes, count, perSecond } from "../../text/units.ts"
import { given, measured, quiet, rate, stepLine } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"
import { unsentDatagrams } from "../unsent-datagrams.ts"

export const egressQueueDrops: Rule = {
  id: "egress-queue-drops",
  title: "A send queue drops packets",
  unit: "/s",
  per: "namespace",
  limits: limits(limit(2, 0)),
  measure: (scope, evidence) =>
    given(scope.queues, (queues) => {
      const lost = ({ drops: { before, after } }: (typeof queues)[number]) => after - before
      const worst = queues.toSorted((a, b) => lost(b) - lost(a))[0]
      if (worst === undefined || lost(worst) === 0) return quiet
      return measured(rate(lost(worst), evidence), {
        evidence: [
          stepLine(`${worst.kind} of ${worst.device} dropped`, worst.drops, evidence),
          `${count(worst.packets)} packets sent (${perSecond(rate(worst.packets, evidence))}), ${bytes(worst.backlogBytes)} wait`,
        ],
        culprit: { interface: worst.device },
      })
    }),
  confidence: "high",
  meaning:
    "This host sends more than the queue of its interface may hold, so packets are thrown away before they leave. A " +
    "limit on the rate, or a slow line behind it, is the reason.",
  next: [
    "tc -s qdisc show dev {interface}: which queue, and is its rate a limit that somebody set?",
    "who sends: Top Connections sorted by bandwidth",
    "a larger limit, or fq in place of a plain queue",
  ],
  explains: ["path-loss", "bufferbloat", unsentDatagrams],
  clearsWhen: "nothing has been dropped for two looks",
}
