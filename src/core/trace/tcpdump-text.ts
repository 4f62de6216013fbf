/** What tcpdump prints on stderr: that it listens, what it counted, and why it stopped. */

export interface TcpdumpCounters {
  readonly captured?: number
  readonly received?: number
  readonly dropped?: number
}

/** Counters of the closing lines, or of the one line that SIGUSR1 asks for; the last that were told. */
export function readCounters(text: string): TcpdumpCounters {
  const last = (pattern: RegExp) => {
    const found = [...text.matchAll(pattern)].at(-1)?.[1]
    return found === undefined ? undefined : Number(found)
  }
  const captured = last(/(\d+) packets? captured/g)
  const received = last(/(\d+) packets? received by filter/g)
  const dropped = last(/(\d+) packets? dropped by kernel/g)
  return {
    ...(captured === undefined ? {} : { captured }),
    ...(received === undefined ? {} : { received }),
    ...(dropped === undefined ? {} : { dropped }),
  }
}

export const isListening = (text: string): boolean => /listening on /.test(text)

/** What is no counter, no warning and no greeting: the reason, in one line. */
export function readReason(text: string): string {
  const lines = text
    .split("\n")
    .map((line) => line.replace(/^tcpdump: /, "").trim())
    .filter(
      (line) =>
        line !== "" &&
        !/^(listening on |data link type |verbose output suppressed|dropped privs|warning: |Warning: )/.test(line) &&
        !/^\d+ packets? (captured|received|dropped)/.test(line),
    )
  return lines.join("; ").slice(0, 300)
}
