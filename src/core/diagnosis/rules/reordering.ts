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
  gate: "20 retransmissions in the window",
  measure: (scope, evidence) =>
    given(
      rises(scope, evidence, [
        "TcpExt.TCPDSACKRecv",
        "TcpExt.TCPSACKReorder",
        "TcpExt.TCPTSReorder",
        "Tcp.RetransSegs",
        "TcpExt.TCPSynRetrans",
      ]),
      (counters) => {
        const again = counters.of("Tcp.RetransSegs") - counters.of("TcpExt.TCPSynRetrans")
        if (again < RETRANSMITS_MIN) return quiet
        return measured((counters.of("TcpExt.TCPDSACKRecv") / again) * 100, {
          evidence: [
            `${count(counters.of("TcpExt.TCPDSACKRecv"))} of ${count(again)} retransmissions had arrived twice`,
            ...counters.lines,
          ],
          culprit: {},
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
