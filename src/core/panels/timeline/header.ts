/** What is shown, in one line: where in the history, of when, of which interface, how much. */
import { type Replay, wallNow, zoneOf } from "../../app/replay.ts"
import { isAfterGap } from "../../history/history-index.ts"
import { offsetText, wallText } from "../../history/time-grammar.ts"
import { joinParts } from "../../text/layer.ts"
import { type Line, line, span } from "../../text/line.ts"
import { count, duration } from "../../text/units.ts"
import { cut, harmless } from "../../text/width.ts"
import { formatPeerPort } from "../../trace/filter.ts"
import type { TraceEntry } from "../../trace/history.ts"

/** `traces`: those that belong to this snapshot, the latest first. */
export function headerLine(replay: Replay, now: number, width: number, traces: readonly TraceEntry[] = []): Line {
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
    ...tracePart(traces),
    line(span(harmless(record.interface) || "unknown", "muted")),
    line(span(`IN:${kept(record, "incoming", ins)} OUT:${kept(record, "outgoing", outs)}`, "muted")),
    ...(record.bandwidth_available && record.sample_seconds > 0
      ? [line(span(`BW:${Math.round(record.sample_seconds)}s`, "muted"))]
      : []),
  ]
  return joinParts(parts, width)
}

const weights: Readonly<Record<string, number>> = { CRIT: 2, WARN: 1 }

/** `2 traces WARN SYN without an answer 203.0.113.7:443 h`: of the worst, its verdict and whom it was about. */
function tracePart(traces: readonly TraceEntry[]): Line[] {
  const weight = ({ severity }: TraceEntry) => weights[severity] ?? 0
  const worst = traces.reduce<TraceEntry | undefined>(
    (best, trace) => (best === undefined || weight(trace) > weight(best) ? trace : best),
    undefined,
  )
  if (worst === undefined) return []
  const { severity, issue, peer_ip: peer, port } = worst
  const tone = severity === "CRIT" ? "crit" : severity === "WARN" ? "warn" : "ok"
  return [
    line(
      span(traces.length === 1 ? "trace" : `${count(traces.length)} traces`, "muted"),
      span(` ${harmless(severity)}`, tone),
      span(` ${cut(harmless(issue), ISSUE_MAX)} ${harmless(formatPeerPort(peer, port))}`),
      span(" h", "strong"),
    ),
  ]
}

const ISSUE_MAX = 40

/** `500 of 812`: what was cut is told. */
function kept({ totals }: NonNullable<Replay["shown"]>["line"], side: "incoming" | "outgoing", rows: number): string {
  const total = totals?.[side]
  return total === undefined || total.cut_rows === 0 ? count(rows) : `${count(rows)} of ${count(total.rows)}`
}
