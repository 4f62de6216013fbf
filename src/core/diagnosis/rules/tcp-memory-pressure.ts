/** TCP as a whole runs out of the memory it may use. */
import { count, percentDetailed } from "../../text/units.ts"
import { given, measured, rises, unmeasured } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

const CRIT = 135
/** Of tcp_mem's last number, from which on nothing is allocated any more. */
const HIGH_SHARE = 0.9

export const tcpMemoryPressure: Rule = {
  id: "tcp-memory-pressure",
  title: "TCP runs out of memory",
  unit: "%",
  per: "host",
  limits: limits(limit(100, 80), limit(CRIT, 110)),
  gate: "percent of the second number of net.ipv4.tcp_mem; 90% of the third is critical",
  measure: (scope, evidence) =>
    given(evidence.socketStatistics, (statistics) =>
      given(evidence.tcpMemory, ({ pressurePages, highPages }) => {
        const pages = statistics.TCP?.mem
        if (pages === undefined || pressurePages <= 0) return unmeasured("this kernel does not tell TCP's memory")
        const counters = rises(scope, evidence, [
          "TcpExt.TCPMemoryPressures",
          "TcpExt.TCPAbortOnMemory",
          "TcpExt.PruneCalled",
          "TcpExt.TCPRcvQDrop",
        ])
        const percent = (pages / pressurePages) * 100
        const value = pages >= highPages * HIGH_SHARE ? Math.max(percent, CRIT) : percent
        return measured(value, {
          evidence: [
            `TCP holds ${count(pages)} pages: ${percentDetailed(percent)} of where pressure begins (${count(pressurePages)}), the end is ${count(highPages)}`,
            ...(counters.ok ? counters.value.lines : []),
          ],
          culprit: {},
        })
      }),
    ),
  confidence: "high",
  meaning:
    "All TCP sockets of the host together hold more memory than the kernel wants to give them. It shrinks buffers, " +
    "throws away what has arrived, and in the end resets connections.",
  next: [
    "who holds it: ss -tmp, the largest r and w; programs that do not read are the usual reason",
    "sysctl net.ipv4.tcp_mem, only after the holder is known",
  ],
  explains: ["local-reads-slowly", "socket-backlog-drops", "orphan-pressure", "peer-reads-slowly"],
  clearsWhen: "under 80% of where pressure begins",
}
