/**
 * Going through the history.
 *
 * A snapshot is shown when its line was read, and not before: position and record change together. Whoever wants to go
 * somewhere names a position; keys that come meanwhile go on from there.
 */
import {
  type HistorySide,
  isActive,
  keyAt,
  type LineKey,
  nearest,
  nextActive,
  positionOfKey,
} from "../history/history-index.ts"
import { clockText } from "../history/time-grammar.ts"
import type { Window } from "../history/window.ts"
import { type Day, dayEnd, dayStart, type Zone } from "../snapshot/local-day.ts"
import { count } from "../text/units.ts"
import { type Goal, type HistoryState, type Replay, type SearchHit, zoneOf } from "./replay.ts"
import type { State } from "./state.ts"
import type { Step } from "./update.ts"

const NOTICE_MS = 6_000

export const say = (state: State, text: string, tone: "strong" | "warn" = "strong"): State => ({
  ...state,
  notice: { text, tone, until: state.now + NOTICE_MS },
})

export const sideOf = (state: State): HistorySide => state.slices["top-connections"].side

export const withReplay = (state: State, change: Partial<Replay>): State =>
  state.replay === undefined ? state : { ...state, replay: { ...state.replay, ...change } }

/** Asks for the snapshot at a position. */
export function goTo(state: State, position: number): Step {
  const { replay } = state
  if (replay === undefined) return [state]
  const { index } = replay.history
  const key = keyAt(index, position)
  const at = index.lines.at[position]!
  return [
    { ...withoutGoal(state, replay), wanted: { key, at, position } },
    { type: "record/read", key, at, bytes: index.lines.bytes[position]! },
  ]
}

function withoutGoal(state: State, replay: Replay): State {
  if (replay.goal === undefined) return state
  const { goal: _, ...rest } = replay
  return { ...state, replay: rest }
}

/** Where keys count from. */
export const current = ({ wanted, replay }: State): number => wanted?.position ?? replay?.shown?.position ?? -1

export const still = (state: State): State =>
  state.replay?.followsEnd === true ? withReplay(state, { followsEnd: false }) : state

/** The nearest in time; with skip-empty, the nearest that has rows on the side shown. */
export function goToTime(state: State, replay: Replay, at: number): Step {
  const { index } = replay.history
  const active = replay.skipsEmpty ? nearest(index, at, sideOf(state)) : -1
  const position = active >= 0 ? active : nearest(index, at)
  return position < 0 ? [state] : goTo(state, position)
}

/** Goes where it was to go, as far as the index allows. */
export function towardsGoal(state: State): Step {
  const { replay } = state
  if (replay?.goal === undefined) return [state]
  const { goal, skipsEmpty, followsEnd } = replay
  const { index, isComplete } = replay.history
  if (index.length === 0) return [state]
  if (goal === "oldest") {
    const active = skipsEmpty ? nextActive(index, 0, 1, sideOf(state)) : 0
    if (active < 0 && !isComplete) return [state]
    return goTo(state, Math.max(0, active))
  }
  if (goal === "latest") {
    if (!isComplete) return [state]
    const last = index.length - 1
    // The growing end is shown as it is: an idle host must not look like one that stands still.
    const active = skipsEmpty && !followsEnd ? nextActive(index, last, -1, sideOf(state)) : last
    return goTo(state, active < 0 ? last : active)
  }
  const isReached = index.lines.at[index.length - 1]! >= goal.at
  return isComplete || isReached ? goToTime(state, replay, goal.at) : [state]
}

export const towards = (state: State, goal: Goal): Step => towardsGoal(withReplay(state, { goal }))

/** One snapshot on or back, past those without rows. */
export function step(state: State, replay: Replay, by: 1 | -1): Step {
  const { index, isComplete } = replay.history
  const from = current(state)
  const to = replay.skipsEmpty ? nextActive(index, from + by, by, sideOf(state)) : from + by
  if (to < 0 || to >= index.length) {
    const hidden = by > 0 ? index.length - 1 - from : from
    const end = by > 0 ? (isComplete ? "last" : "last so far") : "first"
    const more =
      replay.skipsEmpty && hidden > 0
        ? `; ${count(hidden)} without rows ${by > 0 ? "after" : "before"} it, x shows them`
        : ""
    return [say(state, `this is the ${end} snapshot${replay.skipsEmpty ? " with rows" : ""}${more}`)]
  }
  const skipped = Math.abs(to - from) - 1
  return goTo(skipped > 0 ? say(state, `${count(skipped)} without rows skipped`) : state, to)
}

/** Takes in what the shell knows now; what is shown keeps its place, or is looked for again. */
export function withHistory(
  state: State,
  replay: Replay,
  history: HistoryState,
  days: readonly Day[] = replay.days,
): State {
  const { shown } = replay
  const { wanted } = state
  const place = <T extends { key: LineKey; at: number; position: number }>(each: T): T => ({
    ...each,
    position: positionOfKey(history.index, each.key, each.at),
  })
  return {
    ...state,
    replay: {
      ...replay,
      history,
      days,
      ...(shown === undefined ? {} : { shown: place(shown) }),
    },
    ...(wanted === undefined ? {} : { wanted: place(wanted) }),
  }
}

/** Another part of the history, and where to go in it. */
export function openWindow(state: State, window: Window, goal: Goal): Step {
  return [withReplay(state, { window, goal, followsEnd: false }), { type: "history/open", window }]
}

export const wholeDay = (day: Day, zone: Zone): Window => ({ from: dayStart(day, zone), to: dayEnd(day, zone) - 1 })

/** To a snapshot of a search, on the side that has what was searched for. */
export function showHit(state: State, replay: Replay, hit: SearchHit): Step {
  const position = positionOfKey(replay.history.index, hit.key, hit.at)
  if (position < 0) return [say(state, "that snapshot is no longer in the window", "warn")]
  const side = sideOf(state)
  const top = state.slices["top-connections"]
  const other = side === "in" ? "out" : "in"
  const turned: State =
    hit[side] > 0 ? state : { ...state, slices: { ...state.slices, "top-connections": { ...top, side: other } } }
  const rows = `${count(hit.in)} incoming, ${count(hit.out)} outgoing rows`
  return goTo(
    say(still(turned), `${clockText(hit.at, zoneOf(replay))} has ${replay.search?.text ?? "it"}: ${rows}`),
    position,
  )
}

/** With skip-empty, a snapshot without rows on the side shown gives way to the nearest in time that has some. */
export function ontoActive(state: State): Step {
  const { replay } = state
  if (replay?.shown === undefined || !replay.skipsEmpty || replay.followsEnd) return [state]
  const { index } = replay.history
  const position = current(state)
  if (position >= 0 && isActive(index, position, sideOf(state))) return [state]
  const to = nearest(index, replay.shown.at, sideOf(state))
  return to < 0 || to === position ? [state] : goTo(state, to)
}

/** A line that could not be read is no longer waited for. */
export function afterReadFailure(state: State): State {
  if (state.wanted === undefined) return state
  const { wanted: _, ...rest } = state
  return rest
}
