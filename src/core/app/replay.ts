/** The replay, as the state machine sees it: its state, what happens to it, and what it asks of the world. */
import type { HistoryIndex, HistorySide, LineKey } from "../history/history-index.ts"
import type { Query } from "../history/search.ts"
import type { Window } from "../history/window.ts"
import { type ZoneTable, zoneOfTable } from "../history/zone-table.ts"
import { type Day, localDay, type Zone } from "../snapshot/local-day.ts"
import type { SnapshotLine } from "../snapshot/schema.ts"

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
  /** It begins when the whole window has been indexed. */
  readonly isWaiting: boolean
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

/** The state of a replay before anything was read. */
export const initialReplay = (
  given: Pick<Replay, "scope" | "isFolder" | "window" | "zones" | "days" | "clock" | "history">,
): Replay => ({ ...given, goal: "oldest", followsEnd: false, skipsEmpty: true })

export const zoneOf = ({ zones }: Pick<Replay, "zones">): Zone => zoneOfTable(zones)

/** The wall clock, as far as the program was told of the time. */
export const wallNow = ({ clock }: Pick<Replay, "clock">, now: number): number => clock.wall + now - clock.now

/** The day that is looked at: of a time of day, that day is meant. */
export const dayInView = (replay: Replay, now: number): Day =>
  localDay(replay.shown?.at ?? replay.window.from ?? replay.window.to ?? wallNow(replay, now), zoneOf(replay))

/** How many snapshots have rows on a side up to a position, and in all. */
export function activeCounts({ activeBefore, length }: HistoryIndex, position: number, side: HistorySide) {
  const before = activeBefore[side]
  return {
    rank: position < 0 ? 0 : before[position + 1]! > before[position]! ? before[position + 1]! : 0,
    total: before[length]!,
  }
}
