/** The interface: what it carries now and did in the last minute, how fast it is, what went wrong on it. */
import type { Facts } from "../../app/facts.ts"
import { meansOver, type SecondColumn } from "../../model/seconds.ts"
import { type Line, line, span } from "../../text/line.ts"
import { sparkline } from "../../text/sparkline.ts"
import { count, linkSpeed, percentDetailed, perSecond, rate } from "../../text/units.ts"
import { fit, harmless } from "../../text/width.ts"
import { heading, LABEL_WIDTH, type Lines, label, levelTone, reason, type Section } from "./section.ts"

const RATE_WIDTH = 10
const MINUTE_MS = 60_000
/** A cell for each second, or for two. */
const SPARK_WIDTHS = [60, 30, 20, 15, 12, 10] as const

const full: Lines = (_, facts, width) => {
  const { settings, lane } = facts
  const head = heading(`Interface ${harmless(settings.interfaceName)}`)
  if (lane === undefined) return [head, line(span(" looking…", "muted"))]
  if (!lane.traffic.ok) return [head, ...reason(lane.traffic.reason, width)]
  const { rates, speedBitsPerSecond, rxErrors, txErrors, rxDropped, txDropped } = lane.traffic.value
  const used = rates?.usedPercent === undefined ? "" : `  ${percentDetailed(rates.usedPercent)} used`
  const row = (name: string, column: SecondColumn, perSecondBytes?: number): Line =>
    line(
      label(name),
      span(fit(rate(perSecondBytes), RATE_WIDTH, "right")),
      span(` ${lastMinute(facts, column, width - LABEL_WIDTH - RATE_WIDTH - 2)}`, "accent"),
    )
  const packets = `${perSecond(rates?.rxPacketsPerSecond)} RX, ${perSecond(rates?.txPacketsPerSecond)} TX`
  const spike = lane.spike.shown
  return [
    head,
    row("RX", "rx", rates?.rxBytesPerSecond),
    row("TX", "tx", rates?.txBytesPerSecond),
    line(label("packets"), span(packets, "muted")),
    line(label("speed"), span(`${linkSpeed(speedBitsPerSecond)}${used}`)),
    ...(spike === "warn" || spike === "crit"
      ? [line(label("traffic"), span(`SPIKE ${spike.toUpperCase()}`, levelTone[spike]))]
      : []),
    faults("errors", [rxErrors, rates?.rxErrorsPerSecond], [txErrors, rates?.txErrorsPerSecond]),
    faults("drops", [rxDropped, rates?.rxDroppedPerSecond], [txDropped, rates?.txDroppedPerSecond]),
  ]
}

/** The last minute as bars, each of as many whole seconds; nothing where nothing is known yet. */
function lastMinute({ seconds, now, pausedAt: to = now }: Facts, column: SecondColumn, width: number): string {
  const parts = SPARK_WIDTHS.find((wanted) => wanted <= width)
  if (parts === undefined) return ""
  const means = meansOver(seconds, column, { from: to - MINUTE_MS, to, parts })
  return means.every((value) => value === undefined) ? "" : sparkline(means, parts)
}

/** Totals since the device appeared are seconds and stay grey; what happens now has a rate and a colour. */
function faults(name: string, ...[rx, tx]: (readonly [total: number, perSecond: number | undefined])[]): Line {
  const now = (rx?.[1] ?? 0) + (tx?.[1] ?? 0)
  const totals = span(`${count(rx?.[0])} RX, ${count(tx?.[0])} TX since up`, "muted")
  return now > 0 ? line(label(name), span(`${perSecond(now)} now  `, "warn"), totals) : line(label(name), totals)
}

const brief: Lines = (_, { settings, lane }) => {
  const traffic = lane?.traffic.ok ? lane.traffic.value.rates : undefined
  return [
    line(
      span(` ${harmless(settings.interfaceName)} `, "muted"),
      span(`RX ${rate(traffic?.rxBytesPerSecond)}  TX ${rate(traffic?.txBytesPerSecond)}`),
    ),
  ]
}

export const link: Section = { id: "link", full, brief, rank: 1 }
