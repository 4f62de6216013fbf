/** The kernel throws away what arrived for a socket, for want of room or memory. */
import { given, measured, quiet, rate, rises, subject } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

export const socketBacklogDrops: Rule = {
  id: "socket-backlog-drops",
  title: "Received segments are thrown away for want of room",
  unit: "/s",
  per: "namespace",
  limits: limits(limit(1, 0)),
  gate: "drops at a full queue count only with a socket that is not read",
  measure: (scope, evidence) =>
    given(
      rises(scope, evidence, [
        "TcpExt.TCPBacklogDrop",
        "TcpExt.PFMemallocDrop",
        "TcpExt.TCPRcvQDrop",
        "TcpExt.TCPZeroWindowDrop",
      ]),
      ({ of, lines }) => {
        const guilty = scope.survey.ok ? scope.survey.value.localReaders.worst : undefined
        const queue = guilty === undefined ? 0 : of("TcpExt.TCPRcvQDrop") + of("TcpExt.TCPZeroWindowDrop")
        const lost = of("TcpExt.TCPBacklogDrop") + of("TcpExt.PFMemallocDrop") + queue
        return lost === 0 ? quiet : measured(rate(lost, evidence), { evidence: lines, culprit: subject(guilty) })
      },
    ),
  confidence: "medium",
  meaning:
    "Segments arrived for a socket and were thrown away, because its queue was full or memory was short. The peer has " +
    "to send them again.",
  next: [
    "a program that does not read is the usual reason: ss -tmp, a large Recv-Q",
    "PFMemallocDrop: memory is short and swap goes over the network",
  ],
  explains: ["path-loss"],
  clearsWhen: "nothing has been thrown away for two looks",
}
