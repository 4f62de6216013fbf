/** A program here does not take what it was sent. */
import { given, measured, quiet, rises, subject, tallyLine } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

export const localReadsSlowly: Rule = {
  id: "local-reads-slowly",
  title: "A program here does not read what it receives",
  unit: "sockets",
  per: "namespace",
  limits: limits(limit(1, 0)),
  gate: "the queue grows and less than half is read, or it is half full and nothing is read",
  measure: (scope, evidence) =>
    given(scope.survey, ({ localReaders }) => {
      // Healthy bulk transfers move these counters too: without a socket that is behind they say nothing.
      if (localReaders.worst === undefined) return quiet
      const counters = rises(scope, evidence, [
        "TcpExt.TCPToZeroWindowAdv",
        "TcpExt.PruneCalled",
        "TcpExt.RcvPruned",
        "TcpExt.TCPRcvCollapsed",
        "TcpExt.TCPRcvQDrop",
        "TcpExt.TCPZeroWindowDrop",
      ])
      return measured(localReaders.count, {
        evidence: [
          tallyLine(localReaders, "connections have data that their program does not read", "one process"),
          ...(counters.ok ? counters.value.lines : []),
        ],
        culprit: subject(localReaders.worst),
      })
    }),
  confidence: "high",
  meaning:
    "Data has arrived and waits in the kernel, and the program does not fetch it. When the buffer is full the peer has " +
    "to stop sending, which it sees as a slow network.",
  next: [
    "look at {process} (pid {pid}): its CPU, what it waits for, whether it is stopped",
    "ss -tmp: Recv-Q and the receive buffer",
    "collapses with a very large net.ipv4.tcp_rmem: lower its maximum",
  ],
  explains: [
    "socket-backlog-drops",
    // Both ends on this host: the one that sends sees the same trouble from its side.
    { id: "peer-reads-slowly", when: (_, { culprit }) => /^(127\.|::1$)/.test(culprit.peer ?? "") },
  ],
  clearsWhen: "every program reads, or its queue is under half of the buffer",
}
