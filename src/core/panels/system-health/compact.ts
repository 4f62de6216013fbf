/** System Health in a few lines, for low screens: one line a section, the worst of each. */
import type { Facts } from "../../app/facts.ts"
import { type Line, line, type Span, span } from "../../text/line.ts"
import { shortState } from "../../text/states.ts"
import { count, percentDetailed, rate } from "../../text/units.ts"
import { harmless } from "../../text/width.ts"
import { levelTone, notes } from "./sections.ts"
import type { SystemHealth } from "./state.ts"
import { stateCounts } from "./states.ts"

export function compact(slice: SystemHealth, facts: Facts, width: number): readonly Line[] {
  const { model, lane, settings } = facts
  if (model === undefined) return [line(span(" looking…", "muted"))]
  const { level, parts } = model.health
  const states = stateCounts(model.states, slice.isAscending)
  const traffic = lane?.traffic.ok ? lane.traffic.value.rates : undefined
  return [
    line(span(` HEALTH ${level.toUpperCase()}`, levelTone[level])),
    ...parts.map((part) => line(span(` ${part.text}`, levelTone[part.level]))),
    ...packed(
      states.map(({ state, count: n, tone }) => span(`${shortState(state)} ${count(n)}`, tone)),
      width,
    ),
    line(
      span(` ${harmless(settings.interfaceName)} `, "muted"),
      span(`RX ${rate(traffic?.rxBytesPerSecond)}  TX ${rate(traffic?.txBytesPerSecond)}`),
    ),
    ...(model.conntrack.ok && model.conntrack.value.usedPercent !== undefined
      ? [
          line(
            span(" conntrack ", "muted"),
            span(`${count(model.conntrack.value.count)}  ${percentDetailed(model.conntrack.value.usedPercent)}`),
          ),
        ]
      : []),
    ...notes(slice, facts, width),
  ]
}

/** Spans in as few lines as they fit. */
function packed(spans: readonly Span[], width: number): readonly Line[] {
  const lines: Span[][] = [[]]
  let used = 0
  for (const part of spans) {
    if (used > 0 && used + part.text.length + 2 > width - 1) {
      lines.push([])
      used = 0
    }
    lines.at(-1)!.push(span(used === 0 ? " " : "  "), part)
    used += part.text.length + (used === 0 ? 1 : 2)
  }
  return lines
}
