import type { Notice } from "./facts.ts"
import type { State } from "./state.ts"

/** How long the last notice can still be read. */
const LAST_NOTICE_MS = 60_000

/** The time as last told; a notice whose time is over is the last one. */
export function tick(state: State, at: number): State {
  const { notice, lastNotice, ...rest } = state
  const isOver = (said: Notice | undefined): said is Notice => said !== undefined && said.until <= at
  if (isOver(notice)) return { ...rest, now: at, lastNotice: { ...notice, until: at + LAST_NOTICE_MS } }
  const current = notice === undefined ? rest : { ...rest, notice }
  return isOver(lastNotice) || lastNotice === undefined ? { ...current, now: at } : { ...current, lastNotice, now: at }
}
