/** How strongly a figure speaks. */
import type { Band } from "../../app/facts.ts"
import type { Why } from "../../model/why.ts"
import type { Tone } from "../../text/line.ts"

/** What does not move recedes; what moves more than the operator's thresholds say is coloured. A limit of 0 is off. */
export function rateTone(bytesPerSecond: number | undefined, { warn, crit }: Band): Tone {
  if (bytesPerSecond === undefined || bytesPerSecond < 1) return "muted"
  if (crit > 0 && bytesPerSecond >= crit) return "crit"
  return warn > 0 && bytesPerSecond >= warn ? "warn" : "plain"
}

export const queueTone = (bytes: number): Tone => (bytes > 0 ? "plain" : "muted")

/** A program that has nothing to say is no trouble. */
export const whyTone = (why: Why): Tone => (why === "-" || why === "app" || why === "cwnd" ? "muted" : "warn")
