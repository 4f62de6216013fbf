/**
 * The pulse: figures of the whole host that cost next to nothing to read, every second beside the interface.
 *
 * They are those of the network namespace we were started in. Like the lane, the pulse has a baseline of its own.
 */
import type { ConntrackTable, ProtocolCounters, Reading } from "../sample/sample.ts"
import { difference, isWindow, perSecond } from "./counter-difference.ts"

/** What one reading of the pulse saw. */
export interface PulseReadings {
  readonly counters: Reading<ProtocolCounters>
  readonly conntrack: Reading<ConntrackTable>
}

/** Each figure may be absent: it could not be read, or there is no reading to compare with. */
export interface Pulse {
  /** TCP segments sent again, a second. */
  readonly retransmitsPerSecond?: number
  /** TCP connections that are up: ESTABLISHED and CLOSE_WAIT (`Tcp.CurrEstab`). */
  readonly establishedCount?: number
  /** Entries of the connection tracking table, and how many there may be; 0 is no limit. */
  readonly conntrackCount?: number
  readonly conntrackMax?: number
  /** What the next reading is compared with. */
  readonly baseline?: { readonly retransmitted: number; readonly monotonicMs: number }
}

export function derivePulse(
  before: Pulse | undefined,
  { counters, conntrack }: PulseReadings,
  monotonicMs: number,
): Pulse {
  const tcp = counters.ok ? counters.value.Tcp : undefined
  const retransmitted = tcp?.RetransSegs
  const baseline = before?.baseline
  const elapsedMs = baseline === undefined ? Number.NaN : monotonicMs - baseline.monotonicMs
  // Too close to say anything: the earlier reading stays the baseline, and what it gave stays true.
  const isTooClose = baseline !== undefined && !isWindow(elapsedMs)
  const retransmitsPerSecond = isTooClose
    ? before?.retransmitsPerSecond
    : perSecond(difference(retransmitted, baseline?.retransmitted), elapsedMs)
  const next = isTooClose ? baseline : retransmitted === undefined ? undefined : { retransmitted, monotonicMs }
  return {
    ...(retransmitsPerSecond !== undefined && { retransmitsPerSecond }),
    ...(tcp?.CurrEstab !== undefined && { establishedCount: tcp.CurrEstab }),
    ...(conntrack.ok && { conntrackCount: conntrack.value.count, conntrackMax: conntrack.value.max }),
    ...(next !== undefined && { baseline: next }),
  }
}
