/**
 * The replay, as the state machine sees it: which part of the history there is, which snapshot is shown, where to go next.
 *
 * A snapshot is shown when its line was read, and not before: position and record change together. Whoever wants to go
 * somewhere names a position; keys that come meanwhile go on from there.
 */
import { recordedChange, recordedDiagnosis } from "../diagnosis/recorded.ts"
import { rules } from "../diagnosis/rules/index.ts"
import {
  type HistoryIndex,
  type HistorySide,
  isActive,
  keyAt,
  type LineKey,
  nearest,
  nextActive,
  nextOnset,
  positionOfKey,
} from "../history/history-index.ts"
import { parseQuery, type Query } from "../history/search.ts"
import { episodesOf, onsetsAt } from "../history/summary.ts"
import { clockText, dayText, wallText } from "../history/time-grammar.ts"
import { isInside, type Window } from "../history/window.ts"
import { type ZoneTable, zoneOfTable } from "../history/zone-table.ts"
import { withVerdict } from "../model/health.ts"
import { type Day, dayEnd, dayStart, localDay, type Zone } from "../snapshot/local-day.ts"
import { modelOfLine } from "../snapshot/record-model.ts"
import type { SnapshotLine } from "../snapshot/schema.ts"
import { count } from "../text/units.ts"
import type { State } from "./state.ts"
import type { Step } from "./update.ts"

/** What the shell knows of the files. */
export interface HistoryState {
  readonly index: HistoryIndex
  readonly isComplete: boolean
  /** 0 to 1. */
  readonly progress: number
  readonly files: number
  readonly corrupt: number
  readonly problems: readonly string[]
}

export interface Shown {
  readonly key: LineKey
  readonly at: number
  /** In the index; -1 when it is no longer in the window. */
  readonly position: number
  readonly line: SnapshotLine
}

export interface SearchHit {
  readonly key: LineKey
  readonly at: number
  /** Rows that match, by side. */
  readonly in: number
  readonly out: number
}

export interface TimeSearch {
  readonly text: string
  readonly query: Query
  /** Tells answers of this search from those of one before. */
  readonly token: number
  readonly hits: readonly SearchHit[]
  /** Snapshots that were looked at, and how many there are. */
  readonly done: number
  readonly total: number
  readonly isRunning: boolean
}

/** The snapshot that is being read. */
export interface Wanted {
  readonly key: LineKey
  readonly at: number
  readonly position: number
}

/** Where to go as soon as the index reaches so far. */
export type Goal = "oldest" | "latest" | { readonly at: number }

export interface Replay {
  /** The data directory or the file. */
  readonly scope: string
  readonly isFolder: boolean
  readonly window: Window
  readonly zones: ZoneTable
  /** Days of which there are files. */
  readonly days: readonly Day[]
  /** The wall clock at an instant of `now`. */
  readonly clock: { readonly wall: number; readonly now: number }
  readonly history: HistoryState
  readonly shown?: Shown
  readonly goal?: Goal
  readonly followsEnd: boolean
  readonly skipsEmpty: boolean
  readonly search?: TimeSearch
}

export type ReplayEffect =
  /** A slice more of the index. Answers `history/indexed`. */
  | { readonly type: "history/index" }
  /** What was written meanwhile. Answers `history/indexed`, or nothing. */
  | { readonly type: "history/follow" }
  /** Another part of the history. Answers `history/indexed`. */
  | { readonly type: "history/open"; readonly window: Window }
  /** One line. Answers `record/read`, or `record/unusable`. */
  | { readonly type: "record/read"; readonly key: LineKey; readonly at: number; readonly bytes: number }
  /** Begins a search; one that goes on is given up. Answers `search/found`. */
  | { readonly type: "search/begin"; readonly query: Query; readonly token: number }
  /** A slice more of it. Answers `search/found`. */
  | { readonly type: "search/go-on"; readonly token: number }

export type ReplayAction =
  | {
      readonly type: "history/indexed"
      readonly history: HistoryState
      readonly days: readonly Day[]
      readonly at: number
    }
  /** The timer of the growing end fired. */
  | { readonly type: "history/due"; readonly at: number }
  | { readonly type: "record/read"; readonly key: LineKey; readonly at: number; readonly line: SnapshotLine }
  /** The line turned out to be none, and is gone from the index. */
  | { readonly type: "record/unusable"; readonly key: LineKey; readonly at: number; readonly history: HistoryState }
  | {
      readonly type: "search/found"
      readonly token: number
      readonly hits: readonly SearchHit[]
      readonly done: number
      readonly total: number
      readonly isOver: boolean
    }
  | ReplayWish

