/**
 * A chart of one figure over time: a heading, the curve between its axes, the times under it.
 *
 * The right edge is a moment, not the last reading: what was not read stays open on both sides.
 */
import { axisTop, type Scale } from "./axis.ts"
import { curve, DOTS_DOWN, type Series } from "./braille.ts"
import { joinParts } from "./layer.ts"
import { type Line, line, type Size, type Span, span, type Tone } from "./line.ts"
import { cellWidth, cut } from "./width.ts"

/** A value that the figure is held against, drawn across where the axis reaches it. */
export interface Limit {
  readonly value: number
  readonly label: string
  readonly tone: Tone
}

export interface Chart {
  /** Parts of the heading; where it is narrow the last ones are left out. */
  readonly heading: readonly Line[]
  readonly series: Series
  readonly scale: Scale
  /** The highest known value between the edges; absent when none is known. */
  readonly peak: number | undefined
  readonly limits: readonly Limit[]
  readonly from: number
  readonly to: number
  readonly gapMs: number
  /** Words under the axis, evenly spread from the left edge to the right one. */
  readonly times: readonly string[]
  /** What stands where the curve would be, while nothing is known. */
  readonly empty: string
}

/** Heading, axis and times. */
const AROUND = 3
/** A limit this much above the highest value is still drawn, so that it is seen how near it is. */
const LIMIT_REACH = 1.5

/** Exactly `size.height` lines, none wider than `size.width`; of less than 4x12 cells only the heading. */
export function chart(about: Chart, { width, height }: Size): readonly Line[] {
  const heading = joinParts(about.heading, width)
  const rows = height - AROUND
  if (rows < 1 || width < 12) return [heading, ...Array.from({ length: Math.max(0, height - 1) }, (): Line => [])]
  const top = topOf(about)
  const labels = sideLabels(about.scale, top, rows)
  const gutter = Math.max(...labels.map(cellWidth)) + 1
  const plot = { width: width - gutter - 1, height: rows }
  const drawn = about.peak === undefined ? emptyRows(about.empty, plot) : plotRows(about, top, plot)
  return [
    heading,
    ...drawn.map((row, y) => line(span(`${labels[y]!.padStart(gutter)}│`, "muted"), ...row)),
    line(span(`${" ".repeat(gutter)}└${"─".repeat(plot.width)}`, "muted")),
    line(span(" ".repeat(gutter + 1)), span(timeLabels(about.times, plot.width), "muted")),
  ]
}

function topOf({ peak = 0, limits, scale }: Chart): number {
  const near = limits.filter(({ value }) => value <= peak * LIMIT_REACH).map(({ value }) => value)
  return axisTop(Math.max(peak, ...near), scale)
}

/** The row of cells in which a value is drawn. */
function rowOf(value: number, top: number, rows: number): number {
  const dots = rows * DOTS_DOWN - 1
  return Math.floor((dots - Math.round((value / top) * dots)) / DOTS_DOWN)
}

/** End, middle and start of the axis. */
function sideLabels(scale: Scale, top: number, rows: number): readonly string[] {
  const labels = Array.from({ length: rows }, () => "")
  labels[rows - 1] = "0"
  if (rows >= 5) labels[rowOf(top / 2, top, rows)] = scale.label(top / 2)
  labels[0] = scale.label(top)
  return labels
}

function plotRows(about: Chart, top: number, plot: Size): readonly (readonly Span[])[] {
  const { series, from, to, gapMs, limits } = about
  const rows = curve(series, { from, to, top, gapMs }, plot)
  const across = new Map(
    limits
      .filter(({ value }) => value > 0 && value <= top)
      .map((limit) => [rowOf(limit.value, top, plot.height), limit]),
  )
  return rows.map((row, y) => {
    const limit = across.get(y)
    return limit === undefined ? [span(row, "accent")] : withLimit(row, limit)
  })
}

/** A dashed line wherever there is no curve, with its name where the curve leaves room for it. */
function withLimit(row: string, { label, tone }: Limit): readonly Span[] {
  const text = ` ${label} `
  const blank = " ".repeat(text.length)
  const at = row.endsWith(blank) ? row.length - text.length : row.startsWith(blank) ? 0 : undefined
  const dashed = [...row].map((c, x): Span => {
    const letter = at !== undefined && x >= at && x < at + text.length ? text[x - at]! : undefined
    return letter !== undefined ? span(letter, tone) : c === " " ? span("┄", tone) : span(c, "accent")
  })
  return merged(dashed)
}

/** Neighbours of one tone as one span. */
function merged(spans: readonly Span[]): readonly Span[] {
  const out: Span[] = []
  for (const part of spans) {
    const last = out.at(-1)
    if (last?.tone === part.tone) out[out.length - 1] = span(last.text + part.text, part.tone)
    else out.push(part)
  }
  return out
}

function emptyRows(text: string, { width, height }: Size): readonly (readonly Span[])[] {
  const said = cut(` ${text}`, width)
  return Array.from({ length: height }, (_, y) => (y === Math.floor(height / 2) ? [span(said, "muted")] : []))
}

/** The first at the left edge, the last at the right one, the others about their place; one that does not fit is left out. */
function timeLabels(times: readonly string[], width: number): string {
  const cells = Array.from({ length: width }, () => " ")
  const order = [times.length - 1, 0, ...times.map((_, i) => i).slice(1, -1)]
  for (const i of order) {
    const text = times[i]
    if (text === undefined) continue
    const place = Math.round((i / Math.max(1, times.length - 1)) * (width - 1)) - (text.length >> 1)
    const at = Math.max(0, Math.min(place, width - text.length))
    const around = cells.slice(Math.max(0, at - 1), at + text.length + 1)
    if (text.length <= width && around.every((c) => c === " "))
      for (const [x, c] of [...text].entries()) cells[at + x] = c
  }
  return cells.join("").trimEnd()
}
