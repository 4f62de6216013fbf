/** How strongly a figure speaks. */
import type { Tone } from "../../text/line.ts"

/** What does not move recedes. The severity of a rate (`bandwidthPerSecond`) belongs here too, for both views. */
export const rateTone = (bytesPerSecond: number | undefined): Tone =>
  bytesPerSecond === undefined || bytesPerSecond < 1 ? "muted" : "plain"

export const queueTone = (bytes: number): Tone => (bytes > 0 ? "plain" : "muted")
