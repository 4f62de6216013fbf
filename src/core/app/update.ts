/**
 * The state machine: what happened, to what the program knows next and what it asks of the world.
 *
 * It answers the same object when nothing changed.
 */
import { deriveModel } from "../model/model.ts"
import type { Action, AppAction } from "./action.ts"
import type { Effect } from "./effect.ts"
import type { Facts } from "./facts.ts"
import { focusOrder, roomOf } from "./layout.ts"
import { everyPanel, ownerOfAction, type SomePanel, sliceOf } from "./registry.ts"
import type { PanelId, State } from "./state.ts"

export type Step = readonly [State, ...Effect[]]

export function update(state: State, action: Action): Step {
  const panel = ownerOfAction(action)
  const [next, ...effects] =
    panel === undefined ? updateApp(state, action as AppAction) : updatePanel(state, panel, action)
  return [refreshPanels(state, next), ...effects]
}

function updatePanel(state: State, panel: SomePanel, action: Action): Step {
  const before = sliceOf(state, panel)
  const [slice, ...effects] = panel.update(before, action as never, state, roomOf(state, panel.id))
  return [slice === before ? state : withSlice(state, panel.id, slice), ...effects]
}

const withSlice = (state: State, id: PanelId, slice: unknown): State => ({
  ...state,
  slices: { ...state.slices, [id]: slice },
})

/** The facts that panels derive from; a change of another one (the clock) makes nothing anew. */
const isNew = (before: Facts, after: Facts): boolean =>
  before.model !== after.model || before.isMasked !== after.isMasked

function refreshPanels(before: State, after: State): State {
  if (!isNew(before, after)) return after
  let state = after
  for (const panel of everyPanel) {
    const slice = sliceOf(state, panel)
    const next = panel.refresh?.(slice, state) ?? slice
    if (next !== slice) state = withSlice(state, panel.id, next)
  }
  return state
}

type Reducers = { readonly [T in AppAction["type"]]: (state: State, action: Extract<AppAction, { type: T }>) => Step }

const NOTICE_MS = 4_000
const FAILURE_NOTICE_MS = 10_000

const reducers: Reducers = {
  "screen/resized": (state, { size }) => [
    size.width === state.screen.width && size.height === state.screen.height ? state : { ...state, screen: size },
  ],
  "clock/ticked": (state, { at }) => {
    const { notice, ...rest } = state
    return [notice !== undefined && notice.until <= at ? { ...rest, now: at } : { ...state, now: at }]
  },
  "look/due": (state) =>
    state.isCollecting || state.isPaused ? [state] : [{ ...state, isCollecting: true }, { type: "look/collect" }],
  "look/wanted": (state) => {
    const wanted = { ...state, isLookWanted: true, lookEpoch: state.lookEpoch + 1 }
    return state.isCollecting ? [wanted] : [{ ...wanted, isCollecting: true }, { type: "look/collect" }]
  },
  "look/collected": (state, { sample, rates, at }) => {
    const settled = { ...state, now: at, isCollecting: false, isLookWanted: false }
    // Paused while the look was under way: what is on the screen stays.
    if (state.isPaused && !state.isLookWanted) return [settled]
    return [{ ...settled, sample, rates, model: deriveModel(sample, state.sample, rates) }]
  },
  "lane/due": (state) =>
    state.isLaneBusy || state.isPaused ? [state] : [{ ...state, isLaneBusy: true }, { type: "lane/collect" }],
  "lane/collected": (state) => [{ ...state, isLaneBusy: false }],
  "effect/failed": (state, { effect, reason, at }) => [
    {
      ...state,
      ...(effect.type === "look/collect" ? { isCollecting: false, isLookWanted: false } : {}),
      ...(effect.type === "lane/collect" ? { isLaneBusy: false } : {}),
      notice: { text: reason, tone: "crit", until: at + FAILURE_NOTICE_MS },
    },
  ],
  "app/notice": (state, { text, tone }) => [{ ...state, notice: { text, tone, until: state.now + NOTICE_MS } }],
  "app/focus": (state, { panel }) => [{ ...state, focus: panel }],
  "app/focus-next": (state, { step }) => {
    const order = focusOrder()
    const at = order.indexOf(state.focus)
    return [{ ...state, focus: order[(at + step + order.length) % order.length]! }]
  },
  "app/open": (state, { panel }) => [
    state.overlays.includes(panel) ? state : { ...state, overlays: [...state.overlays, panel] },
  ],
  "app/close": (state) => {
    if (state.overlays.length > 0) return [{ ...state, overlays: state.overlays.slice(0, -1) }]
    return [state.isZoomed ? { ...state, isZoomed: false } : state]
  },
  "app/pause": (state) => [{ ...state, isPaused: !state.isPaused }],
  "app/mask": (state) => [{ ...state, isMasked: !state.isMasked }],
  "app/zoom": (state) => [{ ...state, isZoomed: !state.isZoomed }],
  "app/quit": (state) => [state, { type: "program/quit", code: 0 }],
}

function updateApp(state: State, action: AppAction): Step {
  const reduce = reducers[action.type] as (state: State, action: AppAction) => Step
  return reduce(state, action)
}
