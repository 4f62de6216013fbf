/** Connections stand ready in a listener's queue and its program does not take them: new ones are turned away. */
import { count } from "../../text/units.ts"
import { given, measured, quiet, rises, subject } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

export const acceptQueueOverflow: Rule = {
  id: "accept-queue-overflow",
  title: "A program does not accept its connections",
  unit: "/s",
  per: "namespace",
  // Critical holds until the overflow is as good as over.
  limits: limits(limit(1, 0), limit(5, 1)),
  measure: (scope, evidence) =>
    given(rises(scope, evidence, ["TcpExt.ListenOverflows", "TcpExt.ListenDrops"]), (counters) => {
      const full = scope.survey.ok ? scope.survey.value.fullListeners : []
      const [worst] = full
      const overflows = counters.of("TcpExt.ListenOverflows")
      if (worst === undefined && overflows === 0) return quiet
      const perSecond = (overflows * 1_000) / evidence.elapsedMs
      return measured(worst === undefined ? perSecond : Math.max(1, perSecond), {
        evidence: [
          ...counters.lines,
          ...(worst === undefined
            ? []
            : [`${count(worst.queued)} connections wait to be accepted, the backlog is ${count(worst.backlog)}`]),
        ],
        culprit: subject(worst),
        confidence: worst === undefined ? "medium" : "high",
      })
    }),
  confidence: "high",
  meaning:
    "Clients have connected, and the program that listens does not take their connections. Its queue is full, so the " +
    "kernel ignores new ones, which clients see as a connection that hangs.",
  next: [
    "look at the program's CPU, threads and garbage collection: it is not calling accept()",
    "ss -ltn 'sport = :{port}' shows the queue (Recv-Q) and the backlog (Send-Q)",
    "then raise the backlog in the program and net.core.somaxconn, and restart it",
  ],
  explains: [
    "syn-flood",
    // Clients on this host, whose SYNs to that very port are ignored.
    {
      id: "upstream-unreachable",
      when: (a, b) => a.culprit.port !== undefined && a.culprit.port === b.culprit.peerPort,
    },
  ],
  clearsWhen: "no connection has been turned away and no queue is full for two looks",
}
