/** No local port is left for another connection to the same destination. */
import { count, percentDetailed } from "../../text/units.ts"
import { given, measured, quiet, subject } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

export const ephemeralPortsExhausted: Rule = {
  id: "ephemeral-ports-exhausted",
  title: "Local ports run out towards one destination",
  unit: "%",
  per: "namespace",
  limits: limits(limit(70, 60), limit(90, 80)),
  measure: (scope) =>
    given(scope.survey, ({ portUse }) =>
      given(scope.portRange, ({ from, to, reservedCount }) => {
        if (portUse === undefined) return quiet
        const ports = Math.max(1, to - from + 1 - reservedCount)
        const value = Math.min(100, (portUse.used / ports) * 100)
        return measured(value, {
          evidence: [
            `${count(portUse.used)} of ${count(ports)} local ports (${from} to ${to}) are taken: ${percentDetailed(value)}`,
            ...(portUse.timeWait > 0
              ? [`${count(portUse.timeWait)} of them by connections that have ended (TIME_WAIT)`]
              : []),
          ],
          culprit: subject(portUse),
        })
      }),
    ),
  confidence: "high",
  meaning:
    "Each connection to one address and port needs a local port of its own, and nearly all are taken. The next connect " +
    "fails with EADDRNOTAVAIL, although the destination is well.",
  next: [
    "keep connections to {peer} port {peerPort} open and use them again (a pool)",
    "sysctl net.ipv4.ip_local_port_range: widen it; net.ipv4.tcp_tw_reuse=1",
    "more local or more destination addresses; IP_BIND_ADDRESS_NO_PORT where the program binds",
  ],
  explains: ["time-wait-pileup"],
  clearsWhen: "less than 60% of the ports are taken",
}
