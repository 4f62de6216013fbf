/**
 * /proc/net/stat/nf_conntrack: what `GET_STATS_CPU` says, readable by everybody.
 *
 * The first line names the columns; each line behind it is one possible CPU, in order, hexadecimal. Columns come and go
 * between kernels, so they are found by name.
 */
import type { ConntrackCpu } from "../wire/conntrack.ts"

const columns = {
  found: "found",
  invalid: "invalid",
  insertFailed: "insert_failed",
  drop: "drop",
  earlyDrop: "early_drop",
  error: "icmp_error",
  searchRestart: "search_restart",
  clashResolve: "clashres",
  chainTooLong: "chainlength",
} as const satisfies Partial<Record<keyof ConntrackCpu, string>>

/** `undefined` when the text is none of this. */
export function parseConntrackStatistics(text: string): readonly ConntrackCpu[] | undefined {
  const [head = "", ...lines] = text.trim().split("\n")
  const names = head.trim().split(/\s+/)
  const places = Object.entries(columns).flatMap(([field, name]) =>
    names.includes(name) ? [[field, names.indexOf(name)] as const] : [],
  )
  if (!names.includes("drop") || lines.length === 0) return undefined
  const cpus: ConntrackCpu[] = []
  for (const [cpu, line] of lines.entries()) {
    const cells = line.trim().split(/\s+/)
    if (cells.length < names.length || !cells.every((cell) => /^[0-9a-f]{1,16}$/.test(cell))) return undefined
    cpus.push({
      cpu,
      ...Object.fromEntries(places.map(([field, at]) => [field, Number.parseInt(cells[at]!, 16) % 2 ** 32])),
    })
  }
  return cpus
}
