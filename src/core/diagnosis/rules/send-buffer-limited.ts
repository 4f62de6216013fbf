/** Our own send buffer is smaller than the path could use. */
import { given, measured, quiet, rises, subject, tallyLine } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

export const sendBufferLimited: Rule = {
  id: "send-buffer-limited",
  title: "A send buffer is too small for its path",
  unit: "sockets",
  per: "namespace",
  limits: limits(limit(1, 0)),
  gate: "200 ms busy in the window, and a buffer of at most 256 KB",
  measure: (scope, evidence) =>
    given(scope.survey, ({ sendBuffers }) => {
      if (sendBuffers.worst === undefined) return quiet
      const counters = rises(scope, evidence, ["TcpExt.TCPWqueueTooBig"])
      return measured(sendBuffers.count, {
        evidence: [
          tallyLine(
            sendBuffers,
            "connections were held up by their send buffer for a fifth of the time",
            "one process",
          ),
          ...(counters.ok ? counters.value.lines : []),
        ],
        culprit: subject(sendBuffers.worst),
      })
    }),
  confidence: "medium",
  meaning:
    "The program may put only little into the kernel's send buffer, and the path could carry more. A buffer of 16 KB " +
    "over 20 ms gives 800 KB/s, whatever the line.",
  next: [
    "does {process} set SO_SNDBUF? That switches automatic sizes off",
    "sysctl net.ipv4.tcp_wmem: its last number is the most that automatic sizes may reach",
  ],
  explains: [],
  clearsWhen: "no connection is held up by its buffer",
}
