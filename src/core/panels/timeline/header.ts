/** What is shown, in one line: where in the history, of when, of which interface, how much. */
import { type Replay, wallNow, zoneOf } from "../../app/replay.ts"
import { isAfterGap } from "../../history/history-index.ts"
import { offsetText, wallText } from "../../history/time-grammar.ts"
import { joinParts } from "../../text/layer.ts"
import { type Line, line, span } from "../../text/line.ts"
import { count, duration } from "../../text/units.ts"
import { harmless } from "../../text/width.ts"

export function headerLine(replay: Replay, now: number, width: number): Line {
  const { history, shown, followsEnd } = replay
  if (shown === undefined) return []
  const zone = zoneOf(replay)
  const { at, line: record, position } = shown
  const age = wallNow(replay, now) - at
  const gap = position > 0 && isAfterGap(history.index, position) ? at - history.index.lines.at[position - 1]! : 0
  const [ins, outs] = [record.incoming_groups?.length ?? 0, record.outgoing_groups?.length ?? 0]
  const parts: Line[] = [
    line(span(` ${wallText(at, zone)} ${offsetText(zone(at))}`, "strong")),
    ...(followsEnd
      ? [line(span("TAIL", "accent"), span(` ${duration(age)} ago${ins + outs === 0 ? ", no rows" : ""}`))]
      : []),
    ...(gap > 0 ? [line(span(`GAP ${duration(gap)} before`, "warn"))] : []),
    line(span(harmless(record.interface) || "unknown", "muted")),
    line(span(`IN:${kept(record, "incoming", ins)} OUT:${kept(record, "outgoing", outs)}`, "muted")),
    ...(record.bandwidth_available && record.sample_seconds > 0
      ? [line(span(`BW:${Math.round(record.sample_seconds)}s`, "muted"))]
      : []),
  ]
  return joinParts(parts, width)
}

/** `500 of 812`: what was cut is told. */
function kept({ totals }: NonNullable<Replay["shown"]>["line"], side: "incoming" | "outgoing", rows: number): string {
  const total = totals?.[side]
  return total === undefined || total.cut_rows === 0 ? count(rows) : `${count(rows)} of ${count(total.rows)}`
}
