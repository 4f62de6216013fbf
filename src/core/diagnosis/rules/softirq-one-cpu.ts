/** One CPU does the network's work for all of them. */
import { given, measured, quiet } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

const OTHERS_MAX = 30

export const softirqOneCpu: Rule = {
  id: "softirq-one-cpu",
  title: "One CPU does all the network's work",
  unit: "%",
  per: "host",
  limits: limits(limit(90, 75)),
  gate: "the other CPUs under 30% on average",
  measure: (_, evidence) =>
    given(evidence.softirq, (cpus) => {
      const worst = cpus.toSorted((a, b) => b.percent - a.percent)[0]
      if (worst === undefined || cpus.length < 2) return quiet
      const others = cpus.filter((cpu) => cpu !== worst)
      const mean = others.reduce((sum, { percent }) => sum + percent, 0) / others.length
      if (mean >= OTHERS_MAX) return quiet
      return measured(worst.percent, {
        evidence: [
          `CPU ${worst.cpu} spends ${worst.percent.toFixed(0)}% in soft interrupts, the others ${mean.toFixed(0)}%`,
        ],
        culprit: { cpu: worst.cpu },
      })
    }),
  confidence: "medium",
  meaning:
    "Received packets are all handled by one CPU, which has no time left, while the others are idle. The host cannot " +
    "receive more, although it has the power.",
  next: [
    "ethtool -l {interface}: how many receive queues; ethtool -L {interface} combined N",
    "with one queue only: RPS (/sys/class/net/*/queues/rx-0/rps_cpus)",
  ],
  explains: ["softnet-drops"],
  clearsWhen: "that CPU is under 75%",
}
