/** A CPU cannot keep up with received packets, and its backlog overflows. */
import { count, perSecond } from "../../text/units.ts"
import { given, measured, quiet, rate, stepLine } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

export const softnetDrops: Rule = {
  id: "softnet-drops",
  title: "A CPU drops received packets",
  unit: "/s",
  per: "host",
  limits: limits(limit(10, 0)),
  measure: (_, evidence) =>
    given(evidence.softnet, (cpus) => {
      const dropped = cpus.filter(({ dropped: { before, after } }) => after > before)
      const worst = dropped.toSorted(
        (a, b) => b.dropped.after - b.dropped.before - (a.dropped.after - a.dropped.before),
      )[0]
      if (worst === undefined) return quiet
      const total = dropped.reduce((sum, { dropped: { before, after } }) => sum + after - before, 0)
      return measured(rate(total, evidence), {
        evidence: [
          `${perSecond(rate(total, evidence))} on ${count(dropped.length)} of ${count(cpus.length)} CPUs`,
          stepLine(`CPU ${worst.cpu} dropped`, worst.dropped, evidence),
        ],
        culprit: { cpu: worst.cpu },
      })
    }),
  confidence: "high",
  meaning:
    "Packets have arrived at this host and wait for a CPU, which is too slow to take them; the queue is full and they " +
    "are thrown away. To programs that looks like loss on the network.",
  next: [
    "one CPU: spread the work (ethtool -L, /proc/irq/*/smp_affinity, /sys/class/net/*/queues/rx-*/rps_cpus)",
    "all CPUs: raise net.core.netdev_max_backlog and net.core.netdev_budget",
  ],
  explains: ["path-loss", "nic-receive-loss", "udp-receive-loss"],
  clearsWhen: "nothing has been dropped for two looks",
}
