/** The timeline as lines: what is shown, the chart, what was wrong, the axis. */
import { type Facts, maskOf } from "../../app/facts.ts"
import { type Replay, zoneOf } from "../../app/replay.ts"
import { tracesByPosition, tracesInView } from "../../app/replay-traces.ts"
import { clockText, wallText } from "../../history/time-grammar.ts"
import { columnsChart } from "../../text/columns-chart.ts"
import { type Line, line, type Size, type Span, span, type Tone } from "../../text/line.ts"
import { maskAddress, maskAddresses } from "../../text/mask.ts"
import { count, percent, rate } from "../../text/units.ts"
import { cellWidth, fit } from "../../text/width.ts"
import type { TraceEntry } from "../../trace/history.ts"
import { columnOf, rangeOf, type TimeColumn, type TimeRange, timeColumns } from "./columns.ts"
import { headerLine } from "./header.ts"
import type { Timeline } from "./panel.ts"

/** Blank cells on either side of the chart. */
export const MARGIN = 1

export const chartWidth = ({ width }: Size): number => Math.max(1, width - MARGIN * 2)

export function view({ measure }: Timeline, facts: Facts, size: Size): readonly Line[] {
  const { replay, now } = facts
  if (replay === undefined) return []
  const head = headerLine(replay, now, size.width, tracesHere(facts))
  const { index } = replay.history
  if (index.length === 0) return [head, line(span(` ${emptyText(replay)}`, "muted"))]
  const width = chartWidth(size)
  const range = rangeOf(index, replay.window)
  const columns = timeColumns(index, range, width, measure)
  const cursor = replay.shown === undefined ? -1 : columnOf(replay.shown.at, range, width)
  const chartHeight = Math.max(1, size.height - 3)
  const chart = columnsChart(
    columns.map(({ value }) => value),
    chartHeight,
  ).map((text, y) => chartLine(text, columns, cursor, y === chartHeight - 1))
  // Of two in one column the later one.
  const traces = new Map(
    tracesInView(facts)
      .toReversed()
      .map((entry) => [Date.parse(entry.captured_at), entry] as const)
      .filter(([at]) => at >= range.from && at <= range.to)
      .map(([at, entry]) => [columnOf(at, range, width), entry] as const),
  )
  return [head, ...chart, marksLine(columns, cursor, traces), axisLine(replay, range, cursor, width)]
}

const emptyText = ({ history }: Replay): string =>
  history.isComplete ? "no snapshot" : `reading… ${percent(history.progress * 100)}`

const margin = span(" ".repeat(MARGIN))

function chartLine(text: string, columns: readonly TimeColumn[], cursor: number, isFloor: boolean): Line {
  const spans = [...text].map((bar, x): Span => {
    const { kind, severity } = columns[x]!
    const tone: Tone = severity === 2 ? "crit" : severity === 1 ? "warn" : "plain"
    const part = kind === "gap" && isFloor ? span("░", "muted") : span(bar, tone)
    if (x !== cursor) return part
    return span(part.text === " " ? "│" : part.text, "accent")
  })
  return [margin, ...joined(spans)]
}

/** The traces that belong to the snapshot that is shown, the latest first; masked as the rest. */
function tracesHere(facts: Facts): readonly TraceEntry[] {
  const position = facts.replay?.shown?.position ?? -1
  const traces = tracesByPosition(facts).get(position) ?? []
  return facts.isMasked
    ? traces.map((entry) => ({
        ...entry,
        peer_ip: maskAddress(entry.peer_ip, maskOf(facts)),
        issue: maskAddresses(entry.issue, maskOf(facts)),
      }))
    : traces
}

/**
 * Under each column what happened there: a trace, in the tone of its verdict; else the worst that was wrong, as a letter:
 * severities are told without colours too.
 */
function marksLine(columns: readonly TimeColumn[], cursor: number, traces: ReadonlyMap<number, TraceEntry>): Line {
  const marks = columns.map(({ severity, hasEvent, hasGap }, x): Span => {
    const trace = traces.get(x)
    const mark =
      trace !== undefined
        ? span("T", trace.severity === "CRIT" ? "crit" : trace.severity === "WARN" ? "warn" : "ok")
        : severity === 2
          ? span("C", "crit")
          : severity === 1
            ? span("w", "warn")
            : hasEvent
              ? span("|", "muted")
              : span(hasGap ? "·" : " ", "muted")
    return x === cursor ? (mark.text === " " ? span("▲", "accent") : { ...mark, isInverse: true }) : mark
  })
  return [margin, ...joined(marks)]
}

/** Both ends of what is drawn, and the time under the cursor between them. */
function axisLine(replay: Replay, range: TimeRange, cursor: number, width: number): Line {
  const zone = zoneOf(replay)
  const isOneDay = wallText(range.from, zone).slice(0, 10) === wallText(range.to, zone).slice(0, 10)
  const label = (at: number) => (isOneDay ? clockText(at, zone) : wallText(at, zone).slice(5, 16))
  const [left, right] = [label(range.from), label(range.to)]
  const middle = replay.shown === undefined ? "" : label(replay.shown.at)
  const start = Math.min(Math.max(cursor - (middle.length >> 1), 0), width - middle.length)
  const isFree = start > cellWidth(left) && start + middle.length < width - cellWidth(right)
  if (middle === "" || !isFree)
    return [
      margin,
      span(left, "muted"),
      span(fit(middle === "" ? "" : "", Math.max(0, width - left.length - right.length))),
      span(right, "muted"),
    ]
  return [
    margin,
    span(fit(left, start), "muted"),
    span(middle, "accent"),
    span(fit(right, width - start - middle.length, "right"), "muted"),
  ]
}

/** Neighbours that look alike as one piece. */
function joined(spans: readonly Span[]): Span[] {
  const out: Span[] = []
  for (const part of spans) {
    const last = out.at(-1)
    if (last !== undefined && last.tone === part.tone && last.isInverse === part.isInverse)
      out[out.length - 1] = { ...last, text: last.text + part.text }
    else out.push(part)
  }
  return out
}

/** What the height of the highest column means. */
export function scaleText({ measure }: Timeline, { replay }: Facts, size: Size): string {
  if (replay === undefined || replay.history.index.length === 0) return ""
  const { index } = replay.history
  const columns = timeColumns(index, rangeOf(index, replay.window), chartWidth(size), measure)
  const highest = Math.max(0, ...columns.map(({ value }) => value ?? 0))
  const text = measure === "bytes" ? rate(highest) : `${count(highest)} connections`
  return `most ${text}`
}
