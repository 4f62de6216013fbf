/**
 * The fast lane: one interface, every second.
 *
 * It has a baseline of its own. If it shared one with the slow look, the two would now and then measure over a few
 * milliseconds and show peaks that never were.
 */
import { type InterfaceCounters, missing, type Reading, reading } from "../sample/sample.ts"
import { isWindow } from "./counter-difference.ts"
import { foldSpike, type Spike } from "./spike.ts"
import { deriveTraffic, type Traffic } from "./traffic.ts"

export interface Lane {
  readonly traffic: Reading<Traffic>
  readonly spike: Spike
  /** What the next reading is compared with. */
  readonly baseline?: { readonly counters: InterfaceCounters; readonly monotonicMs: number }
}

export function deriveLane(before: Lane | undefined, counters: Reading<InterfaceCounters>, monotonicMs: number): Lane {
  const spikeState = before?.spike.state
  if (!counters.ok) return { traffic: missing(counters.reason), spike: foldSpike(spikeState, undefined) }
  const { value } = counters
  const baseline = before?.baseline
  if (baseline === undefined) {
    return {
      traffic: reading(deriveTraffic(value)),
      spike: foldSpike(spikeState, undefined),
      baseline: { counters: value, monotonicMs },
    }
  }
  const elapsedMs = monotonicMs - baseline.monotonicMs
  // Too close to say anything: the earlier reading stays the baseline.
  if (!isWindow(elapsedMs)) return before!
  const traffic = deriveTraffic(value, { counters: baseline.counters, elapsedMs })
  return {
    traffic: reading(traffic),
    spike: foldSpike(spikeState, traffic.rates),
    baseline: { counters: value, monotonicMs },
  }
}
