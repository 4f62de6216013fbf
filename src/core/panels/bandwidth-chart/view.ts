/** RX and TX side by side, a third figure under them: as a chart where there is room, else as one line. */
import type { Facts } from "../../app/facts.ts"
import { meansOver } from "../../model/seconds.ts"
import { fitLine } from "../../text/box.ts"
import { chart } from "../../text/chart.ts"
import { joinParts } from "../../text/layer.ts"
import { type Line, line, type Size, span } from "../../text/line.ts"
import { sparkline } from "../../text/sparkline.ts"
import { chartOf, charts, edges, headingOf } from "./charts.ts"
import type { BandwidthChart } from "./state.ts"

/** From this height the third figure has a chart of its own. */
const THREE_FROM = 17
const GAP = 2

export function view({ minutes, figure }: BandwidthChart, facts: Facts, { width, height }: Size): readonly Line[] {
  const third = height >= THREE_FROM ? Math.floor((height * 2) / 5) : 1
  const upper = height - third
  const left = Math.floor((width - GAP) / 2)
  const size = { width: left, height: upper }
  const rx = chart(chartOf(facts, "rx", minutes, left), size)
  const tx = chart(chartOf(facts, "tx", minutes, left), size)
  const pairs = rx.map((row, y) => [...fitLine(row, left + GAP), ...tx[y]!])
  const under =
    third === 1
      ? [strip(facts, { minutes, figure }, width)]
      : chart(chartOf(facts, figure, minutes, width), { width, height: third })
  return [...pairs, ...under]
}

const SPARK_MAX = 60
const SPARK_MIN = 8

function strip(facts: Facts, { minutes, figure }: BandwidthChart, width: number): Line {
  const words = joinParts(headingOf(facts, figure, minutes), width)
  const used = words.reduce((sum, { text }) => sum + text.length, 0)
  const parts = Math.min(SPARK_MAX, width - used - GAP - 1)
  if (parts < SPARK_MIN) return words
  const means = meansOver(facts.seconds, charts[figure].column, { ...edges(facts, minutes), parts })
  return line(...words, span(" ".repeat(GAP)), span(sparkline(means, parts), "accent"))
}
