/** Segments overtake each other: what looks like loss is none. */
import { count } from "../../text/units.ts"
import { given, measured, quiet, rises } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

const RETRANSMITS_MIN = 20

export const reordering: Rule = {
  id: "reordering",
  title: "Packets arrive out of order: not real loss",
  unit: "%",
  per: "namespace",
  limits: limits(limit(30, 15)),
  gate: "20 retransmissions in the window, without those that only probe the tail",
  measure: (scope, evidence) =>
    given(
      rises(scope, evidence, [
        "TcpExt.TCPDSACKRecv",
        "TcpExt.TCPSACKReorder",
        "TcpExt.TCPTSReorder",
        "Tcp.RetransSegs",
        "TcpExt.TCPSynRetrans",
        "TcpExt.TCPLossProbes",
      ]),
      (counters) => {
        // A probe of the tail that came too early is answered with a DSACK as well, and nothing was overtaken.
        const probes = counters.of("TcpExt.TCPLossProbes")
        const again = counters.of("Tcp.RetransSegs") - counters.of("TcpExt.TCPSynRetrans") - probes
        if (again < RETRANSMITS_MIN) return quiet
        const needless = Math.max(0, counters.of("TcpExt.TCPDSACKRecv") - probes)
        return measured(Math.min(100, (needless / again) * 100), {
          evidence: [`${count(needless)} of ${count(again)} retransmissions had arrived twice`, ...counters.lines],
          culprit:
            scope.survey.ok && scope.survey.value.loss.worst !== undefined
              ? { peer: scope.survey.value.loss.worst.peer }
              : {},
        })
      },
    ),
  confidence: "medium",
  meaning:
    "Packets take different ways and overtake each other, so the sender believes that some were lost and sends them " +
    "again. The peers report that these came twice.",
  next: [
    "look for paths that spread packets of one connection: bonding per packet, ECMP, a changed RSS table",
    "do not look for loss",
  ],
  explains: ["path-loss"],
  clearsWhen: "less than 15% of the retransmissions were needless",
}
