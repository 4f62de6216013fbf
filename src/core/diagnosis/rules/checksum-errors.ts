/** Packets arrive with a checksum that does not fit. */
import { given, measured, quiet, rises } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

export const checksumErrors: Rule = {
  id: "checksum-errors",
  title: "Packets arrive damaged",
  unit: "/s",
  per: "namespace",
  limits: limits(limit(1, 0)),
  measure: (scope, evidence) =>
    given(
      rises(scope, evidence, [
        "Tcp.InCsumErrors",
        "Udp.InCsumErrors",
        "Udp6.Udp6InCsumErrors",
        "Icmp.InCsumErrors",
        "IpExt.InCsumErrors",
      ]),
      ({ total, perSecond, lines }) => (total === 0 ? quiet : measured(perSecond, { evidence: lines, culprit: {} })),
    ),
  confidence: "high",
  meaning:
    "Packets reached this host whose contents do not fit their checksum, so they were thrown away. A card, its " +
    "offloading or a box on the way damages them.",
  next: [
    "ethtool -K INTERFACE rx off tx off, as a test: does it stop?",
    "which interface: ethtool -S; a capture on this host shows wrong checksums for what it sends itself, which is normal",
  ],
  explains: ["path-loss"],
  clearsWhen: "nothing damaged has arrived for two looks",
}
