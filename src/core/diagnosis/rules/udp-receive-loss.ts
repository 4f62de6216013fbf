/** Datagrams arrive faster than a program takes them. */
import { count } from "../../text/units.ts"
import { given, holderOf, measured, quiet, rises } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

export const udpReceiveLoss: Rule = {
  id: "udp-receive-loss",
  title: "A program is too slow for its datagrams",
  unit: "/s",
  per: "namespace",
  limits: limits(limit(10, 0)),
  measure: (scope, evidence) =>
    given(rises(scope, evidence, ["Udp.RcvbufErrors", "Udp6.Udp6RcvbufErrors", "UdpLite.RcvbufErrors"]), (counters) => {
      if (counters.total === 0) return quiet
      const socket = scope.udp.ok
        ? scope.udp.value.toSorted((a, b) => b.drops - b.dropsBefore - (a.drops - a.dropsBefore))[0]
        : undefined
      const guilty = socket !== undefined && socket.drops > socket.dropsBefore ? socket : undefined
      return measured(counters.perSecond, {
        evidence: [
          ...counters.lines,
          ...(guilty === undefined ? [] : [`${count(guilty.drops - guilty.dropsBefore)} of them by one socket`]),
        ],
        culprit: guilty === undefined ? {} : { ...holderOf(guilty), port: guilty.localPort },
        confidence: guilty === undefined ? "medium" : "high",
      })
    }),
  confidence: "high",
  meaning:
    "Datagrams reached this host, and the buffer of the socket they were meant for was full. They are lost for good, " +
    "since UDP does not send again.",
  next: [
    "look at {process} (pid {pid}), port {port}: its CPU, and how it reads",
    "sysctl net.core.rmem_max, and a larger SO_RCVBUF in the program",
  ],
  explains: [],
  clearsWhen: "nothing has been lost for two looks",
}
