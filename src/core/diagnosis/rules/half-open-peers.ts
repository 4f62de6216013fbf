/** Peers that are gone without a word: what is sent to them is never confirmed. */
import { count } from "../../text/units.ts"
import { given, measured, quiet, rises, subject, tallyLine } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

/** Every public service has some of these: fewer than this share of the connections are no finding. */
const SHARE_MIN = 0.01

export const halfOpenPeers: Rule = {
  id: "half-open-peers",
  title: "Peers are gone and their connections still stand",
  unit: "sockets",
  per: "namespace",
  limits: limits(limit(2, 0)),
  gate: "1% of the established connections",
  measure: (scope, evidence) =>
    given(scope.survey, ({ stalled, establishedCount }) => {
      if (stalled.worst === undefined || stalled.count < establishedCount * SHARE_MIN) return quiet
      const counters = rises(scope, evidence, ["TcpExt.TCPAbortOnTimeout", "TcpExt.TCPTimeouts"])
      return measured(stalled.count, {
        evidence: [
          tallyLine(stalled, "connections send into the void, timeout after timeout", "one peer"),
          `${count(establishedCount)} established connections in all`,
          ...(counters.ok ? counters.value.lines : []),
        ],
        culprit: subject(stalled.worst),
      })
    }),
  confidence: "high",
  meaning:
    "Data was sent on these connections and no answer comes, not even a refusal. The peer, its network or a NAT in " +
    "between has gone away; the kernel tries for about 15 minutes before it gives up.",
  next: [
    "ping {peer}; is its host, link or NAT gone?",
    "ss -tino dst {peer}: lastack and backoff",
    "keepalive shorter than the idle timeout of NAT and firewalls; TCP_USER_TIMEOUT in the program",
  ],
  explains: [],
  clearsWhen: "every peer has answered, or its connections are gone",
}
