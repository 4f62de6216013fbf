/** What the trace history remembers: where the operator is in it, and the run that others are compared with. */
import type { Facts } from "../../app/facts.ts"
import { tracesInView } from "../../app/replay-traces.ts"
import { isSameEntry, type TraceEntry } from "../../trace/history.ts"

export interface TraceHistory {
  /** The trace under the cursor; absent: the latest. */
  readonly selected?: TraceEntry
  /** Where it stands, for when it is gone. */
  readonly cursor: number
  readonly page: "list" | "detail" | "compare"
  /** First line of the pages that scroll. */
  readonly top: number
  readonly baseline?: TraceEntry
  /** What is compared with the baseline. */
  readonly incident?: TraceEntry
  /** This trace would be forgotten, and is asked about. */
  readonly question?: TraceEntry
}

export const initial: TraceHistory = { cursor: 0, page: "list", top: 0 }

/** The latest first. */
export const entriesIn = (facts: Pick<Facts, "tracing" | "replay">): readonly TraceEntry[] => tracesInView(facts)

/** Opens at the latest; in a replay at the trace that is nearest to what is shown. */
export function opened(facts: Pick<Facts, "tracing" | "replay">): TraceHistory {
  const at = facts.replay?.shown?.at
  const entries = entriesIn(facts)
  const [first] = entries
  if (at === undefined || first === undefined) return initial
  const distance = (entry: TraceEntry) => Math.abs(Date.parse(entry.captured_at) - at)
  const selected = entries.reduce((best, entry) => (distance(entry) < distance(best) ? entry : best), first)
  return { ...initial, selected, cursor: entries.indexOf(selected) }
}

/** Where the cursor stands now: on its trace, or where that one was. */
export function cursorIn({ selected, cursor }: TraceHistory, entries: readonly TraceEntry[]): number {
  const at = selected === undefined ? 0 : entries.findIndex((entry) => isSameEntry(entry, selected))
  return at >= 0 ? at : Math.max(0, Math.min(cursor, entries.length - 1))
}

export const entryAtCursor = (
  slice: TraceHistory,
  facts: Pick<Facts, "tracing" | "replay">,
): TraceEntry | undefined => {
  const entries = entriesIn(facts)
  return entries[cursorIn(slice, entries)]
}
