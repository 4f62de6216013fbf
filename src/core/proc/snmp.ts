/**
 * Protocol counters: /proc/net/snmp and netstat (net/ipv4/proc.c), /proc/net/snmp6 (net/ipv6/proc.c).
 *
 * Counters are found by name, since each kernel adds some and their order moves.
 */
import type { ProtocolCounters } from "../sample/sample.ts"
import { parseDecimal, words } from "./number.ts"

/**
 * Reads snmp and netstat: a line of names and a line of values that begin with the same group, `Tcp:`. A group whose
 * lines do not fit together is absent, since its values could stand under the wrong names.
 */
export function parseCounterPairs(text: string): ProtocolCounters {
  const groups: [string, Record<string, number>][] = []
  const lines = text.split("\n")
  for (let at = 0; at + 1 < lines.length; at++) {
    const [group = "", ...names] = words(lines[at]!)
    const [same, ...values] = words(lines[at + 1]!)
    if (!group.endsWith(":") || group !== same || names.length !== values.length) continue
    groups.push([group.slice(0, -1), numbers(names.map((name, column) => [name, values[column]!]))])
    at++
  }
  return Object.fromEntries(groups)
}

/** Reads snmp6: a name and a value a line. The group is how the name begins: `Ip6InReceives` is in `Ip6`. */
export function parseCounterLines(text: string): ProtocolCounters {
  const groups = new Map<string, [string, string][]>()
  for (const line of text.split("\n")) {
    const [name = "", value, ...rest] = words(line)
    const group = /^[A-Za-z]+6/.exec(name)?.[0]
    if (group === undefined || value === undefined || rest.length > 0) continue
    groups.set(group, [...(groups.get(group) ?? []), [name, value]])
  }
  return Object.fromEntries([...groups].map(([group, pairs]) => [group, numbers(pairs)]))
}

function numbers(pairs: readonly (readonly [name: string, value: string])[]): Record<string, number> {
  const known: [string, number][] = []
  for (const [name, text] of pairs) {
    const value = parseDecimal(text)
    if (value !== undefined) known.push([name, value])
  }
  return Object.fromEntries(known)
}
