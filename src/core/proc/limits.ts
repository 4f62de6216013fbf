/** Limits: small files of numbers under /proc/sys, and /proc/PID/limits (fs/proc/base.c). */
import { parseDecimal, words } from "./number.ts"

/** Whole numbers and nothing else, at least `countMin`. */
export function parseNumbers(text: string, countMin: number): readonly number[] | undefined {
  const numbers = words(text).map(parseDecimal)
  return numbers.length < countMin || numbers.includes(undefined) ? undefined : (numbers as number[])
}

/** ip_local_reserved_ports: `8080,9000-9010`. How many of them are within `from` and `to`, both included. */
export function countReservedPorts(text: string, { from, to }: { from: number; to: number }): number {
  let total = 0
  for (const part of text.trim().split(",")) {
    const range = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part)
    if (range === null) continue
    const first = Math.max(from, Number(range[1]))
    const last = Math.min(to, Number(range[2] ?? range[1]))
    total += Math.max(0, last - first + 1)
  }
  return total
}

/** /proc/net/protocols (net/core/sock.c): is TCP short of memory? The kernel says so in every namespace. */
export function parseTcpPressure(text: string): boolean | undefined {
  const [head = "", ...lines] = text.split("\n")
  const at = words(head).indexOf("press")
  const answer = words(lines.find((line) => /^TCP\s/.test(line)) ?? "")[at]
  return answer === "yes" ? true : answer === "no" ? false : undefined
}

/** The soft limit of open files; `undefined` when there is none, or the text is something else. */
export function parseOpenFilesMax(text: string): number | undefined {
  return parseDecimal(/^Max open files\s+(\d+)\s/m.exec(text)?.[1])
}
