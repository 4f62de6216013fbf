/** A row of values as a row of bars, one cell each. */
import { UNKNOWN } from "./units.ts"

const bars = "▁▂▃▄▅▆▇█"

/**
 * The last `width` values, the latest at the right; the highest one is a whole cell, and one that is not known is `–`.
 * Values are never negative.
 */
export function sparkline(values: readonly (number | undefined)[], width: number): string {
  const shown = values.slice(Math.max(0, values.length - width))
  const highest = Math.max(0, ...shown.map((value) => value ?? 0))
  return shown.map((value) => (value === undefined ? UNKNOWN : bar(value, highest))).join("")
}

/** Nothing is the lowest bar; what is a little is already higher. */
function bar(value: number, highest: number): string {
  if (value <= 0 || highest <= 0) return bars[0]!
  return bars[Math.max(1, Math.ceil((value / highest) * (bars.length - 1)))]!
}
