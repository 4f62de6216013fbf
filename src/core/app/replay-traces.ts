/** The traces of a replay: those of its window, and the snapshots that they belong to. */
import { isInside } from "../history/window.ts"
import type { TraceEntry } from "../trace/history.ts"
import { placeTraces } from "../trace/timeline.ts"
import type { Facts } from "./facts.ts"

type Known = Pick<Facts, "tracing" | "replay">

/** All that are known, the latest first; in a replay those of the window. */
export function tracesInView({ tracing, replay }: Known): readonly TraceEntry[] {
  if (tracing.history?.ok !== true) return []
  const { entries } = tracing.history.value
  return replay === undefined
    ? entries
    : entries.filter(({ captured_at }) => isInside(replay.window, Date.parse(captured_at)))
}

/** What was asked last, and its answer: the clock ticks more often than a history grows. */
let last:
  | { readonly asked: readonly unknown[]; readonly placed: ReadonlyMap<number, readonly TraceEntry[]> }
  | undefined

/** By position in the index; the latest first. */
export function tracesByPosition(facts: Known): ReadonlyMap<number, readonly TraceEntry[]> {
  const { replay, tracing } = facts
  if (replay === undefined) return new Map()
  const { index } = replay.history
  const asked = [index, replay.window, tracing.history]
  if (last !== undefined && asked.every((value, i) => value === last?.asked[i])) return last.placed
  const placed = placeTraces(
    { at: index.lines.at, length: index.length, usualStepMs: index.usualStepMs },
    tracesInView(facts),
  )
  last = { asked, placed }
  return placed
}
