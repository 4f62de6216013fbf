/** System Health in one line, for screens without room for the panel. */
import type { Facts } from "../../app/facts.ts"
import { type Line, line, type Span, span } from "../../text/line.ts"
import { rate } from "../../text/units.ts"
import { harmless } from "../../text/width.ts"
import { levelTone } from "./sections.ts"

export function stripLine({ model, lane }: Facts): Line {
  if (model === undefined) return line(span(" looking…", "muted"))
  const { level, parts } = model.health
  const figures = parts.map(
    (part): Span => span(`  ${part.text}`, part.level === "ok" ? "plain" : levelTone[part.level]),
  )
  return [span(` HEALTH ${level.toUpperCase()}`, levelTone[level]), ...figures, ...traffic(lane)]
}

function traffic(lane: Facts["lane"]): readonly Span[] {
  if (lane === undefined) return []
  if (!lane.traffic.ok) return [span("  interface –", "warn")]
  const { name, rates } = lane.traffic.value
  const spike = lane.spike.shown
  return [
    span(`  ${harmless(name)} `, "muted"),
    span(
      `${rate(rates?.rxBytesPerSecond)} in ${rate(rates?.txBytesPerSecond)} out`,
      spike === "warn" || spike === "crit" ? levelTone[spike] : "plain",
    ),
  ]
}
