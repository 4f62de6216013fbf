/** The last findings: when each came, when it was last seen, and what it was. */
import { type Facts, wallTime } from "../../app/facts.ts"
import { definePanel } from "../../app/panel.ts"
import { culpritText } from "../../diagnosis/culprit.ts"
import type { Change } from "../../diagnosis/finding.ts"
import { type Line, line, span } from "../../text/line.ts"
import { maskAddresses } from "../../text/mask.ts"
import { scrolled, windowNote } from "../../text/scroll.ts"
import { duration } from "../../text/units.ts"
import { harmless, wrap } from "../../text/width.ts"

export interface DiagnosisHistory {
  /** First line of the window. */
  readonly top: number
}

export type DiagnosisHistoryAction = {
  readonly type: "diagnosis-history/scroll"
  readonly by: number
  readonly unit: "line" | "page"
}

const WIDTH = 84
/** On a screen narrower than this, the strips at its sides would only be noise. */
const WHOLE_BELOW = 100
const WHEEL_LINES = 3
const INDENT = 6

function lines(facts: Facts, width: number): readonly Line[] {
  const { changes, isMasked, source } = facts
  const now = wallTime(facts)
  const where = source === "replay" ? "up to this snapshot" : "of this session"
  if (changes.length === 0) return [line(span(" Nothing has been found yet, so nothing has changed", "muted"))]
  const last = line(span(` The last ${changes.length} ${where}; at most 20 are kept`, "muted"))
  return [...changes.flatMap((change) => entry(change, now, isMasked, width)), [], last]
}

function entry(change: Change, now: number, isMasked: boolean, width: number): Line[] {
  const { severity, title, culprit, firstSeen, lastSeen, isStanding } = change
  const who = harmless(isMasked ? maskAddresses(culpritText(culprit)) : culpritText(culprit))
  const since = `first seen ${duration(now - firstSeen)} ago`
  const until = isStanding
    ? "stands"
    : `last seen ${duration(now - lastSeen)} ago, after ${duration(lastSeen - firstSeen)}`
  const wrapped = wrap(`${who} · ${since}, ${until}`, Math.max(1, width - INDENT - 1))
  return [
    [
      span(` ${severity.toUpperCase()} `, isStanding ? severity : "muted"),
      span(title, isStanding ? "strong" : "plain"),
    ],
    ...wrapped.map((piece): Line => [span(" ".repeat(INDENT)), span(piece, "muted")]),
  ]
}

const scroll = (by: number, unit: "line" | "page"): DiagnosisHistoryAction => ({
  type: "diagnosis-history/scroll",
  by,
  unit,
})

export const diagnosisHistory = definePanel<"diagnosis-history", DiagnosisHistory, DiagnosisHistoryAction>({
  id: "diagnosis-history",
  name: "Diagnosis history",
  place: {
    region: "overlay",
    size: (facts) => {
      const { width: whole, height } = facts.screen
      const width = whole < WHOLE_BELOW ? whole : WIDTH
      return { width, height: Math.min(lines(facts, width - 2).length + 2, height - 1) }
    },
  },
  initial: { top: 0 },
  commands: [
    { id: "diagnosis-history.up", keys: ["up"], title: "Line above", group: "Look", action: scroll(-1, "line") },
    {
      id: "diagnosis-history.down",
      keys: ["down"],
      title: "Line below",
      hint: { key: "↑↓", word: "scroll", rank: 2 },
      group: "Look",
      action: scroll(1, "line"),
    },
    {
      id: "diagnosis-history.page-up",
      keys: ["pageup"],
      title: "Page back",
      group: "Look",
      action: scroll(-1, "page"),
    },
    {
      id: "diagnosis-history.page-down",
      keys: ["pagedown"],
      title: "Page on",
      group: "Look",
      action: scroll(1, "page"),
    },
    {
      id: "diagnosis-history.close",
      keys: ["escape", "d", "q", "enter"],
      title: "Close the history",
      hint: { key: "Esc", word: "close", rank: 1 },
      group: "Program",
      action: { type: "app/close" },
    },
  ],
  title: () => "Diagnosis history",
  note: ({ top }, facts, { width, height }) => windowNote(top, height, lines(facts, width).length),
  update: (slice, { by, unit }, facts, { width, height }) => {
    const top = scrolled(slice.top, by * (unit === "page" ? height : 1), height, lines(facts, width).length)
    return [top === slice.top ? slice : { top }]
  },
  view: ({ top }, facts, { width, height }) => {
    const all = lines(facts, width)
    const from = scrolled(top, 0, height, all.length)
    return all.slice(from, from + height)
  },
  mouse: (_slice, _facts, _size, { kind }) =>
    kind === "click" ? undefined : scroll(kind === "wheel-up" ? -WHEEL_LINES : WHEEL_LINES, "line"),
})
