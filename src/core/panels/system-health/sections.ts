/** The sections of System Health with all they say, from top to bottom. A new section is one entry. */
import type { Facts } from "../../app/facts.ts"
import type { Level } from "../../model/level.ts"
import { type Line, line, type Span, span, type Tone } from "../../text/line.ts"
import { bytes, count, linkSpeed, percentDetailed, perSecond, rate } from "../../text/units.ts"
import { fit, harmless, wrap } from "../../text/width.ts"
import type { SystemHealth } from "./state.ts"
import { type StateCount, stateCounts } from "./states.ts"

type Section = (slice: SystemHealth, facts: Facts, width: number) => readonly Line[]

export const levelTone: Readonly<Record<Level, Tone>> = { unknown: "muted", ok: "ok", warn: "warn", crit: "crit" }

const label = (text: string): Span => span(` ${fit(text, 9)} `, "muted")
const reason = (text: string, width: number): readonly Line[] =>
  wrap(harmless(text), width - 2).map((part) => line(span(` ${part}`, "muted")))
const heading = (text: string): Line => line(span(` ${text}`, "strong"))

const BAR_MAX = 20
const STATE_WIDTH = 12
const COUNT_WIDTH = 8

const verdict: Section = (_, { model }) => {
  if (model === undefined) return [line(span(" looking…", "muted"))]
  const { level, parts } = model.health
  const head = line(span(` HEALTH ${level.toUpperCase()} `, levelTone[level]))
  return [head, ...parts.map((part) => line(span(" "), span(part.text, levelTone[part.level])))]
}

const states: Section = ({ isAscending }, { model }, width) => {
  if (model === undefined) return []
  if (!model.connections.ok) return reason(model.connections.reason, width)
  const counts = stateCounts(model.states, isAscending)
  const largest = Math.max(1, ...counts.map((row) => row.count))
  const total = counts.reduce((sum, row) => sum + row.count, 0)
  const bar = Math.min(BAR_MAX, width - STATE_WIDTH - COUNT_WIDTH - 5)
  return [
    ...counts.map((row) => stateLine(row, largest, bar)),
    line(span(` ${fit("total", STATE_WIDTH)} ${fit(count(total), COUNT_WIDTH, "right")} sockets`, "muted")),
  ]
}

function stateLine({ state, count: n, tone, reason: why }: StateCount, largest: number, bar: number): Line {
  const full = Math.max(n > 0 ? 1 : 0, Math.round((n / largest) * bar))
  return line(
    span(` ${fit(state, STATE_WIDTH)} ${fit(count(n), COUNT_WIDTH, "right")}  `, tone),
    why === undefined ? span("━".repeat(Math.max(0, full)), "muted") : span(why, tone),
  )
}

const retransmits: Section = (_, { model, settings }, width) => {
  if (model === undefined) return []
  const head = heading("Retransmits")
  if (!model.retransmits.ok) return [head, ...reason(model.retransmits.reason, width)]
  const { value } = model.retransmits
  const { retransSample: gate } = settings.thresholds
  switch (value.kind) {
    case "first":
      return [head, ...reason("rates come with the next look", width)]
    case "unknown":
      return [head, ...reason(value.reason, width)]
    case "low-sample": {
      const established = `${count(value.establishedCount)} of ${gate.establishedMin} established`
      const sent = `${perSecond(value.segmentsPerSecond)} of ${perSecond(gate.segmentsPerSecondMin)} segments sent`
      return [head, line(span(` LOW SAMPLE  ${established}, ${sent}`, "muted"))]
    }
    case "judged": {
      const tone = value.level === "ok" ? "plain" : levelTone[value.level]
      const text = `${perSecond(value.retransmitsPerSecond)}  ${percentDetailed(value.percent)} of segments`
      return [head, line(span(` ${text}${value.level === "crit" ? "  high loss" : ""}`, tone))]
    }
  }
}

const RATE_WIDTH = 10

const link: Section = (_, { settings, lane }, width) => {
  const head = heading(`Interface ${harmless(settings.interfaceName)}`)
  if (lane === undefined) return [head, line(span(" looking…", "muted"))]
  if (!lane.traffic.ok) return [head, ...reason(lane.traffic.reason, width)]
  const { rates, speedBitsPerSecond, rxErrors, txErrors, rxDropped, txDropped } = lane.traffic.value
  const used = rates?.usedPercent === undefined ? "" : `  ${percentDetailed(rates.usedPercent)} used`
  const row = (name: string, perSecondBytes?: number, packets?: number): Line =>
    line(
      label(name),
      span(fit(rate(perSecondBytes), RATE_WIDTH, "right")),
      span(`  ${fit(perSecond(packets), 8, "right")} packets`, "muted"),
    )
  const spike = lane.spike.shown
  return [
    head,
    row("RX", rates?.rxBytesPerSecond, rates?.rxPacketsPerSecond),
    row("TX", rates?.txBytesPerSecond, rates?.txPacketsPerSecond),
    line(label("speed"), span(`${linkSpeed(speedBitsPerSecond)}${used}`)),
    ...(spike === "warn" || spike === "crit"
      ? [line(label("traffic"), span(`SPIKE ${spike.toUpperCase()}`, levelTone[spike]))]
      : []),
    faults("errors", [rxErrors, rates?.rxErrorsPerSecond], [txErrors, rates?.txErrorsPerSecond]),
    faults("drops", [rxDropped, rates?.rxDroppedPerSecond], [txDropped, rates?.txDroppedPerSecond]),
  ]
}

/** Totals since the device appeared are history and stay grey; what happens now has a rate and a colour. */
function faults(name: string, ...[rx, tx]: (readonly [total: number, perSecond: number | undefined])[]): Line {
  const now = (rx?.[1] ?? 0) + (tx?.[1] ?? 0)
  const totals = span(`${count(rx?.[0])} RX, ${count(tx?.[0])} TX since up`, "muted")
  return now > 0 ? line(label(name), span(`${perSecond(now)} now  `, "warn"), totals) : line(label(name), totals)
}

const conntrack: Section = (_, { model }, width) => {
  if (model === undefined) return []
  const head = heading("Conntrack")
  if (!model.conntrack.ok) return [head, ...reason(model.conntrack.reason, width)]
  const { count: used, max, usedPercent, level } = model.conntrack.value
  const tone = level === "warn" || level === "crit" ? levelTone[level] : "plain"
  const text =
    usedPercent === undefined ? count(used) : `${count(used)} of ${count(max)}  ${percentDetailed(usedPercent)}`
  const advice =
    level === "crit" || level === "warn"
      ? reason("raise net.netfilter.nf_conntrack_max, or find who holds the flows", width)
      : []
  return [head, line(span(` ${text}`, tone)), ...advice]
}

const program: Section = (_, { model }) => {
  if (model === undefined) return []
  const { own, load } = model
  const cores = own.ok && own.value.cpuCores !== undefined ? `${(own.value.cpuCores * 100).toFixed(1)}% CPU` : "CPU –"
  const memory = own.ok ? bytes(own.value.rssBytes) : "memory –"
  return [
    line(label("this tool"), span(`${cores}  ${memory}`, "muted")),
    line(label("host load"), span(load.ok ? load.value.map((value) => value.toFixed(2)).join("  ") : "–", "muted")),
  ]
}

/** What could not be seen, each in full. */
export const notes: Section = (_, { model }, width) => {
  if (model === undefined || model.notes.length === 0) return []
  return [heading("Not seen"), ...model.notes.flatMap(({ text }) => reason(text, width))]
}

export const sections: readonly Section[] = [verdict, states, retransmits, link, conntrack, notes, program]