/** What keys and panels ask for. */
export type ReplayWish =
  | { readonly type: "replay/step"; readonly by: 1 | -1 }
  | { readonly type: "replay/end"; readonly to: "oldest" | "latest" }
  /** To the snapshot nearest to an instant; one outside the window opens the day it is of. */
  | { readonly type: "replay/go"; readonly at: number; readonly asked?: string }
  /** By so many milliseconds. */
  | { readonly type: "replay/skip"; readonly byMs: number }
  /** To where something began to be wrong. */
  | { readonly type: "replay/onset"; readonly by: 1 | -1 }
  /** To the snapshot of a search before or after this one, or to this very one. */
  | { readonly type: "replay/hit"; readonly by: 1 | -1 }
  | { readonly type: "replay/show-hit"; readonly hit: SearchHit }
  | { readonly type: "replay/day"; readonly by: 1 | -1 }
  | { readonly type: "replay/follow-end" }
  | { readonly type: "replay/skip-empty" }
  | { readonly type: "replay/search"; readonly text: string }
  | { readonly type: "replay/stop-search" }

type Reducers = {
  readonly [T in ReplayAction["type"]]: (state: State, action: Extract<ReplayAction, { type: T }>) => Step
}

// ---- words ---------------------------------------------------------------------------------------------------------

const NOTICE_MS = 6_000

const say = (state: State, text: string, tone: "strong" | "warn" = "strong"): State => ({
  ...state,
  notice: { text, tone, until: state.now + NOTICE_MS },
})

export const zoneOf = ({ zones }: Pick<Replay, "zones">): Zone => zoneOfTable(zones)

/** The wall clock, as far as the program was told of the time. */
export const wallNow = ({ clock }: Pick<Replay, "clock">, now: number): number => clock.wall + now - clock.now

/** The day that is looked at: of a time of day, that day is meant. */
export const dayInView = (replay: Replay, now: number): Day =>
  localDay(replay.shown?.at ?? replay.window.from ?? replay.window.to ?? wallNow(replay, now), zoneOf(replay))

// ---- going somewhere -----------------------------------------------------------------------------------------------

const sideOf = (state: State): HistorySide => state.slices["top-connections"].side

const withReplay = (state: State, change: Partial<Replay>): State =>
  state.replay === undefined ? state : { ...state, replay: { ...state.replay, ...change } }

