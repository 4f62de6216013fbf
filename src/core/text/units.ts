/**
 * One function for each kind of value; every panel, table and plain command uses these.
 *
 * Sizes step by 1024. A value that is not known (undefined or NaN) is `–`, which is not the same as 0.
 */

export const UNKNOWN = "–"

const isUnknown = (value: number | undefined): value is undefined => value === undefined || Number.isNaN(value)

const steps = ["B", "KB", "MB", "GB", "TB", "PB"] as const

/**
 * Bytes in at most six cells: `0B`, `1023B`, `1.5KB`, `99.9KB`, `625KB`, `10.0GB`. One decimal below 100, none above,
 * so that the width stays the same while the value changes.
 */
export function bytes(value: number | undefined): string {
  if (isUnknown(value)) return UNKNOWN
  let amount = Math.max(0, value)
  let step = 0
  // What would be rounded up to 1024 belongs to the next step already.
  while (step < steps.length - 1 && amount >= 1023.5) {
    amount /= 1024
    step++
  }
  return step === 0 || amount >= 99.95 ? `${Math.round(amount)}${steps[step]}` : `${amount.toFixed(1)}${steps[step]}`
}

/** Bytes per second, in at most eight cells: `1.3MB/s`. */
export const rate = (value: number | undefined): string => (isUnknown(value) ? UNKNOWN : `${bytes(value)}/s`)

/** A count with thousands separators: `262,144`. */
export const count = (value: number | undefined): string =>
  isUnknown(value) ? UNKNOWN : String(Math.trunc(value)).replace(/\B(?=(\d{3})+$)/g, ",")

/** Events per second: `1.9k/s`, `2.0M/s`, `25/s`, `0.4/s`, `<0.1/s`. */
export function perSecond(value: number | undefined): string {
  if (isUnknown(value)) return UNKNOWN
  if (value >= 999_950) return `${(value / 1e6).toFixed(1)}M/s`
  if (value >= 999.5) return `${(value / 1e3).toFixed(1)}k/s`
  if (value > 0 && value < 0.05) return "<0.1/s"
  return value > 0 && value < 9.95 ? `${value.toFixed(1)}/s` : `${value.toFixed(0)}/s`
}

/** A share of 100 in short: `0%`, `<0.1%`, `0.4%`, `2%`. */
export function percent(value: number | undefined): string {
  if (isUnknown(value)) return UNKNOWN
  if (value <= 0) return "0%"
  if (value < 0.1) return "<0.1%"
  return value < 0.95 ? `${value.toFixed(1)}%` : `${value.toFixed(0)}%`
}

/** A share of 100 in detail: `0.0%`, `<0.1%`, `2.4%`. */
export function percentDetailed(value: number | undefined): string {
  if (isUnknown(value)) return UNKNOWN
  if (value <= 0) return "0.0%"
  return value < 0.1 ? "<0.1%" : `${value.toFixed(1)}%`
}

/** A part of a whole, where some and all are never rounded away: `<1%`, `99%`, `100%`. */
export function share(part: number, whole: number): string {
  if (part <= 0 || whole <= 0) return "0%"
  if (part >= whole) return "100%"
  const value = (part / whole) * 100
  return value < 1 ? "<1%" : `${Math.min(99, Math.round(value))}%`
}

/** Link speed from bits per second: `1.0 Gb/s`, `100 Mb/s`. */
export function linkSpeed(bitsPerSecond: number | undefined): string {
  if (isUnknown(bitsPerSecond)) return "unknown"
  return bitsPerSecond >= 1e9 ? `${(bitsPerSecond / 1e9).toFixed(1)} Gb/s` : `${(bitsPerSecond / 1e6).toFixed(0)} Mb/s`
}

/** A length of time, cut to whole seconds: `0s`, `59s`, `4m32s`, `1h5m`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m${seconds % 60}s`
  return `${Math.floor(minutes / 60)}h${minutes % 60}m`
}

/** Microseconds as a person reads round-trip times: `85us`, `1.2ms`, `240ms`, `3.1s`. */
export function microseconds(value: number | undefined): string {
  if (isUnknown(value)) return UNKNOWN
  if (value < 999.5) return `${Math.round(value)}us`
  if (value < 999_500) return value < 99_950 ? `${(value / 1e3).toFixed(1)}ms` : `${Math.round(value / 1e3)}ms`
  return `${(value / 1e6).toFixed(1)}s`
}

const two = (n: number) => String(n).padStart(2, "0")

/** What is left of a length of time, as it ticks: `04:12`, `1:04:12`. */
export function countdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000))
  const short = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return seconds < 3600 ? short : `${Math.floor(seconds / 3600)}:${short}`
}
