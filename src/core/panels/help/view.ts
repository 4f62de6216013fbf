/** The guide as lines: a heading for each group, a line or more for each command. */
import type { GuideEntry, GuideSection } from "../../app/guide.ts"
import { type Line, line, span } from "../../text/line.ts"
import { fit, wrap } from "../../text/width.ts"

const MARGIN = 1
const INDENT = 2
const GAP = 2

export function lines(guide: readonly GuideSection[], width: number): readonly Line[] {
  const keyWidth = Math.max(0, ...guide.flatMap(({ entries }) => entries.map(({ keys }) => keys.length)))
  return guide.flatMap(({ title, entries }, i) => [
    ...(i === 0 ? [] : [[]]),
    line(span(`${" ".repeat(MARGIN)}${title}`, "muted")),
    ...entries.flatMap((entry) => entryLines(entry, keyWidth, width)),
  ])
}

/** The keys, and the title in as many lines as it needs; behind it, why it cannot be done now. */
function entryLines({ keys, title, refusal }: GuideEntry, keyWidth: number, width: number): Line[] {
  const left = MARGIN + INDENT + keyWidth + GAP
  const text = refusal === undefined ? title : `${title} (now: ${refusal})`
  const tone = refusal === undefined ? "plain" : "muted"
  const first = span(
    `${" ".repeat(MARGIN + INDENT)}${fit(keys, keyWidth + GAP)}`,
    refusal === undefined ? "strong" : "muted",
  )
  return wrap(text, width - left - MARGIN).map((piece, i) =>
    line(i === 0 ? first : span(" ".repeat(left)), span(piece, tone)),
  )
}