/** Asks for the snapshot at a position. */
function goTo(state: State, position: number): Step {
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
const current = ({ wanted, replay }: State): number => wanted?.position ?? replay?.shown?.position ?? -1

const still = (state: State): State =>
  state.replay?.followsEnd === true ? withReplay(state, { followsEnd: false }) : state

/** The nearest in time; with skip-empty, the nearest that has rows on the side shown. */
function goToTime(state: State, replay: Replay, at: number): Step {
  const { index } = replay.history
  const active = replay.skipsEmpty ? nearest(index, at, sideOf(state)) : -1
  const position = active >= 0 ? active : nearest(index, at)
  return position < 0 ? [state] : goTo(state, position)
}

/** Goes where it was to go, as far as the index allows. */
function towardsGoal(state: State): Step {
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

const towards = (state: State, goal: Goal): Step => towardsGoal(withReplay(state, { goal }))

/** One snapshot on or back, past those without rows. */
function step(state: State, replay: Replay, by: 1 | -1): Step {
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

/** As many as the live screen keeps. */
const CHANGES_MAX = 20

function showRecord(state: State, replay: Replay, key: LineKey, at: number, line: SnapshotLine): State {
  const { wanted: _, ...rest } = state
  const model = modelOfLine(line, at)
  const { index } = replay.history
  const position = positionOfKey(index, key, at)
  const diagnosis = recordedDiagnosis(
    { at, level: model.health.level, findings: line.findings ?? [] },
    {
      rules,
      since: (id) =>
        episodesOf(index).findLast((each) => each.id === id && each.from <= at && each.to >= at)?.from ?? at,
    },
  )
  return {
    ...rest,
    model: { ...model, health: withVerdict(model.health, diagnosis.level) },
    diagnosis,
    changes: episodesOf(index)
      .filter(({ from }) => from <= at)
      .slice(-CHANGES_MAX)
      .toReversed()
      .map((episode) => recordedChange(episode, { rules, at })),
    lookedAt: state.now,
    lane: { traffic: model.traffic, spike: { shown: "unknown", judged: "unknown" } },
    settings: { ...state.settings, interfaceName: line.interface === "" ? "–" : line.interface },
    replay: { ...replay, shown: { key, at, position, line } },
  }
}

/** Takes in what the shell knows now; what is shown keeps its place, or is looked for again. */
function withHistory(state: State, replay: Replay, history: HistoryState, days: readonly Day[] = replay.days): State {
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
function openWindow(state: State, window: Window, goal: Goal): Step {
  return [withReplay(state, { window, goal, followsEnd: false }), { type: "history/open", window }]
}

const wholeDay = (day: Day, zone: Zone): Window => ({ from: dayStart(day, zone), to: dayEnd(day, zone) - 1 })

/** Without a replay nothing of it is asked for. */
const inReplay =
  <A>(reduce: (state: State, replay: Replay, action: A) => Step) =>
  (state: State, action: A): Step =>
    state.replay === undefined ? [state] : reduce(state, state.replay, action)

const withSnapshots = <A>(reduce: (state: State, replay: Replay, action: A) => Step) =>
  inReplay<A>((state, replay, action) =>
    replay.history.index.length === 0
      ? [
          say(
            state,
            replay.history.isComplete ? "there is no snapshot in this window" : "the history is still being read",
          ),
        ]
      : reduce(state, replay, action),
  )

export const replayReducers: Reducers = {
  "history/indexed": inReplay((state, replay, { history, days, at }) => {
    const grown = history.index.length > replay.history.index.length
    const next = withHistory({ ...state, now: Math.max(state.now, at) }, replay, history, days)
    const [gone, ...reads] =
      replay.followsEnd && grown && replay.goal === undefined ? towards(next, "latest") : towardsGoal(next)
    return [gone, ...reads, ...(history.isComplete ? [] : [{ type: "history/index" } as const])]
  }),
  "history/due": inReplay((state, replay, { at }) => [
    { ...state, now: Math.max(state.now, at) },
    ...(replay.history.isComplete ? [{ type: "history/follow" } as const] : []),
  ]),
  "record/read": inReplay((state, replay, { key, at, line }) =>
    isSame(state.wanted?.key, key) ? [showRecord(state, replay, key, at, line)] : [state],
  ),
  "record/unusable": inReplay((state, replay, { at, history }) => {
    const told = say(afterReadFailure(state), "that line is no snapshot: it was left out", "warn")
    const next = withHistory(told, replay, history)
    return goToTime(next, next.replay!, at)
  }),
  "replay/step": withSnapshots((state, replay, { by }) => step(still(state), replay, by)),
  "replay/end": withSnapshots((state, _, { to }) => towards(to === "oldest" ? still(state) : state, to)),
  "replay/go": inReplay((state, replay, { at, asked }) => {
    const zone = zoneOf(replay)
    const day = localDay(at, zone)
    if (isInside(replay.window, at) || !replay.isFolder || !replay.days.includes(day)) {
      const has = replay.days.length === 0 || replay.days.includes(day)
      const next = asked === undefined ? state : say(state, jumpText(replay, at, has, zone))
      return towards(still(next), { at })
    }
    return openWindow(say(state, `${dayText(day)} is opened`), wholeDay(day, zone), { at })
  }),
  "replay/skip": withSnapshots((state, replay, { byMs }) => {
    const { index } = replay.history
    const from = current(state)
    const at = (from < 0 ? replay.shown!.at : index.lines.at[from]!) + byMs
    const [next, ...effects] = goToTime(still(state), { ...replay, followsEnd: false }, at)
    // A gap may be longer than the step: then it is crossed.
    if (next.wanted?.position === from) return step(still(state), replay, byMs > 0 ? 1 : -1)
    return [next, ...effects]
  }),
  "replay/onset": withSnapshots((state, replay, { by }) => {
    const { index } = replay.history
    const position = nextOnset(index, current(state), by)
    if (position < 0) {
      const more = replay.history.isComplete ? "" : " so far"
      return [say(still(state), `nothing else begins to be wrong ${by > 0 ? "after" : "before"} this${more}`)]
    }
    const what = onsetsAt(index, position).join(", ")
    return goTo(say(still(state), `${clockText(index.lines.at[position]!, zoneOf(replay))} ${what}`, "warn"), position)
  }),
  "replay/hit": withSnapshots((state, replay, { by }) => {
    const { search, history } = replay
    if (search === undefined) return [say(state, "nothing was searched for; S searches across time")]
    const at = history.index.lines.at[Math.max(0, current(state))]!
    const hit = by > 0 ? search.hits.find((each) => each.at > at) : search.hits.findLast((each) => each.at < at)
    if (hit === undefined) return [say(state, `no ${by > 0 ? "later" : "earlier"} snapshot has ${search.text}`)]
    return showHit(state, replay, hit)
  }),
  "replay/show-hit": inReplay((state, replay, { hit }) => showHit(state, replay, hit)),
  "replay/day": inReplay((state, replay, { by }) => {
    const zone = zoneOf(replay)
    if (!replay.isFolder) return [say(state, "this is one file; without --file other days can be reached")]
    const here = dayInView(replay, state.now)
    const day = by > 0 ? replay.days.find((each) => each > here) : replay.days.findLast((each) => each < here)
    if (day === undefined) return [say(state, `no ${by > 0 ? "later" : "earlier"} day was recorded`)]
    return openWindow(say(state, dayText(day)), wholeDay(day, zone), "oldest")
  }),
  "replay/follow-end": inReplay((state, replay) => {
    if (replay.followsEnd) return [say(still(state), "the end is no longer followed")]
    const next = withReplay(say(state, "following the end"), { followsEnd: true })
    const { from, to } = replay.window
    // A window that is over would never show what comes.
    if (to !== undefined && replay.isFolder) {
      const zone = zoneOf(replay)
      const window = { from: Math.max(from ?? 0, dayStart(localDay(wallNow(replay, state.now), zone), zone)) }
      return [withReplay(next, { window, goal: "latest" }), { type: "history/open", window }]
    }
    const [gone, ...effects] = towards(next, "latest")
    return [gone, ...effects, { type: "history/follow" }]
  }),
  "replay/skip-empty": inReplay((state, replay) => {
    const skipsEmpty = !replay.skipsEmpty
    const next = withReplay(say(state, skipsEmpty ? "snapshots without rows are skipped" : "every snapshot is shown"), {
      skipsEmpty,
    })
    return ontoActive(next)
  }),
  "replay/search": withSnapshots((state, replay, { text }) => {
    const query = parseQuery(text, state)
    if (query === undefined) return [state]
    const token = (replay.search?.token ?? 0) + 1
    const search = {
      text: text.trim(),
      query,
      token,
      hits: [],
      done: 0,
      total: replay.history.index.length,
      isRunning: true,
    }
    return [withReplay(still(state), { search }), { type: "search/begin", query, token }]
  }),
  "replay/stop-search": inReplay((state, replay) =>
    replay.search?.isRunning === true
      ? [withReplay(state, { search: { ...replay.search, isRunning: false } })]
      : [state],
  ),
  "search/found": inReplay((state, replay, { token, hits, done, total, isOver }) => {
    const { search } = replay
    if (search?.token !== token || !search.isRunning) return [state]
    const all = hits.length === 0 ? search.hits : [...search.hits, ...hits]
    const next = withReplay(state, { search: { ...search, hits: all, done, total, isRunning: !isOver } })
    return isOver ? [next] : [next, { type: "search/go-on", token }]
  }),
}

const isSame = (a: LineKey | undefined, b: LineKey): boolean => a?.file === b.file && a.offset === b.offset

function jumpText(replay: Replay, at: number, has: boolean, zone: Zone): string {
  const { index } = replay.history
  const position = nearest(index, at)
  if (position < 0) return "there is no snapshot in this window"
  const found = index.lines.at[position]!
  const missing = has ? "" : `no snapshots for ${dayText(localDay(at, zone))}; `
  return `${missing}nearest to ${wallText(at, zone)}: ${clockText(found, zone)}`
}

/** To a snapshot of a search, on the side that has what was searched for. */
function showHit(state: State, replay: Replay, hit: SearchHit): Step {
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

/** The state of a replay before anything was read. */
export const initialReplay = (
  given: Pick<Replay, "scope" | "isFolder" | "window" | "zones" | "days" | "clock" | "history">,
): Replay => ({ ...given, goal: "oldest", followsEnd: false, skipsEmpty: true })

/** How many snapshots have rows on a side up to a position, and in all. */
export function activeCounts({ activeBefore, length }: HistoryIndex, position: number, side: HistorySide) {
  const before = activeBefore[side]
  return {
    rank: position < 0 ? 0 : before[position + 1]! > before[position]! ? before[position + 1]! : 0,
    total: before[length]!,
  }
}
