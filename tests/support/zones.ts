/** Zones of the world by name, as the program is handed them. */
import type { Zone } from "../../src/core/snapshot/local-day.ts"

export function zoneOf(name: string): Zone {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" })
  // An offset holds for a quarter of an hour at least: zones change at full quarters.
  const known = new Map<number, number>()
  return (at) => {
    const quarter = Math.floor(at / 900_000)
    const before = known.get(quarter)
    if (before !== undefined) return before
    const text = format.formatToParts(quarter * 900_000).find(({ type }) => type === "timeZoneName")!.value
    const [, sign, hours, minutes] = /^GMT(?:([+-])(\d\d):(\d\d))?/.exec(text)!
    const offset = (sign === "-" ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0))
    known.set(quarter, offset)
    return offset
  }
}
