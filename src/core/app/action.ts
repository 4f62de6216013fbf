/** Everything that can happen. Actions of panels are declared by the panel and carry its name. */
import type { RateTable } from "../model/rates.ts"
import type { panels } from "../panels/index.ts"
import type { InterfaceCounters, Reading, Sample } from "../sample/sample.ts"
import type { Size, Tone } from "../text/line.ts"
import type { Effect } from "./effect.ts"
import type { MitigationAction } from "./mitigation.ts"
import type { About } from "./panel.ts"
import type { ReplayAction } from "./replay.ts"
import type { PanelId } from "./state.ts"
import type { TraceAction } from "./tracing.ts"

export type AppAction =
  | MitigationAction
  | TraceAction
  | ReplayAction
  /** The terminal has this size now. */
  | { readonly type: "screen/resized"; readonly size: Size }
  /** A second has passed: ages and notices move. */
  | { readonly type: "clock/ticked"; readonly at: number }
  /** The refresh timer fired. */
  | { readonly type: "look/due"; readonly at: number }
  /** The operator wants a look now, paused or not. */
  | { readonly type: "look/wanted" }
  /** A look came back; `rates` is the room for its rates that no shown model uses. */
  | { readonly type: "look/collected"; readonly sample: Sample; readonly rates: RateTable; readonly at: number }
  /** The one-second timer of the interface counters fired. */
  | { readonly type: "lane/due"; readonly at: number }
  /** Interface counters came back. */
  | {
      readonly type: "lane/collected"
      readonly counters: Reading<InterfaceCounters>
      readonly monotonicMs: number
      readonly at: number
    }
  /** An effect could not be done. */
  | { readonly type: "effect/failed"; readonly effect: Effect; readonly reason: string; readonly at: number }
  | { readonly type: "app/notice"; readonly text: string; readonly tone: Tone }
  | { readonly type: "app/focus"; readonly panel: PanelId }
  | { readonly type: "app/focus-next"; readonly step: 1 | -1 }
  | { readonly type: "app/open"; readonly panel: PanelId; readonly about?: About }
  | { readonly type: "app/close" }
  | { readonly type: "app/pause" }
  | { readonly type: "app/mask" }
  | { readonly type: "app/zoom" }
  | { readonly type: "app/quit" }

/** The actions of all panels in the list. */
export type PanelAction = Parameters<(typeof panels)[number]["update"]>[1]

export type Action = AppAction | PanelAction
