/** What an operator should know about how exact the closed connections are, in sentences. */
import type { ClosedReport } from "./closed.ts"
import type { Note } from "./sample.ts"

const SOURCE = "closings"

type Line = readonly [count: (report: ClosedReport) => number, text: (count: string) => string]

const lines: readonly Line[] = [
  [(r) => r.summed, (n) => `${n} of the connections that closed are summed by peer, port and process`],
  [(r) => r.withoutPeer, (n) => `${n} of the sums hold connections of many peers`],
  [(r) => r.aborted, (n) => `${n} aborted by this host: their bytes since the last look are not known`],
  [(r) => r.unknown, (n) => `${n} ended that no complete look had seen: their bytes are not counted`],
  [(r) => r.unheard, (n) => `${n} ended where nobody listens: their last bytes are not counted`],
  [(r) => r.forgotten, (n) => `${n} that await their end were given up: too many of them`],
]

export function closedNotes(report: ClosedReport): readonly Note[] {
  return lines.flatMap(([count, text]) =>
    count(report) > 0 ? [{ source: SOURCE, text: text(String(count(report))) }] : [],
  )
}

/** Events that the kernel dropped since our buffer was full. */
export const gapNote = (gaps: number, namespace: string): Note => ({
  source: SOURCE,
  text: `events of closing connections were lost ${gaps === 1 ? "once" : `${gaps} times`} in ${namespace}: some bytes are not counted`,
})

/** The listener has let go, see shedding.ts. */
export const sheddingNote = (closesPerSecond: number, missedCount: number): Note => ({
  source: SOURCE,
  text: `about ${Math.round(closesPerSecond)} connections close a second: their ends are not followed until it is below 1000; about ${missedCount} were missed`,
})

/** Nobody listens in a namespace. `refusal` is the kernel's, as a `KernelError` says it. */
export const deafNote = (refusal: string): Note => ({
  source: SOURCE,
  text: refusal.endsWith("EPERM") ? `${refusal}. Run with sudo, or give CAP_NET_ADMIN and CAP_SYS_ADMIN` : refusal,
})
