/** What should be ticking, given the state. The program starts and stops timers to match, so none can be left running. */
import type { State } from "./state.ts"

export interface Timer {
  /** Two lists with the same key and id mean the same running timer; a new key starts it anew. */
  readonly id: "clock" | "look" | "lane"
  readonly key: string
  readonly everyMs: number
  readonly action: "clock/ticked" | "look/due" | "lane/due"
}

const SECOND_MS = 1_000

export function timers(state: State): readonly Timer[] {
  if (state.isPaused) return [{ id: "clock", key: "", everyMs: SECOND_MS, action: "clock/ticked" }]
  // Rates need two looks: the second one comes early.
  const everyMs = state.model?.elapsedMs === undefined ? SECOND_MS : state.settings.refreshMs
  return [
    { id: "look", key: `${everyMs} ${state.lookEpoch}`, everyMs, action: "look/due" },
    // What the lane brings tells the time as well: one picture a second, not two.
    { id: "lane", key: "", everyMs: SECOND_MS, action: "lane/due" },
  ]
}
