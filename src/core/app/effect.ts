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
  /** Asks once whether there is a newer release. Answers `release/known`. */
  | { readonly type: "release/ask" }
  /** Who listens on a port or uses it, in every network namespace. Answers `pod-lookup/answered`. Changes nothing. */
  | { readonly type: "port/look-up"; readonly port: number }

/** What every screen can do. */
export type EveryEffect =
  | TraceReadEffect
  /** Give the terminal back and end. */
  | { readonly type: "program/quit"; readonly code: number }
