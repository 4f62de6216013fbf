/** Each chart of the view: its figure, its axis, and what the figure is held against. */
import type { Facts } from "../../app/facts.ts"
import { GAP_MS, type SecondColumn, summarize } from "../../model/seconds.ts"
import { trafficBand } from "../../model/spike.ts"
import { byteScale, countScale, type Scale } from "../../text/axis.ts"
import type { Chart, Limit } from "../../text/chart.ts"
import { type Line, line, span } from "../../text/line.ts"
import { count, linkSpeed, perSecond, rate } from "../../text/units.ts"
import { harmless } from "../../text/width.ts"
import type { Figure, Minutes } from "./state.ts"

interface About {
  readonly title: string
  readonly column: SecondColumn
  readonly scale: Scale
  readonly format: (value: number | undefined) => string
  readonly limits: (facts: Facts) => readonly Limit[]
  /** Why there is nothing to draw. */
  readonly empty: (facts: Facts) => string
}

const soon = "the first figures come within two seconds"

const readingOf = ({ lane }: Facts) => (lane?.traffic.ok ? lane.traffic.value : undefined)

/** What the device can carry, and from where on System Health calls it a spike. */
function linkLimits(facts: Facts): readonly Limit[] {
  const speed = readingOf(facts)?.speedBitsPerSecond
  const { warn, crit } = trafficBand(speed)
  return [
    { value: warn, label: `warn ${rate(warn)}`, tone: "warn" },
    { value: crit, label: `crit ${rate(crit)}`, tone: "crit" },
    ...(speed === undefined || speed <= 0
      ? []
      : [{ value: speed / 8, label: `link ${linkSpeed(speed)}`, tone: "muted" } as const]),
  ]
}

function conntrackLimits({ pulse, settings }: Facts): readonly Limit[] {
  const max = pulse?.conntrackMax ?? 0
  if (max <= 0) return []
  const { warn, crit } = settings.thresholds.conntrackPercent
  const at = (percent: number, word: string, tone: Limit["tone"]): readonly Limit[] =>
    percent <= 0 ? [] : [{ value: (max * percent) / 100, label: `${word} ${percent}%`, tone }]
  return [
    ...at(warn, "warn", "warn"),
    ...at(crit, "crit", "crit"),
    { value: max, label: `full ${count(max)}`, tone: "muted" },
  ]
}

const whyNoTraffic = ({ lane }: Facts) =>
  lane !== undefined && !lane.traffic.ok ? harmless(lane.traffic.reason) : soon
const whole = (value: number | undefined) => count(value === undefined ? undefined : Math.round(value))

export const charts = {
  rx: { title: "RX", column: "rx", scale: byteScale, format: rate, limits: linkLimits, empty: whyNoTraffic },
  tx: { title: "TX", column: "tx", scale: byteScale, format: rate, limits: linkLimits, empty: whyNoTraffic },
  retransmits: {
    title: "Retransmissions",
    column: "retransmits",
    scale: countScale,
    format: perSecond,
    limits: () => [],
    empty: () => soon,
  },
  connections: {
    title: "TCP connections up",
    column: "connections",
    scale: countScale,
    format: whole,
    limits: () => [],
    empty: () => soon,
  },
  conntrack: {
    title: "Conntrack entries",
    column: "conntrack",
    scale: countScale,
    format: whole,
    limits: conntrackLimits,
    empty: ({ model }) => (model?.conntrack.ok === false ? harmless(model.conntrack.reason) : soon),
  },
} as const satisfies Record<"rx" | "tx" | Figure, About>

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS

/** The times of both edges: until now, or until the screen was frozen. */
export function edges(
  { now, pausedAt = now }: Facts,
  minutes: Minutes,
): { readonly from: number; readonly to: number } {
  return { from: pausedAt - minutes * MINUTE_MS, to: pausedAt }
}

/** Round times, as many as there is room for. */
const steps: Readonly<Record<Minutes, (width: number) => { readonly count: number; readonly unit: string }>> = {
  1: (width) => ({ count: width < 40 ? 2 : 4, unit: "s" }),
  5: () => ({ count: 5, unit: "m" }),
  15: () => ({ count: 3, unit: "m" }),
}

function times(minutes: Minutes, isPaused: boolean, width: number): readonly string[] {
  const { count: parts, unit } = steps[minutes](width)
  const whole = unit === "s" ? minutes * 60 : minutes
  const labels = Array.from({ length: parts }, (_, i) => `-${whole - (whole / parts) * i}${unit}`)
  return [...labels, isPaused ? "paused" : "now"]
}

/** `RX  1.5MB/s   peak 3.0MB/s   mean 1.1MB/s`. */
export function headingOf(facts: Facts, id: keyof typeof charts, minutes: Minutes): readonly Line[] {
  const { title, column, format } = charts[id]
  const { from, to } = edges(facts, minutes)
  const { last, peak, mean } = summarize(facts.seconds, column, from, to)
  const part = (word: string, value: number | undefined): Line => line(span(`${word} `, "muted"), span(format(value)))
  return [line(span(` ${title}  `, "strong"), span(format(last), "accent")), part("peak", peak), part("mean", mean)]
}

export function chartOf(facts: Facts, id: keyof typeof charts, minutes: Minutes, width: number): Chart {
  const { column, scale, limits, empty } = charts[id] as About
  const { from, to } = edges(facts, minutes)
  return {
    heading: headingOf(facts, id, minutes),
    series: { at: facts.seconds.at, values: facts.seconds[column] },
    scale,
    peak: summarize(facts.seconds, column, from, to).peak,
    limits: limits(facts),
    from,
    to,
    gapMs: GAP_MS,
    times: times(minutes, facts.isPaused, width),
    empty: empty(facts),
  }
}
