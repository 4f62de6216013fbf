/** The search as lines: a head that says what and how far, then a line for each snapshot. */
import type { Facts } from "../../app/facts.ts"
import { type Replay, zoneOf } from "../../app/replay.ts"
import { queryText } from "../../history/search.ts"
import { wallText } from "../../history/time-grammar.ts"
import { fieldLine } from "../../text/field-view.ts"
import { cutLine } from "../../text/layer.ts"
import { type Line, line, type Size, span } from "../../text/line.ts"
import { count, percent } from "../../text/units.ts"
import { fit, harmless, wrap } from "../../text/width.ts"
import type { TimeSearchState } from "./panel.ts"

const HEAD_HEIGHT = 2

export const rowsOf = (height: number): number => Math.max(1, height - HEAD_HEIGHT)

const HELP =
  "An address, a network such as 10.0.0.0/8, a port such as 443, or a part of a process, unit or address. " +
  "Every snapshot of the window is looked at, on both sides."

export function lines(slice: TimeSearchState, { replay }: Facts, { width, height }: Size): readonly Line[] {
  if (slice.field !== undefined)
    return [
      line(span(" Find: ", "accent"), ...fieldLine(slice.field, Math.max(1, width - 9))),
      [],
      ...wrap(HELP, width - 2).map((piece) => line(span(` ${piece}`, "muted"))),
    ]
  const search = replay?.search
  if (replay === undefined || search === undefined) return []
  const rows = search.hits
    .slice(slice.top, slice.top + rowsOf(height))
    .map((hit, i) => hitLine(replay, hit, slice.top + i === slice.cursor, width))
  return [cutLine(headLine(search), width), [], ...rows]
}

function headLine({ query, text, hits, done, total, isRunning, isWaiting }: NonNullable<Replay["search"]>): Line {
  const found = `${count(hits.length)} of ${count(done)} snapshots`
  const state = isRunning
    ? span(
        isWaiting ? "  waiting for the index" : `  searching ${percent((done / Math.max(1, total)) * 100)}`,
        "accent",
      )
    : span(done < total ? `  stopped at ${percent((done / total) * 100)}` : "", "warn")
  return [span(` ${harmless(queryText(query, text))}  `, "strong"), span(found), state]
}

const ROWS_WIDTH = 9

function hitLine(
  replay: Replay,
  { at, in: ins, out: outs }: NonNullable<Replay["search"]>["hits"][number],
  isSelected: boolean,
  width: number,
): Line {
  const rows = `IN ${fit(count(ins), ROWS_WIDTH, "right")}  OUT ${fit(count(outs), ROWS_WIDTH, "right")}`
  const text = fit(`${wallText(at, zoneOf(replay))}  ${rows}`, width - 1)
  return [span(isSelected ? "▌" : " ", "accent"), isSelected ? { text, tone: "plain", isInverse: true } : span(text)]
}
