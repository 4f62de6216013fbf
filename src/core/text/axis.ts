/** Axes of charts: where they end so that their labels are round, and what stands beside them. */
import { bytes } from "./units.ts"

/** A kind of figure on an axis. */
export interface Scale {
  /** What sizes step by: units of bytes are powers of 1024. */
  readonly base: number
  /** Halves of the axis that are round, within one unit. */
  readonly halves: readonly number[]
  /** No axis ends before this. */
  readonly least: number
  readonly label: (value: number) => string
}

/** The end of an axis: the least value from `peak` on whose half is round too, so that both labels can be read. */
export function axisTop(peak: number, { base, halves, least }: Scale): number {
  if (!(peak > least)) return least
  for (let unit = 1; Number.isFinite(unit); unit *= base) {
    for (const half of halves) if (2 * half * unit >= peak) return 2 * half * unit
  }
  return peak
}

/** No half is above 500: its double would be written in the next unit, and not be round there. */
const decades = (...halves: readonly number[]) =>
  [1, 10, 100].flatMap((ten) => halves.map((half) => half * ten)).filter((half) => half <= 500)

/** `500KB`, `1MB`, `2.5GB`: an end of an axis is round, so it needs no `.0`. */
const byteLabel = (value: number): string => (value === 0 ? "0" : bytes(value).replace(".0", ""))

/** `25`, `500`, `2.5k`, `20k`, `1M`. */
function countLabel(value: number): string {
  const [amount, unit] = value >= 1e9 ? [value / 1e9, "G"] : value >= 1e6 ? [value / 1e6, "M"] : [value / 1e3, "k"]
  return value < 1_000 ? String(value) : `${Number(amount.toFixed(1))}${unit}`
}

export const byteScale: Scale = {
  base: 1024,
  halves: decades(1, 1.5, 2, 2.5, 3, 4, 5, 7.5),
  least: 1024,
  label: byteLabel,
}
export const countScale: Scale = { base: 1000, halves: decades(1, 2, 3, 4, 5), least: 2, label: countLabel }
