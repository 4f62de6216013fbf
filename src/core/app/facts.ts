/** The shared part of the state: what every panel may read and none may write. */
import type { Thresholds } from "../config/thresholds.ts"
import type { Change, Diagnosis } from "../diagnosis/finding.ts"
import type { KnownBlocks } from "../mitigation/active.ts"
import type { Capabilities } from "../mitigation/capability.ts"
import type { Lifelines } from "../mitigation/guards.ts"
import type { MatchCount } from "../mitigation/plan.ts"
import type { Lane } from "../model/lane.ts"
import type { Model } from "../model/model.ts"
import type { Size, Tone } from "../text/line.ts"
import type { GuideSection } from "./guide.ts"
import type { Place } from "./mitigation.ts"
import type { Replay, Wanted } from "./replay.ts"
import type { Tracing } from "./tracing.ts"

export type { Band } from "../config/thresholds.ts"

export interface Settings {
  /** The interface whose counters are shown. */
  readonly interfaceName: string
  readonly refreshMs: number
  readonly version: string
  readonly thresholds: Thresholds
  /** Connections of this process are not shown. */
  readonly ownPid: number
}

/** A short message in the status bar. */
export interface Notice {
  readonly text: string
  readonly tone: Tone
  /** As `now`. */
  readonly until: number
}

/**
 * The wall clock, as far as the last look tells it: findings are dated by it, and `now` is another clock. In a replay it
 * is the time of the record.
 */
export const wallTime = ({ source, model, now, lookedAt = now }: Facts): number =>
  (model?.at ?? 0) + (source === "replay" ? 0 : now - lookedAt)

export interface Facts {
  readonly source: "live" | "replay"
  readonly settings: Settings
  readonly screen: Size
  /** Milliseconds of a clock that is never set, as last told: for ages only. It is not the time of day. */
  readonly now: number
  readonly isPaused: boolean
  readonly isMasked: boolean
  /** A look is under way, since `lookStartedAt` (as `now`). */
  readonly isCollecting: boolean
  readonly lookStartedAt: number
  readonly model?: Model
  /** When `model` came (as `now`). */
  readonly lookedAt?: number
  /** What the rules found in the model's window; absent until there was one. */
  readonly diagnosis?: Diagnosis
  /** What findings came and went, newest first. */
  readonly changes: readonly Change[]
  /** The interface, second by second. */
  readonly lane?: Lane
  /** Where we are in the history; absent on the live screen. */
  readonly replay?: Replay
  /** The snapshot of the history that is being read. */
  readonly wanted?: Wanted
  readonly notice?: Notice
  /** What keeps peers out, as it was last listed. */
  readonly blocks: KnownBlocks
  /** Actions on the host that were asked for and not answered yet. */
  readonly underWay: number
  /** By which means this host lets us act; absent until it was asked. */
  readonly capabilities?: Capabilities
  /** What must not be cut off, as it was last read. */
  readonly lifelines?: Lifelines
  /** What was last counted for the block form, and for whom. */
  readonly match?: Place & { readonly count: MatchCount }
  /** Traces: the one that runs, the one that is shown, those of before. */
  readonly tracing: Tracing
  /** The last lines of the action log, the latest last. */
  readonly log: readonly string[]
  /** The keys that worked where the operator was when the overlay in front was opened. */
  readonly guide: readonly GuideSection[]
}
