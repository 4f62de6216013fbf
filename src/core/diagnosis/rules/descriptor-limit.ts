/** A program, or the host, has as many files and sockets open as it may. */
import { count, percentDetailed } from "../../text/units.ts"
import { sameProcess } from "../causes.ts"
import { given, measured, quiet } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

export const descriptorLimit: Rule = {
  id: "descriptor-limit",
  title: "A program is out of descriptors",
  unit: "%",
  per: "host",
  limits: limits(limit(80, 70), limit(95, 90)),
  measure: (_, evidence) =>
    given(evidence.descriptors, (processes) => {
      const share = ({ openCount, openMax }: { openCount: number; openMax: number }) =>
        (openCount / Math.max(1, openMax)) * 100
      const worst = processes.toSorted((a, b) => share(b) - share(a))[0]
      const host = evidence.files.ok ? evidence.files.value : undefined
      const ofHost = host === undefined ? 0 : share(host)
      const ofProcess = worst === undefined ? 0 : share(worst)
      if (worst === undefined && host === undefined) return quiet
      const isHost = ofHost > ofProcess
      return measured(Math.max(ofHost, ofProcess), {
        evidence: [
          ...(worst === undefined
            ? []
            : [`${count(worst.openCount)} of ${count(worst.openMax)} descriptors (${percentDetailed(ofProcess)})`]),
          ...(host === undefined ? [] : [`the host has ${count(host.openCount)} of ${count(host.openMax)} files open`]),
        ],
        culprit: isHost || worst === undefined ? {} : { pid: worst.pid, process: worst.process },
      })
    }),
  confidence: "high",
  meaning:
    "Every open file and connection takes a descriptor, and this program has hardly any left. Then accept and connect " +
    "fail with EMFILE, and clients wait in the queue.",
  next: [
    "cat /proc/{pid}/limits: Max open files; LimitNOFILE= in the unit, or ulimit -n",
    "does it leak? ls -l /proc/{pid}/fd: what are they",
  ],
  explains: [{ id: "accept-queue-overflow", when: sameProcess }],
  clearsWhen: "under 70% of the limit",
}
