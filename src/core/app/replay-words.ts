/** What a replay says of itself: in the status bar, and where there is nothing to show. */
import { dayText } from "../history/time-grammar.ts"
import { windowText } from "../history/window.ts"
import type { Day } from "../snapshot/local-day.ts"
import { type Line, line, span } from "../text/line.ts"
import { count, percent } from "../text/units.ts"
import { activeCounts, type Replay, zoneOf } from "./replay.ts"

const DAYS_SHOWN = 12

/** Why no snapshot is shown, in sentences: what was looked for, where, and what there is instead. */
export function emptyText(replay: Replay): readonly string[] {
  const { history, window, scope, days, isFolder } = replay
  if (!history.isComplete) return [`reading ${scope}… ${percent(history.progress * 100)}`]
  const problems = history.problems
  if (isFolder && days.length === 0)
    return [
      `No history yet in ${scope}`,
      "sudo holyf-network daemon start begins to keep one; --data-dir names another place.",
      ...problems,
    ]
  const damaged = history.corrupt > 0 ? [`Corrupt: ${count(history.corrupt)} lines are no snapshots.`] : []
  return [
    `No snapshots in the window: ${windowText(window, zoneOf(replay))}`,
    `Looked in ${scope}`,
    ...(isFolder ? [`Recorded days: ${daysText(days)}. < and > go there.`] : []),
    ...damaged,
    ...problems,
  ]
}

/** `2026-03-05, 2026-03-07`; of many the latest, and how many more. */
function daysText(days: readonly Day[]): string {
  const shown = days.slice(-DAYS_SHOWN).map(dayText)
  return days.length > shown.length
    ? `${count(days.length - shown.length)} more, ${shown.join(", ")}`
    : shown.join(", ")
}

/** `Active 3/120  Raw 7/2,880`: the rank among snapshots with rows, and among all. */
export function positionText({ history, shown, skipsEmpty }: Replay, side: "in" | "out"): string {
  const { index } = history
  if (shown === undefined || index.length === 0) return "Snapshot 0/0"
  const raw = `${count(shown.position + 1)}/${count(index.length)}`
  if (!skipsEmpty) return `Snapshot ${raw}`
  const { rank, total } = activeCounts(index, shown.position, side)
  return `Active ${count(rank)}/${count(total)}  Raw ${raw}`
}

/** Each part with the forms it may take; the first ones matter most. */
export function statusParts(replay: Replay, side: "in" | "out"): readonly (readonly Line[])[] {
  const { history, followsEnd } = replay
  const position = positionText(replay, side)
  const short = position.replace(/^Active \S+ {2}Raw /, "")
  return [
    [line(span("REPLAY", "accent"))],
    [line(span(position)), line(span(short))],
    ...(followsEnd ? [[line(span("TAIL-ON", "ok"))]] : []),
    ...(history.corrupt > 0 ? [[line(span(`Corrupt: ${count(history.corrupt)}`, "warn"))]] : []),
    ...(history.isComplete ? [] : [[line(span(`reading ${percent(history.progress * 100)}`, "accent"))]]),
    ...(history.problems.length > 0 ? [[line(span(`Unread: ${count(history.problems.length)}`, "warn"))]] : []),
  ]
}
