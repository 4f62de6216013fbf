/** System Health in one line, for screens without room for the panel. */
import type { Facts } from "../../app/facts.ts"
import { joinParts } from "../../text/layer.ts"
import { type Line, line, span } from "../../text/line.ts"
import { rate } from "../../text/units.ts"
import { harmless } from "../../text/width.ts"
import { levelTone } from "./section.ts"

/** The verdict first; what does not fit is left out as a whole, since half a number is another number. */
export function stripLine({ model, lane }: Facts, width: number): Line {
  if (model === undefined) return line(span(" looking…", "muted"))
  const { level, parts } = model.health
  const figures = parts.map((part): Line => [span(part.text, part.level === "ok" ? "plain" : levelTone[part.level])])
  return joinParts([[span(` HEALTH ${level.toUpperCase()}`, levelTone[level])], ...figures, ...traffic(lane)], width)
}

function traffic(lane: Facts["lane"]): readonly Line[] {
  if (lane === undefined) return []
  if (!lane.traffic.ok) return [[span("interface –", "warn")]]
  const { name, rates } = lane.traffic.value
  const spike = lane.spike.shown
  const tone = spike === "warn" || spike === "crit" ? levelTone[spike] : "plain"
  return [
    [span(`${harmless(name)} `, "muted"), span(`${rate(rates?.rxBytesPerSecond)} in`, tone)],
    [span(`${rate(rates?.txBytesPerSecond)} out`, tone)],
  ]
}
