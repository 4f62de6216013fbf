/** Everything the program can ask of the world, as data. */
import type { MitigationEffect } from "./mitigation.ts"
import type { ReplayEffect } from "./replay.ts"
import type { TraceLiveEffect, TraceReadEffect } from "./tracing.ts"

export type Effect = LiveEffect | ReplayEffect | EveryEffect

/** What only the live dashboard can do. */
export type LiveEffect =
  | MitigationEffect
  | TraceLiveEffect
  /** One look at the whole host. Answers `look/collected`. */
  | { readonly type: "look/collect" }
  /** One look at the interface counters. Answers `lane/collected`. */
  | { readonly type: "lane/collect" }

/** What every screen can do. */
export type EveryEffect =
  | TraceReadEffect
  /** Give the terminal back and end. */
  | { readonly type: "program/quit"; readonly code: number }
