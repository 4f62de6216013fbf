/** The sections of System Health, from top to bottom. A new section is one entry. */
import { type Line, line, span } from "../../text/line.ts"
import { shortState } from "../../text/states.ts"
import { bytes, count, percentDetailed, perSecond } from "../../text/units.ts"
import { fit } from "../../text/width.ts"
import { link } from "./link.ts"
import { heading, type Lines, label, levelTone, nothing, packed, reason, type Section } from "./section.ts"
import { type StateCount, stateCounts } from "./states.ts"

const BAR_MAX = 20
const STATE_WIDTH = 12
const COUNT_WIDTH = 8

const verdict: Lines = (_, { model }) => {
  if (model === undefined) return [line(span(" looking…", "muted"))]
  const { level, parts } = model.health
  const head = line(span(` HEALTH ${level.toUpperCase()} `, levelTone[level]))
  return [head, ...parts.map((part) => line(span(" "), span(part.text, levelTone[part.level])))]
}

/** The same words in as few lines as they fit. */
const briefVerdict: Lines = (_, { model }, width) => {
  if (model === undefined) return [line(span(" looking…", "muted"))]
  const { level, parts } = model.health
  const words = parts.map((part) => span(part.text, levelTone[part.level]))
  return packed([span(`HEALTH ${level.toUpperCase()}`, levelTone[level]), ...words], width)
}

const states: Lines = ({ isAscending }, { model }, width) => {
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

const briefStates: Lines = ({ isAscending }, { model }, width) => {
  const counts = model === undefined ? [] : stateCounts(model.states, isAscending)
  if (counts.length === 0) return []
  return packed(
    counts.map(({ state, count: n, tone }) => span(`${shortState(state)} ${count(n)}`, tone)),
    width,
  )
}

function stateLine({ state, count: n, tone, reason: why }: StateCount, largest: number, bar: number): Line {
  const full = Math.max(n > 0 ? 1 : 0, Math.round((n / largest) * bar))
  return line(
    span(` ${fit(state, STATE_WIDTH)} ${fit(count(n), COUNT_WIDTH, "right")}  `, tone),
    why === undefined ? span("━".repeat(Math.max(0, full)), "muted") : span(why, tone),
  )
}

const retransmits: Lines = (_, { model, settings }, width) => {
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
      return [head, ...reason(`LOW SAMPLE: ${established}, ${sent}`, width)]
    }
    case "judged": {
      const tone = value.level === "ok" ? "plain" : levelTone[value.level]
      const text = `${perSecond(value.retransmitsPerSecond)}  ${percentDetailed(value.percent)} of segments`
      return [head, line(span(` ${text}${value.level === "crit" ? "  high loss" : ""}`, tone))]
    }
  }
}

const conntrack: Lines = (_, { model }, width) => {
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

const briefConntrack: Lines = (_, { model }) => {
  if (model === undefined || !model.conntrack.ok || model.conntrack.value.usedPercent === undefined) return []
  const { count: used, usedPercent } = model.conntrack.value
  return [line(span(" conntrack ", "muted"), span(`${count(used)}  ${percentDetailed(usedPercent)}`))]
}

const program: Lines = (_, { model }) => {
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
const notes: Lines = (_, { model }, width) => {
  if (model === undefined || model.notes.length === 0) return []
  return [heading("Not seen"), ...model.notes.flatMap(({ text }) => reason(text, width))]
}

export const sections: readonly Section[] = [
  { id: "verdict", full: verdict, brief: briefVerdict, rank: 5 },
  { id: "states", full: states, brief: briefStates, rank: 4 },
  { id: "retransmits", full: retransmits, brief: nothing, rank: 2 },
  link,
  { id: "conntrack", full: conntrack, brief: briefConntrack, rank: 3 },
  // What could not be seen is never left out.
  { id: "notes", full: notes, brief: notes, rank: 0 },
  { id: "program", full: program, brief: nothing, rank: 6 },
]
