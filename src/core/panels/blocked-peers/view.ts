/** The blocks as a table that ticks; below it what is asked, what was lost, what could not be listed. */
import { type Facts, maskOf } from "../../app/facts.ts"
import { LOST_WHY } from "../../app/mitigation.ts"
import { type ActiveBlock, blockText, type LostBlock } from "../../mitigation/active.ts"
import { type Line, line, type Size, span, type Tone } from "../../text/line.ts"
import { maskAddresses } from "../../text/mask.ts"
import { type Column, columnWidths, tableHead, tableRow } from "../../text/table.ts"
import { countdown, duration } from "../../text/units.ts"
import { harmless, wrap } from "../../text/width.ts"
import { activeIn, type BlockedPeers, cursorIn } from "./panel.ts"

interface Row {
  readonly block: ActiveBlock
  readonly facts: Facts
}

const left = ({ block, facts }: Row) => block.endsAt - facts.now

/** From here on it is about to end. */
const SOON_MS = 60_000

const columns: readonly Column<Row>[] = [
  {
    id: "peer",
    title: "PEER",
    width: "rest",
    cut: "middle",
    cell: ({ block, facts }) => hide(facts, harmless(blockText(block))),
  },
  {
    id: "left",
    title: "LEFT",
    width: 8,
    align: "right",
    cell: (row) => countdown(left(row)),
    tone: (row) => (left(row) < SOON_MS ? "warn" : "plain"),
  },
  {
    id: "of",
    title: "OF",
    width: 6,
    align: "right",
    cell: ({ block }) => `${Math.round(block.durationMs / 60_000)}m`,
    tone: () => "muted",
  },
  { id: "by", title: "BY", width: 10, cell: ({ block }) => harmless(block.by) },
  {
    id: "backend",
    title: "LIFTED BY",
    width: 9,
    cell: ({ block }) => (block.backend === "kernel" ? "kernel" : "guardian"),
    tone: ({ block }) => (block.backend === "kernel" ? "muted" : "warn"),
  },
]

const hide = (facts: Facts, text: string) => maskAddresses(text, maskOf(facts))

/** Lines that are kept for what stands under the table. */
const UNDER = 4
const HEAD = 1
const MARKER = 1

export const pageRows = (_facts: Facts, { height }: Size): number => Math.max(1, height - HEAD - UNDER)

/** The first row of a window in which the cursor is seen. */
export const windowTop = (cursor: number, page: number, total: number): number =>
  Math.max(0, Math.min(cursor - (page >> 1), total - page))

export function view(slice: BlockedPeers, facts: Facts, size: Size): readonly Line[] {
  const active = activeIn(facts)
  const under = underLines(slice, facts, size.width)
  if (active.length === 0)
    return [
      ...sentence(emptyText(facts), facts.blocks.reason === undefined ? "muted" : "warn", size.width),
      [],
      ...under,
    ]
  const page = pageRows(facts, size)
  const cursor = cursorIn(slice, active)
  const top = windowTop(cursor, page, active.length)
  const widths = columnWidths(columns, size.width - MARKER)
  const rows = active.slice(top, top + page).map((block, i): Line => {
    const isSelected = top + i === cursor
    return [span(isSelected ? "▌" : " ", "accent"), ...tableRow(columns, widths, { block, facts }, isSelected)]
  })
  const blank = Array.from({ length: page - rows.length }, (): Line => [])
  const body = [[span(" "), ...tableHead(columns, widths)], ...rows]
  return active.length <= page && under.length <= page - rows.length + UNDER
    ? [...body, [], ...under]
    : [...body, ...blank, ...under.slice(0, UNDER)]
}

function emptyText({ blocks }: Facts): string {
  if (blocks.reason !== undefined) return blocks.reason
  return blocks.isListed ? "No block is active. k on an incoming peer makes one." : "looking…"
}

const sentence = (text: string, tone: Tone, width: number): readonly Line[] =>
  wrap(harmless(text), width - 2).map((piece) => line(span(` ${piece}`, tone)))

/** The question, else what there is to know. */
function underLines({ question }: BlockedPeers, facts: Facts, width: number): readonly Line[] {
  const say = (text: string, tone: Tone) => sentence(hide(facts, text), tone, width)
  if (question !== undefined) {
    const what =
      question.kind === "all" ? "all blocks, those of others too" : `the block of ${blockText(question.block)}`
    return [...say(`Lift ${what}?`, "warn"), ...say("y lifts   n keeps", "strong")]
  }
  const { blocks } = facts
  return [
    ...(blocks.reason !== undefined && activeIn(facts).length > 0
      ? say(`not sure any more: ${blocks.reason}`, "warn")
      : []),
    ...blocks.lost.flatMap((lost) => say(lostText(lost, facts), "crit")),
    ...blocks.notes.flatMap((note) => say(note, "warn")),
  ]
}

const lostText = ({ block, at }: LostBlock, { now }: Facts): string =>
  `${blockText(block)} is gone, seen ${duration(now - at)} ago: ${LOST_WHY}`
