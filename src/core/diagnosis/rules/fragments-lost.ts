/** Large datagrams come in pieces, and some pieces never come. */
import { given, measured, quiet, rate, rises } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

export const fragmentsLost: Rule = {
  id: "fragments-lost",
  title: "Fragments of packets are lost",
  unit: "/s",
  per: "namespace",
  limits: limits(limit(0.5, 0)),
  measure: (scope, evidence) =>
    given(
      rises(scope, evidence, ["Ip.ReasmFails", "Ip6.Ip6ReasmFails", "Ip.ReasmTimeout", "Ip6.Ip6ReasmTimeout"]),
      ({ of, lines }) => {
        const lost = of("Ip.ReasmFails") + of("Ip6.Ip6ReasmFails")
        return lost === 0 ? quiet : measured(rate(lost, evidence), { evidence: lines, culprit: {} })
      },
    ),
  confidence: "high",
  meaning:
    "Datagrams too large for one packet come in pieces, and they could not be put together because pieces are missing. " +
    "The whole datagram is lost; DNS, NFS and tunnels suffer from it.",
  next: [
    "who sends large datagrams? tcpdump -ni any 'ip[6:2] & 0x3fff != 0' -c 20",
    "smaller datagrams (EDNS buffer 1232, NFS over TCP, a smaller tunnel MTU)",
    "net.ipv4.ipfrag_high_thresh, where the memory for pieces is too small",
  ],
  explains: [],
  clearsWhen: "nothing has been lost for two looks",
}
