/**
 * What a replay does when it is asked: it reads. Nothing here can change the host, and what is not here is not done,
 * whatever is asked.
 */
import type { EveryEffect } from "../../core/app/effect.ts"
import type { HistoryState, ReplayAction, ReplayEffect, SearchHit } from "../../core/app/replay.ts"
import { matcherOf } from "../../core/history/search.ts"
import { missing } from "../../core/sample/sample.ts"
import { traceReadingEffects } from "../effects/trace.ts"
import { sinceBootMs } from "../kernel/clock.ts"
import type { EffectHandlers } from "../program.ts"
import type { History } from "./history.ts"
import { folderOfPlace } from "./place.ts"
import { searchHistory } from "./search-history.ts"

const NO_FOLDER = "the standard input brings snapshots only, and no traces"
/** Between two slices the screen is painted and keys are heard. */
const SLICE_MS = 12

export function replayEffects(
  history: History,
  quit: (code: number) => void,
): EffectHandlers<ReplayEffect | EveryEffect> {
  const folder = folderOfPlace(history.place)
  let search: { readonly token: number; readonly slices: ReturnType<typeof searchHistory> } | undefined
  const indexed = (): ReplayAction => ({
    type: "history/indexed",
    history: historyState(history),
    days: history.days(),
    at: sinceBootMs(),
  })

  const searchOn = (token: number): ReplayAction | undefined => {
    if (search?.token !== token) return undefined
    const { value, done: isOver = false } = search.slices.next()
    const total = history.view().index.length
    const none: readonly SearchHit[] = []
    return {
      type: "search/found",
      token,
      hits: value?.hits ?? none,
      done: value?.done ?? total,
      total,
      isOver,
    }
  }

  return {
    ...traceReadingEffects(folder),
    // Traces lie beside the snapshots; those of this host are none of a stream's.
    ...(folder === undefined
      ? { "trace/list": () => ({ type: "trace/listed", history: missing(NO_FOLDER) }) as const }
      : {}),
    "history/index": async () => {
      history.indexMore(SLICE_MS)
      // A slice is work for the processor alone: keys are heard between two.
      await Bun.sleep(0)
      return indexed()
    },
    "history/follow": () => (history.follow() ? indexed() : undefined),
    "history/open": ({ window }) => {
      history.setWindow(window)
      history.indexMore(SLICE_MS)
      return indexed()
    },
    "record/read": ({ key, at, bytes }) => {
      const line = history.read(key, bytes)
      return line === undefined
        ? { type: "record/unusable", key, at, history: historyState(history) }
        : { type: "record/read", key, at, line }
    },
    "search/begin": ({ query, token }) => {
      search = {
        token,
        slices: searchHistory(history.openedFiles, history.view().index, matcherOf(query), SLICE_MS),
      }
      return searchOn(token)
    },
    "search/go-on": async ({ token }) => {
      await Bun.sleep(0)
      return searchOn(token)
    },
    "program/quit": ({ code }) => {
      quit(code)
      return undefined
    },
  }
}

export const historyState = (history: History): HistoryState => history.view()
