/** Socket counts and memory: /proc/net/sockstat and sockstat6 (net/ipv4/proc.c, net/ipv6/proc.c). */
import type { SocketStatistics } from "../sample/sample.ts"
import { parseDecimal, words } from "./number.ts"

/** Reads `TCP: inuse 1 orphan 0 … mem 65`: a group, then names and values in turn. */
export function parseSocketStatistics(text: string): SocketStatistics {
  const groups: [string, Record<string, number>][] = []
  for (const line of text.split("\n")) {
    const [group = "", ...rest] = words(line)
    if (!group.endsWith(":")) continue
    const known: [string, number][] = []
    for (let at = 0; at + 1 < rest.length; at += 2) {
      const value = parseDecimal(rest[at + 1])
      if (value !== undefined) known.push([rest[at]!, value])
    }
    groups.push([group.slice(0, -1), Object.fromEntries(known)])
  }
  return Object.fromEntries(groups)
}
