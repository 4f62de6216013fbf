/**
 * When to stop listening to closing sockets, and when to begin again.
 *
 * Each event costs the kernel 9 µs inside the program that closes. Below 2,000 a second that is 2 % of a core; above, the
 * listener would slow down what it watches.
 */

export const CLOSES_PER_SECOND_MAX = 2_000
export const CLOSES_PER_SECOND_CALM = 1_000
export const MEAN_MS = 5_000
export const CALM_MS = 10_000

/** A total at an instant of the monotonic clock. */
interface Mark {
  readonly atMs: number
  readonly total: number
}

export interface Shedding {
  readonly isListening: boolean
  /** Totals of the last five seconds, eldest first: events while listening, estimated ends while not. */
  readonly marks: readonly Mark[]
  /** The mean over five seconds. */
  readonly closesPerSecond: number
  /** While not listening: since when the rate has been low. */
  readonly calmSinceMs?: number
}

export const startListening: Shedding = { isListening: true, marks: [], closesPerSecond: 0 }

/**
 * `total` counts ends of sockets in all namespaces, from the events while we listen and from `estimateEnds` while we do
 * not. A total that goes back (a namespace left) begins anew.
 */
export function judgeShedding(before: Shedding, now: Mark): Shedding {
  const marks = keepMarks(before.marks, now)
  const eldest = marks[0]!
  // Until five seconds have passed the mean is over five seconds all the same: a start is no storm.
  const seconds = Math.max(MEAN_MS, now.atMs - eldest.atMs) / 1000
  const closesPerSecond = (now.total - eldest.total) / seconds
  if (before.isListening) {
    if (closesPerSecond > CLOSES_PER_SECOND_MAX) return { isListening: false, marks: [], closesPerSecond }
    return { isListening: true, marks, closesPerSecond }
  }
  const hasMean = now.atMs - eldest.atMs > 0
  if (!hasMean || closesPerSecond >= CLOSES_PER_SECOND_CALM) return { isListening: false, marks, closesPerSecond }
  const calmSinceMs = before.calmSinceMs ?? now.atMs
  if (now.atMs - calmSinceMs >= CALM_MS) return { isListening: true, marks: [], closesPerSecond }
  return { isListening: false, marks, closesPerSecond, calmSinceMs }
}

/** The marks that a mean over five seconds needs: one that is that old, and the younger ones. */
function keepMarks(marks: readonly Mark[], now: Mark): readonly Mark[] {
  const last = marks.at(-1)
  if (last !== undefined && (now.total < last.total || now.atMs < last.atMs)) return [now]
  const from = marks.findLastIndex((mark) => now.atMs - mark.atMs >= MEAN_MS)
  return [...marks.slice(Math.max(0, from)), now]
}

/** /proc/net/snmp, `Tcp`: totals of one namespace since it was made, and how many are established now. */
export interface TcpTurnover {
  readonly activeOpens: number
  readonly passiveOpens: number
  readonly established: number
}

/** Sockets that ended between two readings: what was opened and is no longer there. Never below 0. */
export const estimateEnds = (before: TcpTurnover, now: TcpTurnover): number =>
  Math.max(
    0,
    now.activeOpens +
      now.passiveOpens -
      before.activeOpens -
      before.passiveOpens -
      (now.established - before.established),
  )
