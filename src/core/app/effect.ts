/** Everything the program can ask of the world, as data. */
import type { MitigationEffect } from "./mitigation.ts"
import type { TraceEffect } from "./tracing.ts"

export type Effect =
  | MitigationEffect
  | TraceEffect
  /** One look at the whole host. Answers `look/collected`. */
  | { readonly type: "look/collect" }
  /** One look at the interface counters. Answers `lane/collected`. */
  | { readonly type: "lane/collect" }
  /** Give the terminal back and end. */
  | { readonly type: "program/quit"; readonly code: number }
