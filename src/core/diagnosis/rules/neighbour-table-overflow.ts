/** The table of neighbours is full: hosts on the same network cannot be reached. */
import { count, percentDetailed } from "../../text/units.ts"
import { given, measured, quiet } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"
import { unsentDatagrams } from "../unsent-datagrams.ts"

export const neighbourTableOverflow: Rule = {
  id: "neighbour-table-overflow",
  title: "The neighbour table is full",
  unit: "%",
  per: "host",
  limits: limits(limit(75, 65), limit(95, 85)),
  measure: (_, evidence) =>
    given(evidence.neighbours, (tables) => {
      const share = ({ entryCount, entriesMax, refused }: (typeof tables)[number]) =>
        refused > 0 ? 100 : (entryCount / Math.max(1, entriesMax)) * 100
      const worst = tables.toSorted((a, b) => share(b) - share(a))[0]
      if (worst === undefined) return quiet
      const value = share(worst)
      return measured(value, {
        evidence: [
          `${worst.family}: ${count(worst.entryCount)} of ${count(worst.entriesMax)} neighbours (${percentDetailed(Math.min(100, value))})`,
          ...(worst.refused > 0 ? [`${count(worst.refused)} were refused in this window`] : []),
        ],
        culprit: {},
      })
    }),
  confidence: "high",
  meaning:
    "For every host on the same network the kernel keeps its hardware address, and that table is full. Packets to " +
    "hosts that are not in it cannot be sent; all namespaces share the one table.",
  next: [
    "raise net.ipv4.neigh.default.gc_thresh3 (and 1 and 2), or net.ipv6.neigh.default.gc_thresh3",
    "ip neigh | wc -l: one large network, many pods, or a scan from this host?",
  ],
  explains: ["upstream-unreachable", "no-route", "half-open-peers", unsentDatagrams],
  clearsWhen: "under 65% of the limit",
}
