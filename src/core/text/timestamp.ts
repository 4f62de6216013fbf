/** Instants as files and programs read them. */

const two = (n: number) => String(n).padStart(2, "0")

/**
 * RFC 3339 in a zone that is `offsetMinutes` east of UTC: `2026-03-08T12:56:30.196+07:00`. `Z` for UTC; the fraction
 * has no trailing zeros and is left out when it is zero.
 */
export function timestamp({ at, offsetMinutes }: { readonly at: number; readonly offsetMinutes: number }): string {
  const [whole = "", fraction = ""] = new Date(Math.floor(at) + offsetMinutes * 60_000)
    .toISOString()
    .slice(0, -1)
    .split(".")
  const shown = fraction.replace(/0+$/, "")
  return `${whole}${shown === "" ? "" : `.${shown}`}${zone(offsetMinutes)}`
}

function zone(offsetMinutes: number): string {
  if (offsetMinutes === 0) return "Z"
  const minutes = Math.abs(offsetMinutes)
  return `${offsetMinutes < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

/** How many minutes east of UTC the zone of an RFC 3339 time is; 0 where it says none. */
export function offsetOf(text = "Z"): number {
  const [, sign, hours, minutes] = /([+-])(\d{2}):(\d{2})$/.exec(text) ?? []
  return sign === undefined ? 0 : (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}
