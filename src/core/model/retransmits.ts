/**
 * TCP retransmissions: how many a second, and of what share of the segments sent.
 *
 * The counters are the network namespace's, loopback included. `Tcp.OutSegs` counts bare acknowledgements and leaves
 * retransmissions out, so a host that mostly receives looks better than it is; `TcpExt.TCPOrigDataSent` (Linux 3.6)
 * counts what could be lost, and is used where the kernel has it.
 */
import type { Thresholds } from "../config/thresholds.ts"
import type { ProtocolCounters } from "../sample/sample.ts"
import { isWindow, perSecond, riseOf } from "./counter-difference.ts"
import { judgeLevel, type Level } from "./level.ts"

export type Retransmits =
  /** There is no look to compare with yet. */
  | { readonly kind: "first" }
  /** The kernel does not give a counter, or one went back. */
  | { readonly kind: "unknown"; readonly reason: string }
  /** Too little traffic for a verdict: the gate of the thresholds. */
  | ({ readonly kind: "low-sample" } & RetransmitRates)
  | ({ readonly kind: "judged"; readonly percent: number; readonly level: Level } & RetransmitRates)

export interface RetransmitRates {
  readonly retransmitsPerSecond: number
  /** Segments sent, of the kind that the percentage is taken of. */
  readonly segmentsPerSecond: number
  readonly establishedCount: number
}

export function deriveRetransmits(
  look: {
    readonly counters: ProtocolCounters
    readonly before?: { readonly counters: ProtocolCounters; readonly elapsedMs: number }
    readonly establishedCount: number
  },
  { retransPercent, retransSample }: Pick<Thresholds, "retransPercent" | "retransSample">,
): Retransmits {
  const { before, establishedCount } = look
  if (before === undefined || !isWindow(before.elapsedMs)) return { kind: "first" }
  const counters = { now: look.counters, before: before.counters }
  const retransmitted = riseOf(counters, "Tcp", "RetransSegs")
  const sent = riseOf(counters, "TcpExt", "TCPOrigDataSent") ?? riseOf(counters, "Tcp", "OutSegs")
  const retransmitsPerSecond = perSecond(retransmitted, before.elapsedMs)
  const segmentsPerSecond = perSecond(sent, before.elapsedMs)
  if (retransmitted === undefined || retransmitsPerSecond === undefined)
    return { kind: "unknown", reason: unknownReason("Tcp.RetransSegs") }
  if (sent === undefined || segmentsPerSecond === undefined)
    return { kind: "unknown", reason: unknownReason("Tcp.OutSegs") }
  const rates = { retransmitsPerSecond, segmentsPerSecond, establishedCount }
  const isEnough =
    establishedCount >= retransSample.establishedMin && segmentsPerSecond >= retransSample.segmentsPerSecondMin
  // With the gate switched off nothing may have been sent: then there is no share to speak of.
  if (!isEnough || (sent === 0 && retransmitted > 0)) return { kind: "low-sample", ...rates }
  const percent = sent === 0 ? 0 : (retransmitted / sent) * 100
  return { kind: "judged", percent, level: judgeLevel(percent, retransPercent), ...rates }
}

const unknownReason = (counter: string) => `the kernel's counter ${counter} is missing or was reset`
