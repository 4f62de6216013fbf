/** What should be ticking, given the state. The program starts and stops timers to match, so none can be left running. */
import { stillActive } from "../mitigation/active.ts"
import type { State } from "./state.ts"

export interface Timer {
  /** Two lists with the same key and id mean the same running timer; a new key starts it anew. */
  readonly id: "clock" | "look" | "lane" | "blocks" | "match" | "trace" | "follow"
  readonly key: string
  readonly everyMs: number
  readonly action:
    | "clock/ticked"
    | "look/due"
    | "lane/due"
    | "blocks/due"
    | "block-peer/count-due"
    | "trace/due"
    | "history/due"
}

const SECOND_MS = 1_000
/** How often blocks are listed while there are some, and while there are none. */
const BLOCKS_MS = 5_000
const NO_BLOCKS_MS = 10_000

/** How often a history is asked for what was written since, while its end is followed and otherwise. */
const FOLLOW_MS = 1_000
const GROW_MS = 3_000

export function timers(state: State): readonly Timer[] {
  if (state.source === "replay") return replayTimers(state)
  const acting = actionTimers(state)
  // What the lane brings tells the time as well: one picture a second, not two. It goes on while the screen is frozen,
  // so that the charts have no hole afterwards.
  const lane: Timer = { id: "lane", key: "", everyMs: SECOND_MS, action: "lane/due" }
  if (state.isPaused) return [lane, ...acting]
  // Rates need two looks: the second one comes early.
  const everyMs = state.model?.elapsedMs === undefined ? SECOND_MS : state.settings.refreshMs
  return [{ id: "look", key: `${everyMs} ${state.lookEpoch}`, everyMs, action: "look/due" }, lane, ...acting]
}

function replayTimers({ replay }: State): readonly Timer[] {
  // What follows the end tells the time as well: one picture a second, not two.
  if (replay?.followsEnd === true)
    return [{ id: "follow", key: `${FOLLOW_MS}`, everyMs: FOLLOW_MS, action: "history/due" }]
  return [
    { id: "clock", key: "", everyMs: SECOND_MS, action: "clock/ticked" },
    { id: "follow", key: `${GROW_MS}`, everyMs: GROW_MS, action: "history/due" },
  ]
}

/** What goes on while the screen is frozen too: a block is no row of a look. */
function actionTimers(state: State): readonly Timer[] {
  const { blocks, overlays, tracing } = state
  const everyMs = stillActive(blocks, 0).length > 0 ? BLOCKS_MS : NO_BLOCKS_MS
  // Where they could not be listed, only an action asks again.
  const isListing = blocks.isListed && blocks.reason === undefined
  return [
    ...(isListing ? [{ id: "blocks", key: `${everyMs}`, everyMs, action: "blocks/due" } as const] : []),
    ...(overlays.includes("block-peer")
      ? [{ id: "match", key: "", everyMs: SECOND_MS, action: "block-peer/count-due" } as const]
      : []),
    ...(tracing.running === undefined
      ? []
      : [{ id: "trace", key: "", everyMs: SECOND_MS, action: "trace/due" } as const]),
  ]
}
