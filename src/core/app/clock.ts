import type { State } from "./state.ts"

/** The time as last told; a notice whose time is over goes. */
export function tick(state: State, at: number): State {
  const { notice, ...rest } = state
  return notice !== undefined && notice.until <= at ? { ...rest, now: at } : { ...state, now: at }
}
