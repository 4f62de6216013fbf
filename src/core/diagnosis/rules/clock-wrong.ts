/** This host's clock is off. */
import { given, measured, quiet } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

export const clockWrong: Rule = {
  id: "clock-wrong",
  title: "The clock is wrong",
  unit: "ms",
  per: "host",
  limits: limits(limit(50, 25)),
  gate: "a clock that nobody keeps has no measured offset, and is no finding",
  measure: (_, evidence) =>
    given(evidence.clock, ({ isKept, offsetUs }) =>
      isKept
        ? measured(Math.abs(offsetUs) / 1_000, {
            evidence: [`${(offsetUs / 1_000).toFixed(1)} ms off, says whoever keeps the clock`],
            culprit: {},
          })
        : quiet,
    ),
  confidence: "high",
  meaning:
    "The time on this host differs from the time of others. Certificates, logs and anything with a time limit go wrong.",
  next: ["chronyc tracking, or timedatectl timesync-status", "right the clock before anything else is judged by time"],
  explains: [],
  clearsWhen: "less than 25 ms off",
}
