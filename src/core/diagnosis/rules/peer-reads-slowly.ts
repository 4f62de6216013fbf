/** The far program does not take what we send. */
import { given, measured, quiet, rises, subject, tallyLine } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

export const peerReadsSlowly: Rule = {
  id: "peer-reads-slowly",
  title: "A peer does not read what it is sent",
  unit: "sockets",
  per: "namespace",
  limits: limits(limit(1, 0)),
  gate: "nothing moves against a closed window, or under 1 MB/s with the peer's window closed half of the busy time",
  measure: (scope, evidence) =>
    given(scope.survey, ({ peerReaders }) => {
      if (peerReaders.worst === undefined) return quiet
      const counters = rises(scope, evidence, ["TcpExt.TCPFromZeroWindowAdv", "TcpExt.TCPWinProbe"])
      return measured(peerReaders.count, {
        evidence: [
          tallyLine(peerReaders, "connections wait for the peer to read", "one peer"),
          ...(counters.ok ? counters.value.lines : []),
        ],
        culprit: subject(peerReaders.worst),
      })
    }),
  confidence: "high",
  meaning:
    "The peer's window is closed: its program does not read, so this host may not send. The network between them is " +
    "not the reason.",
  next: [
    "look at the program on {peer}: it is slow, stopped or stuck",
    "ss -tino dst {peer}: rwnd_limited, and a persist timer",
    "TCP_USER_TIMEOUT in the local program bounds how long it waits",
  ],
  explains: [],
  clearsWhen: "no connection waits for its peer",
}
