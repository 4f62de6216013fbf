/**
 * How often, and how much, to read of a large conntrack table: never more than a fixed part of one core.
 *
 * A whole dump costs 2.3 µs an entry, so 600,000 entries every second would be a core and more. What is measured goes
 * before what is assumed.
 */
import type { FlowScope } from "./flows.ts"

/** The part of a core that reading flows may take. */
export const shareOfCore = { live: 0.05, daemon: 0.02 } as const

/** What is known of the cost; plain data, handed from look to look. */
export interface FlowPace {
  /** Microseconds an entry that is sent to us, and an entry that the kernel leaves out. */
  readonly sentUs: number
  readonly passedUs: number
  /** The kernel walks its empty buckets too. */
  readonly fixedMs: number
  /** Of the entries in the table, how many the narrow scope lets through; 1 until a look has told. */
  readonly narrowPart: number
  /** The monotonic clock at the last look; absent before the first. */
  readonly lookedAtMs?: number
}

/** Linux 6.18 with 262,144 buckets, the most a kernel makes by itself; looks correct it. */
export const initialPace: FlowPace = { sentUs: 2.4, passedUs: 0.25, fixedMs: 10, narrowPart: 1 }

export type FlowPlan =
  /** Read now. */
  | { readonly kind: "look"; readonly scope: FlowScope; readonly stretched?: string }
  /** Keep what was read last. */
  | { readonly kind: "keep"; readonly waitMs: number; readonly stretched: string }

export interface PaceQuestion {
  /** Entries in the table now, from nf_conntrack_count. */
  readonly count: number
  readonly nowMs: number
  /** How often the program looks. */
  readonly intervalMs: number
  readonly share: number
}

/** What a look would cost. */
export function lookCostMs(pace: FlowPace, count: number, scope: FlowScope): number {
  const sent = scope === "all" ? count : count * pace.narrowPart
  const passed = scope === "all" ? 0 : NARROW_DUMPS * count - sent
  return (scope === "all" ? 1 : NARROW_DUMPS) * pace.fixedMs + (sent * pace.sentUs + passed * pace.passedUs) / 1000
}

/** The narrow scope takes four dumps: source translated, target translated, UDP of each family. */
export const NARROW_DUMPS = 4

/**
 * Decides about one look: everything where that is cheap enough; else the narrow scope; else the cheaper of the two,
 * less often, and with the sentence the screen shows.
 */
export function planLook(pace: FlowPace, { count, nowMs, intervalMs, share }: PaceQuestion): FlowPlan {
  const allowedMs = intervalMs * share
  const allMs = lookCostMs(pace, count, "all")
  if (allMs <= allowedMs) return { kind: "look", scope: "all" }
  const narrowMs = lookCostMs(pace, count, "translated-and-udp")
  const narrowed = `${count} tracked flows: only translated ones and UDP are read, for ${percent(share)} of a core`
  if (narrowMs <= allowedMs) return { kind: "look", scope: "translated-and-udp", stretched: narrowed }
  const scope = narrowMs < allMs ? "translated-and-udp" : "all"
  const everyMs = Math.min(allMs, narrowMs) / share
  const stretched = `${count} tracked flows: read every ${seconds(everyMs)} s, for ${percent(share)} of a core${scope === "all" ? "" : ", translated ones and UDP"}`
  const waitMs = pace.lookedAtMs === undefined ? 0 : pace.lookedAtMs + everyMs - nowMs
  // A tick that comes a little early is not worth a whole interval.
  if (waitMs > intervalMs / 10) return { kind: "keep", waitMs, stretched }
  return { kind: "look", scope, stretched }
}

const percent = (share: number) => `${Math.round(share * 1000) / 10} %`
const seconds = (ms: number) => (ms < 10_000 ? (Math.ceil(ms / 100) / 10).toString() : Math.ceil(ms / 1000).toString())

/** What a look has cost, in time of our own thread: the kernel makes a dump inside our own calls. */
export interface LookCost {
  readonly scope: FlowScope
  readonly costMs: number
  /** Entries in the table, and rows that came. */
  readonly count: number
  readonly rows: number
  readonly nowMs: number
}

/** Below this many entries a look tells what it costs to walk the buckets, above it what an entry costs. */
const COUNT_MIN = 5_000

/** Learns from a look. One slow look moves the figures half the way. */
export function learnCost(pace: FlowPace, { scope, costMs, count, rows, nowMs }: LookCost): FlowPace {
  const looked = { ...pace, lookedAtMs: nowMs }
  if (count < COUNT_MIN) {
    const walks = scope === "all" ? 1 : NARROW_DUMPS
    return { ...looked, fixedMs: half(pace.fixedMs, Math.max(0, costMs - (rows * pace.sentUs) / 1000) / walks) }
  }
  if (scope === "all") {
    const measured = Math.max(0, costMs - pace.fixedMs) * 1000
    return { ...looked, sentUs: half(pace.sentUs, measured / Math.max(count, rows)) }
  }
  const narrowPart = Math.min(1, rows / count)
  const passed = Math.max(1, NARROW_DUMPS * count - rows)
  const measured = Math.max(0, costMs - NARROW_DUMPS * pace.fixedMs) * 1000 - rows * pace.sentUs
  return { ...looked, narrowPart, passedUs: half(pace.passedUs, Math.max(0.02, measured / passed)) }
}

/** A whole look tells how many of its rows the narrow scope would have let through. */
export const learnNarrowPart = (pace: FlowPace, narrowRows: number, rows: number): FlowPace =>
  rows < COUNT_MIN ? pace : { ...pace, narrowPart: narrowRows / rows }

const half = (old: number, measured: number) => (old + measured) / 2
