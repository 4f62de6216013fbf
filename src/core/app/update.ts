/**
 * The state machine: what happened, to what the program knows next and what it asks of the world.
 *
 * It answers the same object when nothing changed.
 */
import { diagnose } from "../diagnosis/diagnose.ts"
import { rules } from "../diagnosis/rules/index.ts"
import { deriveEvidence } from "../model/evidence.ts"
import { withVerdict } from "../model/health.ts"
import { deriveLane } from "../model/lane.ts"
import { deriveModel } from "../model/model.ts"
import type { Sample } from "../sample/sample.ts"
import type { Action, AppAction } from "./action.ts"
import { tick } from "./clock.ts"
import type { Effect } from "./effect.ts"
import type { Facts } from "./facts.ts"
import { guide } from "./guide.ts"
import { focusOrder, roomOf } from "./layout.ts"
import { afterFailure, hasBlocks, isChanging, mitigationReducers } from "./mitigation.ts"
import type { PanelStep, Say } from "./panel.ts"
import { everyPanel, ownerOfAction, panelOf, type SomePanel, sliceOf } from "./registry.ts"
import type { ReplayWish } from "./replay.ts"
import { afterReadFailure, ontoActive } from "./replay-moves.ts"
import { replayReducers } from "./replay-reducers.ts"
import type { PanelId, State } from "./state.ts"
import { afterTraceFailure, isFront, seen, tracePanel, traceReducers, whenAsked } from "./tracing.ts"

export type Step = readonly [State, ...Effect[]]

export function update(state: State, action: Action): Step {
  const panel = ownerOfAction(action)
  const [next, ...effects] =
    panel === undefined ? updateApp(state, action as AppAction) : updatePanel(state, panel, action)
  const asked = effects.filter(isChanging).length
  const counted = asked === 0 ? next : { ...next, underWay: next.underWay + asked }
  // The other side may have no rows in this record.
  const isTurned = state.slices["top-connections"].side !== counted.slices["top-connections"].side
  const [settled, ...reads] = isTurned && counted.wanted === undefined ? ontoActive(counted) : ([counted] as Step)
  return [refreshPanels(state, effects.reduce(whenAsked, settled)), ...effects, ...reads]
}

function updatePanel(state: State, panel: SomePanel, action: Action): Step {
  const before = sliceOf(state, panel)
  const step = panel.update(before, action as never, state, roomOf(state, panel.id))
  return withStep(state, panel, step)
}

/** Takes in what a panel answered: its slice, its words, what it opens or closes; the rest is asked of the world. */
function withStep(state: State, panel: SomePanel, [slice, ...asked]: PanelStep<unknown>): Step {
  let next = slice === sliceOf(state, panel) ? state : withSlice(state, panel.id, slice)
  const effects: Effect[] = []
  for (const each of asked) {
    if (each.type === "say") next = withNotice(next, each)
    else if (each.type === "app/open" || each.type === "app/close" || isReplayWish(each)) {
      const [changed, ...more] = updateApp(next, each)
      next = changed
      effects.push(...more)
    } else effects.push(each)
  }
  return [next, ...effects]
}

const isReplayWish = (asked: PanelStep<unknown>[1] & object): asked is ReplayWish => asked.type.startsWith("replay/")

const withNotice = (state: State, { text, tone }: Pick<Say, "text" | "tone">): State => ({
  ...state,
  notice: { text, tone, until: state.now + NOTICE_MS },
})

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

const startLook = (state: State, at: number): Step => [
  { ...state, isCollecting: true, lookStartedAt: at },
  { type: "look/collect" },
]

/** Lets the rules judge the window between the two looks; without a window what they said last stands. */
function withDiagnosis(state: State, previous: Sample | undefined): State {
  const { sample, model, settings } = state
  if (sample === undefined || model?.elapsedMs === undefined || previous === undefined) return state
  const evidence = deriveEvidence({ sample, previous, model, thresholds: settings.thresholds })
  const { diagnosis, state: diagnosisState } = diagnose(evidence, state.diagnosisState, { rules })
  const health = withVerdict(model.health, diagnosis.level)
  return { ...state, model: { ...model, health }, diagnosis, diagnosisState, changes: diagnosisState.changes }
}

/** Shows a look, measured against the one before. */
function showLook(state: State, { sample, rates, at }: NonNullable<State["waiting"]>): State {
  const { waiting: _, ...rest } = state
  const previous = state.sample === undefined ? {} : { previous: state.sample }
  const model = deriveModel({ sample, ...previous, into: rates, thresholds: state.settings.thresholds })
  return withDiagnosis({ ...rest, sample, rates, model, lookedAt: at }, state.sample)
}

const showWaiting = (state: State): State => (state.waiting === undefined ? state : showLook(state, state.waiting))

type Reducers = { readonly [T in AppAction["type"]]: (state: State, action: Extract<AppAction, { type: T }>) => Step }

const NOTICE_MS = 4_000
const FAILURE_NOTICE_MS = 10_000

/** An action on the host is seen in the rows at once. */
const lookAgain = ([state, ...effects]: Step): Step => {
  if (state.isCollecting || state.isPaused) return [state, ...effects]
  const [next, ...look] = startLook(state, state.now)
  return [next, ...effects, ...look]
}

const opened = (state: State, panel: PanelId): Step => updateApp(state, { type: "app/open", panel })

/** Without the progress of a trace that is over. */
const closed = (state: State): State => {
  const overlays = state.overlays.filter((id) => id !== "trace-progress")
  return overlays.length === state.overlays.length ? state : { ...state, overlays }
}

