/** TCP as a whole runs out of the memory it may use. */
import type { Evidence } from "../../model/evidence.ts"
import { bytes, count, percentDetailed } from "../../text/units.ts"
import { given, measured, quiet, rises, subject, unmeasured } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

const CRIT = 135
/** Of tcp_mem's last number, from which on nothing is allocated any more. */
const HIGH_SHARE = 0.9

/** The memory is one for all namespaces: its greatest holder may live in any of them. */
function greatestHolder({ scopes }: Evidence) {
  const holders = scopes.flatMap(({ survey, isOwn, netns }) =>
    survey.ok && survey.value.memory !== undefined
      ? [{ holder: survey.value.memory, where: isOwn ? "" : ` in namespace ${netns}` }]
      : [],
  )
  return holders.sort((a, b) => b.holder.bytes - a.holder.bytes)[0] ?? { holder: undefined, where: "" }
}

export const tcpMemoryPressure: Rule = {
  id: "tcp-memory-pressure",
  title: "TCP runs out of memory",
  unit: "%",
  per: "host",
  limits: limits(limit(100, 80), limit(CRIT, 110)),
  gate: "percent of the second number of net.ipv4.tcp_mem; 90% of the third is critical",
  measure: (scope, evidence) =>
    given(evidence.socketStatistics, (statistics) => {
      const pages = statistics.TCP?.mem
      const { holder, where } = greatestHolder(evidence)
      const held = holder === undefined ? [] : [`one process${where} holds ${bytes(holder.bytes)} of it`]
      // The limits stand only in the host's own namespace; the kernel's verdict stands in all.
      if (!evidence.tcpMemory.ok && evidence.isTcpPressed.ok)
        return evidence.isTcpPressed.value
          ? measured(100, {
              evidence: [`the kernel says that TCP is short of memory; it holds ${count(pages)} pages`, ...held],
              culprit: subject(holder),
            })
          : quiet
      return given(evidence.tcpMemory, ({ pressurePages, highPages }) => {
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
            ...held,
            ...(counters.ok ? counters.value.lines : []),
          ],
          culprit: subject(holder),
        })
      })
    }),
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
