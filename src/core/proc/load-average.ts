/** /proc/loadavg (fs/proc/loadavg.c): `0.18 0.09 0.06 1/86 7155`. */
import { words } from "./number.ts"

/** The load over 1, 5 and 15 minutes, or nothing. */
export function parseLoadAverage(text: string): readonly [number, number, number] | undefined {
  const loads = words(text)
    .slice(0, 3)
    .map((word) => (/^\d+\.\d+$/.test(word) ? Number(word) : Number.NaN))
  const [one = Number.NaN, five = Number.NaN, fifteen = Number.NaN] = loads
  return Number.isNaN(one + five + fifteen) ? undefined : [one, five, fifteen]
}
