/** What stands in Diagnosis, in words. */
import type { Explanation } from "../../app/explanation.ts"

export const explanations: readonly Explanation[] = [
  {
    words: ["CRIT", "WARN", "OK", "?"],
    text: "Findings by severity, the worst first; the one that explains the others stands above them. ? says that not enough can be read for a verdict: that is not OK.",
  },
  {
    words: ["who and where"],
    text: "Under each finding: who causes it (process, port, peer, interface), how sure that is, and how long it has lasted.",
  },
  {
    words: ["evidence and advice"],
    text: "Of the selected finding; Enter opens and closes them: the figures it goes by, what they mean, and what to do next, in order. clears when … says what has to be true for it to go: it does not go with one quiet second.",
  },
  {
    words: ["explains"],
    text: "Findings that follow from this one. Mend this one first.",
  },
  {
    words: ["Recently"],
    text: "Findings that have ended a short while ago. d shows what came and went since the start.",
  },
  {
    words: ["Not measured"],
    text: "What could not be judged, and why. It counts as neither fine nor wrong.",
  },
]