/** The trace form waits for it. */
const tellForm = ([state]: Step): Step =>
  state.overlays.includes("trace-packet")
    ? updatePanel(state, panelOf("trace-packet"), { type: "trace-packet/known" })
    : [state]

const reducers: Reducers = {
  ...mitigationReducers,
  ...replayReducers,
  "peer/blocked": (state, action) => lookAgain(mitigationReducers["peer/blocked"](state, action)),
  "peer/killed": (state, action) => lookAgain(mitigationReducers["peer/killed"](state, action)),
  // The block form waits for it.
  "lifelines/known": (state, action) => {
    const [known] = mitigationReducers["lifelines/known"](state, action)
    // Not through `update`, which would count what is asked of the host a second time.
    return state.overlays.includes("block-peer")
      ? updatePanel(known, panelOf("block-peer"), { type: "block-peer/checked" })
      : [known]
  },
  ...traceReducers,
  "trace/prepared": (state, action) => tellForm(traceReducers["trace/prepared"](state, action)),
  "trace/checked": (state, action) => tellForm(traceReducers["trace/checked"](state, action)),
  // Who watches it run sees what came of it; whoever looks elsewhere is told.
  "trace/ended": (state, action) => {
    const isWatched = isFront(state, "trace-progress")
    const [ended, ...list] = traceReducers["trace/ended"](state, action)
    return isWatched ? [...opened(closed(ended), "trace-result"), ...list] : [closed(ended), ...list]
  },
  // Back to the form, with everything that stood in it.
  "trace/failed": (state, action) => {
    const [failed] = traceReducers["trace/failed"](state, action)
    return isFront(state, "trace-progress") ? opened(closed(failed), "trace-packet") : [closed(failed)]
  },
  "trace/opened": (state, action) => {
    const [shown] = traceReducers["trace/opened"](state, action)
    return isFront(state, "trace-history") ? opened(shown, "trace-result") : [shown]
  },
  "trace/show": (state) => opened(seen(state), tracePanel(state.tracing)),
  "screen/resized": (state, { size }) => [
    size.width === state.screen.width && size.height === state.screen.height ? state : { ...state, screen: size },
  ],
  "clock/ticked": (state, { at }) => [tick(state, at)],
  "look/due": (state, { at }) => (state.isCollecting || state.isPaused ? [state] : startLook(state, at)),
  "look/wanted": (state) => {
    const wanted = { ...state, isLookWanted: true, lookEpoch: state.lookEpoch + 1 }
    return state.isCollecting ? [wanted] : startLook(showWaiting(wanted), state.now)
  },
  "look/collected": (state, { sample, rates, at }) => {
    const settled = { ...state, now: at, isCollecting: false, isLookWanted: false }
    // Paused while the look was under way: what is on the screen stays.
    if (state.isPaused && !state.isLookWanted) return [{ ...settled, waiting: { sample, rates, at } }]
    return [showLook(settled, { sample, rates, at })]
  },
  "lane/due": (state) => (state.isPaused ? [state] : [state, { type: "lane/collect" }]),
  "lane/collected": (state, { counters, monotonicMs, at }) => [
    state.isPaused ? state : { ...tick(state, at), lane: deriveLane(state.lane, counters, monotonicMs) },
  ],
  "effect/failed": (state, { effect, reason, at }) =>
    afterFailure(
      {
        ...afterReadFailure(tick(afterTraceFailure(state, effect), at)),
        ...(effect.type === "look/collect" ? { isCollecting: false, isLookWanted: false } : {}),
        notice: { text: reason, tone: "crit", until: at + FAILURE_NOTICE_MS },
      },
      effect,
    ),
  "app/notice": (state, said) => [withNotice(state, said)],
  "app/focus": (state, { panel }) => [{ ...state, focus: panel }],
  "app/focus-next": (state, { step }) => {
    const order = focusOrder(state)
    const at = order.indexOf(state.focus)
    return [{ ...state, focus: order[(at + step + order.length) % order.length]! }]
  },
  // An overlay opens as new, and leaves nothing behind when it is closed.
  "app/open": (state, { panel: id, about }) => {
    if (state.overlays.includes(id)) return [state]
    const panel = panelOf(id)
    const opened = { ...state, overlays: [...state.overlays, id], guide: guide(state) }
    return withStep(opened, panel, panel.open?.(opened, about) ?? [panel.initial])
  },
  "app/close": (state) => {
    const top = state.overlays.at(-1)
    if (top === undefined) return [state.isZoomed ? { ...state, isZoomed: false } : state]
    return [withSlice({ ...state, overlays: state.overlays.slice(0, -1) }, top, panelOf(top).initial)]
  },
  "app/pause": (state) => [state.isPaused ? showWaiting({ ...state, isPaused: false }) : { ...state, isPaused: true }],
  "app/mask": (state) => [{ ...state, isMasked: !state.isMasked }],
  "app/zoom": (state) => [{ ...state, isZoomed: !state.isZoomed }],
  // Asked a second time, it ends: the blocks stay and are lifted on time.
  "app/quit": (state) =>
    (hasBlocks(state) || state.underWay > 0 || state.tracing.running !== undefined) &&
    state.overlays.at(-1) !== "quit-blocks"
      ? updateApp(state, { type: "app/open", panel: "quit-blocks" })
      : [state, { type: "program/quit", code: 0 }],
}

function updateApp(state: State, action: AppAction): Step {
  const reduce = reducers[action.type] as (state: State, action: AppAction) => Step
  return reduce(state, action)
}
