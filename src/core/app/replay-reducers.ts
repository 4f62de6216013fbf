/** What each action does to a replay. */
import { type LineKey, nearest, nextOnset, positionOfKey } from "../history/history-index.ts"
import { parseQuery } from "../history/search.ts"
import { onsetsAt } from "../history/summary.ts"
import { clockText, dayText, wallText } from "../history/time-grammar.ts"
import { isInside } from "../history/window.ts"
import { dayStart, localDay, type Zone } from "../snapshot/local-day.ts"
import { tick } from "./clock.ts"
import { dayInView, type Replay, type ReplayAction, wallNow, zoneOf } from "./replay.ts"
import {
  afterReadFailure,
  current,
  goTo,
  goToTime,
  ontoActive,
  openWindow,
  say,
  showHit,
  step,
  still,
  towards,
  towardsGoal,
  wholeDay,
  withHistory,
  withReplay,
} from "./replay-moves.ts"
import { showRecord } from "./replay-record.ts"
import type { State } from "./state.ts"
import type { Step } from "./update.ts"

type Reducers = {
  readonly [T in ReplayAction["type"]]: (state: State, action: Extract<ReplayAction, { type: T }>) => Step
}

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

/** A search that finds more has found too much: it ends here, and says how far it came. */
const HITS_MAX = 50_000

export const replayReducers: Reducers = {
  "history/indexed": inReplay((state, replay, { history, days, at }) => {
    const grown = history.index.length > replay.history.index.length
    const next = withHistory({ ...state, now: Math.max(state.now, at) }, replay, history, days)
    const [gone, ...reads] =
      replay.followsEnd && grown && replay.goal === undefined ? towards(next, "latest") : towardsGoal(next)
    const [begun, ...searches] = beginSearch(gone)
    return [begun, ...reads, ...searches, ...(history.isComplete ? [] : [{ type: "history/index" } as const])]
  }),
  "history/due": inReplay((state, replay, { at }) => [
    tick(state, at),
    ...(replay.history.isComplete ? [{ type: "history/follow" } as const] : []),
  ]),
  "record/read": inReplay((state, replay, { key, at, line }) =>
    isSame(state.wanted?.key, key) ? [showRecord(state, replay, key, at, line)] : [state],
  ),
  "record/unusable": inReplay((state, replay, { key, at, history }) => {
    const told = say(afterReadFailure(state), "that line is no snapshot: it was left out", "warn")
    const next = withHistory(told, replay, history)
    // It could not be left out: its file is closed. Asking again would never end.
    if (positionOfKey(history.index, key, at) >= 0) return [next]
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
      isWaiting: !replay.history.isComplete,
    }
    const next = withReplay(still(state), { search })
    return search.isWaiting ? [next] : [next, { type: "search/begin", query, token }]
  }),
  "replay/stop-search": inReplay((state, replay) =>
    replay.search?.isRunning === true
      ? [withReplay(state, { search: { ...replay.search, isRunning: false } })]
      : [state],
  ),
  "search/found": inReplay((state, replay, { token, hits, done, total, isOver }) => {
    const { search } = replay
    if (search?.token !== token || !search.isRunning) return [state]
    const all = hits.length === 0 ? search.hits : [...search.hits, ...hits].slice(0, HITS_MAX)
    const isEnough = isOver || all.length === HITS_MAX
    const next = withReplay(state, { search: { ...search, hits: all, done, total, isRunning: !isEnough } })
    return isEnough ? [next] : [next, { type: "search/go-on", token }]
  }),
}

/** A search that waited for the index. */
function beginSearch(state: State): Step {
  const { search, history } = state.replay!
  if (search?.isWaiting !== true || !search.isRunning || !history.isComplete) return [state]
  const next = { ...search, isWaiting: false, total: history.index.length }
  return [withReplay(state, { search: next }), { type: "search/begin", query: search.query, token: search.token }]
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
