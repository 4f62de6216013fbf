/** The whole of what the program knows. Plain data: it can be compared, logged and sent to another thread. */
import { type DiagnosisState, initialDiagnosisState } from "../diagnosis/diagnose.ts"
import { noBlocks } from "../mitigation/active.ts"
import type { RateTable } from "../model/rates.ts"
import { panels } from "../panels/index.ts"
import type { Sample } from "../sample/sample.ts"
import type { Facts, Settings } from "./facts.ts"
import { noTraces } from "./tracing.ts"

type AnyPanel = (typeof panels)[number]
interface AnyPanelValue {
  readonly id: string
  readonly initial: unknown
  readonly initialIn?: { readonly replay?: unknown }
}
export type PanelId = AnyPanel["id"]
export type Slices = { readonly [P in AnyPanel as P["id"]]: P["initial"] }

export interface State extends Facts {
  readonly focus: PanelId
  readonly isZoomed: boolean
  /** Open overlays, the topmost last. */
  readonly overlays: readonly PanelId[]
  readonly slices: Slices
  /** The look that `model` was made from: the next one is measured against it. */
  readonly sample?: Sample
  readonly rates?: RateTable
  /**
   * A look that came while the screen was frozen: shown when it goes on. It is never thrown away, since it holds the
   * connections that closed before it.
   */
  readonly waiting?: { readonly sample: Sample; readonly rates: RateTable; readonly at: number }
  /** What the rules remember from look to look. */
  readonly diagnosisState: DiagnosisState
  /** Goes up when the operator asks for a look, so that the refresh timer starts anew. */
  readonly lookEpoch: number
  /** The look under way was asked for by the operator: it is shown even while paused. */
  readonly isLookWanted: boolean
}

export function initialState(
  source: State["source"],
  settings: Settings,
  options: { isMasked: boolean; at: number },
): State {
  return {
    source,
    settings,
    screen: { width: 80, height: 24 },
    now: options.at,
    isPaused: false,
    isMasked: options.isMasked,
    isCollecting: false,
    lookStartedAt: options.at,
    guide: [],
    changes: [],
    diagnosisState: initialDiagnosisState,
    blocks: noBlocks,
    underWay: 0,
    tracing: noTraces,
    log: [],
    focus: "top-connections",
    isZoomed: false,
    overlays: [],
    slices: Object.fromEntries(
      (panels as readonly AnyPanelValue[]).map((panel) => [
        panel.id,
        source === "replay" ? (panel.initialIn?.replay ?? panel.initial) : panel.initial,
      ]),
    ) as Slices,
    lookEpoch: 0,
    isLookWanted: false,
  }
}
