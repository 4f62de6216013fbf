/** So many closed connections wait for stray packets that there is no room for more, or no port. */
import { count } from "../../text/units.ts"
import { given, measured, quiet, rises, subject } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

const SHARE_OF_PORTS = 0.5

export const timeWaitPileup: Rule = {
  id: "time-wait-pileup",
  title: "TIME_WAIT takes all the room there is",
  unit: "/s",
  per: "namespace",
  limits: limits(limit(1, 0)),
  gate: "TIME_WAIT by itself is harmless: only where its table overflows or it takes half of the ports to one destination",
  measure: (scope, evidence) =>
    given(rises(scope, evidence, ["TcpExt.TCPTimeWaitOverflow"]), (overflow) => {
      const survey = scope.survey.ok ? scope.survey.value : undefined
      const use = survey?.portUse
      const range = scope.portRange.ok ? scope.portRange.value : undefined
      const ports = range === undefined ? undefined : range.to - range.from + 1 - range.reservedCount
      const takesPorts = use !== undefined && ports !== undefined && use.timeWait >= ports * SHARE_OF_PORTS
      if (overflow.total === 0 && !takesPorts) return quiet
      return measured(Math.max(overflow.perSecond, takesPorts ? 1 : 0), {
        evidence: [
          ...overflow.lines,
          `${count(survey?.timeWaitCount)} sockets in TIME_WAIT`,
          ...(takesPorts ? [`${count(use.timeWait)} of ${count(ports)} local ports to one destination`] : []),
        ],
        culprit: takesPorts ? subject(use) : {},
      })
    }),
  confidence: "high",
  meaning:
    "A connection that ended here is remembered for a minute, so that a stray packet does not meet a new one. Usually " +
    "that costs nothing; here there are more than there is room for.",
  next: [
    "keep connections open and use them again (keepalive, a pool)",
    "net.ipv4.tcp_tw_reuse=1 on the side that opens connections",
    "net.ipv4.tcp_max_tw_buckets bounds how many are remembered",
  ],
  explains: [],
  clearsWhen: "nothing overflows and half of the ports are free",
}
