/** In the rule under the rows: what all connections together move, and how much of the interface's traffic that is. */
import type { Facts } from "../../app/facts.ts"
import { joinParts } from "../../text/layer.ts"
import { type Line, line, span } from "../../text/line.ts"
import { count, rate } from "../../text/units.ts"
import { harmless } from "../../text/width.ts"

export function totalsLine({ model, settings }: Facts, width: number): Line {
  if (model === undefined || !model.totals.ok) return []
  const { connectionCount, pairCount, txBytes, rxBytes } = model.totals.value
  const perSecond = (bytes: number | undefined) =>
    rate(bytes === undefined || model.elapsedMs === undefined ? undefined : (bytes * 1000) / model.elapsedMs)
  return joinParts(
    [
      [span("all ", "muted"), span(`${count(connectionCount)} connections`)],
      coverage(model.coverage, settings.interfaceName),
      [span("tx ", "muted"), span(perSecond(txBytes)), span("  rx ", "muted"), span(perSecond(rxBytes))],
      ...(pairCount === 0 ? [] : [line(span(`${count(pairCount)} within this host, counted once`, "muted"))]),
    ],
    width,
  )
}

function coverage(value: NonNullable<Facts["model"]>["coverage"], interfaceName: string): Line {
  const of = span(` of ${harmless(interfaceName)}`, "muted")
  if (!value.ok) return [span("cover –", "muted"), of]
  const { percent, explanation } = value.value
  return [span("cover ", "muted"), span(`${percent.toFixed(1)}%`, explanation === undefined ? "plain" : "warn"), of]
}
