/** Datagrams for ports that nobody has, or that could not be sent. */
import { count } from "../../text/units.ts"
import { given, measured, quiet, rate, rises } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

const SHARE_MIN = 0.1

export const udpNoPort: Rule = {
  id: "udp-no-port",
  title: "Datagrams that nobody takes, or that cannot be sent",
  unit: "/s",
  per: "namespace",
  limits: limits(limit(10, 1)),
  gate: "10% of the datagrams that arrive",
  measure: (scope, evidence) =>
    given(
      rises(scope, evidence, [
        "Udp.NoPorts",
        "Udp6.Udp6NoPorts",
        "Udp.InDatagrams",
        "Udp6.Udp6InDatagrams",
        "Udp.SndbufErrors",
        "Udp.MemErrors",
      ]),
      ({ of, lines }) => {
        const nobody = of("Udp.NoPorts") + of("Udp6.Udp6NoPorts")
        const arrived = nobody + of("Udp.InDatagrams") + of("Udp6.Udp6InDatagrams")
        const unsent = of("Udp.SndbufErrors") + of("Udp.MemErrors")
        const counted = (nobody >= SHARE_MIN * arrived ? nobody : 0) + unsent
        if (counted === 0) return quiet
        return measured(rate(counted, evidence), {
          evidence: [...lines, `${count(nobody)} of ${count(arrived)} that arrived were for nobody`],
          culprit: {},
        })
      },
    ),
  confidence: "medium",
  meaning:
    "Datagrams arrive for ports where no program listens, or cannot be sent for want of room. The service is down, " +
    "somebody floods this host with answers it never asked for, or this host sends more than it may.",
  next: [
    "is every UDP service there? ss -lun",
    "tcpdump -ni any 'icmp[0] = 3 and icmp[1] = 3' -c 20: which port, from whom",
  ],
  explains: [],
  clearsWhen: "one or none a second",
}
