/** Connection states: how many sockets are in each, and from when on that is too many. */
import type { Tone } from "../../text/line.ts"

interface Limit {
  /** More than this is worth a word. */
  readonly above: number
  readonly tone: Tone
  readonly reason: string
}

const limits: Readonly<Record<string, Limit>> = {
  TIME_WAIT: { above: 1_000, tone: "warn", reason: "many short connections" },
  CLOSE_WAIT: { above: 100, tone: "crit", reason: "app does not close sockets" },
  SYN_RECV: { above: 100, tone: "crit", reason: "possible SYN flood" },
  FIN_WAIT1: { above: 100, tone: "warn", reason: "peers slow to close" },
}

export interface StateCount {
  readonly state: string
  readonly count: number
  readonly tone: Tone
  /** Why the count is too high; absent when it is not. */
  readonly reason?: string
}

/** States by count, equal counts by name. */
export function stateCounts(states: ReadonlyMap<string, number>, isAscending: boolean): readonly StateCount[] {
  const sign = isAscending ? 1 : -1
  return [...states]
    .sort(([a, x], [b, y]) => sign * (x - y) || (a < b ? -1 : 1))
    .map(([state, count]): StateCount => {
      const limit = limits[state]
      return limit !== undefined && count > limit.above
        ? { state, count, tone: limit.tone, reason: limit.reason }
        : { state, count, tone: "plain" }
    })
}
