/** An interface carries what it can. */
import { linkSpeed, percentDetailed, rate } from "../../text/units.ts"
import { given, measured, unmeasured } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

export const interfaceSaturated: Rule = {
  id: "interface-saturated",
  title: "An interface is full",
  unit: "%",
  per: "host",
  limits: limits(limit(90, 85)),
  measure: (_, evidence) =>
    given(evidence.interface, ({ name, rates, speedBitsPerSecond }) => {
      if (speedBitsPerSecond === undefined)
        return unmeasured(`the speed of ${name} is not known, or is no limit (a virtual device)`)
      if (rates?.usedPercent === undefined) return unmeasured(`the counters of ${name} were reset`)
      return measured(rates.usedPercent, {
        evidence: [
          `${rate(rates.rxBytesPerSecond)} in, ${rate(rates.txBytesPerSecond)} out at ${linkSpeed(speedBitsPerSecond)}: ${percentDetailed(rates.usedPercent)}`,
        ],
        culprit: { interface: name },
      })
    }),
  confidence: "high",
  meaning:
    "The interface carries nearly as much as its speed allows, in one direction at least. What does not fit waits or " +
    "is dropped, and everybody shares the rest.",
  next: [
    "who: Top Connections sorted by bandwidth (B), then grouped (g)",
    "shape or move the largest transfer; a faster link, or a second one",
  ],
  explains: ["egress-queue-drops", "bufferbloat", "path-loss"],
  clearsWhen: "under 85% of its speed",
}
