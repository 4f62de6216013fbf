/** Action log: the last actions on this host, the latest first, whoever did them. */
import type { Command } from "../../app/command.ts"
import type { Facts } from "../../app/facts.ts"
import { overlaySize } from "../../app/overlay-size.ts"
import { type Close, definePanel } from "../../app/panel.ts"
import { type Line, line, span } from "../../text/line.ts"
import { maskAddresses } from "../../text/mask.ts"
import { scrolled, windowNote } from "../../text/scroll.ts"
import { harmless, wrap } from "../../text/width.ts"

/** First line of the window. */
export interface ActionLog {
  readonly top: number
}

export type ActionLogAction = {
  readonly type: "action-log/scroll"
  readonly by: number
  readonly unit: "line" | "page" | "all"
}

const SIZE = { width: 110, height: 18 }
const WHEEL_LINES = 3
const INDENT = 3

/** Time and actor recede; what was done and what came of it is read. */
function entryLines(entry: string, width: number): readonly Line[] {
  const [, head = "", rest = entry] = /^(\S+(?: (?:uid|sudo_user|tty)=\S*)*) (.*)$/s.exec(entry) ?? []
  const pieces = wrap(harmless(rest), width - INDENT - 1)
  return [
    line(span(` ${harmless(head)}`, "muted")),
    ...pieces.map((piece) => line(span(`${" ".repeat(INDENT)}${piece}`))),
  ]
}

function logLines({ log, isMasked }: Facts, width: number): readonly Line[] {
  if (log.length === 0) return [line(span(" nothing was done yet", "muted"))]
  return log.toReversed().flatMap((entry) => entryLines(isMasked ? maskAddresses(entry) : entry, width))
}

const scroll = (by: number, unit: ActionLogAction["unit"]): ActionLogAction => ({ type: "action-log/scroll", by, unit })

const commands: readonly Command<ActionLog, ActionLogAction | Close>[] = [
  { id: "action-log.up", keys: ["up"], title: "Line above", group: "Look", action: scroll(-1, "line") },
  {
    id: "action-log.down",
    keys: ["down"],
    title: "Line below",
    hint: { key: "↑↓", word: "scroll", rank: 2 },
    group: "Look",
    action: scroll(1, "line"),
  },
  { id: "action-log.page-up", keys: ["pageup"], title: "Page back", group: "Look", action: scroll(-1, "page") },
  { id: "action-log.page-down", keys: ["pagedown"], title: "Page on", group: "Look", action: scroll(1, "page") },
  { id: "action-log.first", keys: ["home"], title: "The latest", group: "Look", action: scroll(-1, "all") },
  { id: "action-log.last", keys: ["end"], title: "The oldest", group: "Look", action: scroll(1, "all") },
  {
    id: "action-log.close",
    keys: ["escape", "h", "q", "enter"],
    title: "Close the log",
    hint: { key: "Esc", word: "close", rank: 1 },
    group: "Program",
    action: { type: "app/close" },
  },
]

export const actionLog = definePanel<"action-log", ActionLog, ActionLogAction>({
  id: "action-log",
  name: "Action log",
  only: "live",
  place: { region: "overlay", size: ({ screen }) => overlaySize(screen, SIZE) },
  initial: { top: 0 },
  commands,
  title: () => "Action log",
  note: ({ top }, facts, { width, height }) => windowNote(top, height, logLines(facts, width).length),
  open: () => [{ top: 0 }, { type: "log/read" }],
  update: (slice, { by, unit }, facts, { width, height }) => {
    const total = logLines(facts, width).length
    const top = scrolled(slice.top, by * { line: 1, page: height, all: total }[unit], height, total)
    return [top === slice.top ? slice : { top }]
  },
  view: ({ top }, facts, { width, height }) => {
    const all = logLines(facts, width)
    const from = scrolled(top, 0, height, all.length)
    return all.slice(from, from + height)
  },
  mouse: (_slice, _facts, _size, { kind }) =>
    kind === "click" ? undefined : scroll(kind === "wheel-up" ? -WHEEL_LINES : WHEEL_LINES, "line"),
})
