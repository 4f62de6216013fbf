/** The guide as lines: a heading for each group, a line or more for each command. */
import type { GuideEntry, GuideSection } from "../../app/guide.ts"
import { fieldLine } from "../../text/field-view.ts"
import { type Line, line, span } from "../../text/line.ts"
import { fit, harmless, wrap } from "../../text/width.ts"
import type { Help } from "./panel.ts"

const MARGIN = 1
const INDENT = 2
const GAP = 2
const FIELD_WIDTH = 36
const FIND = " Find: "

/** The entries that have every word, in their keys, their title or the name of their group; none without an entry. */
export function found(guide: readonly GuideSection[], search: string): readonly GuideSection[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const has = (group: string, { keys, title }: GuideEntry) => {
    const text = `${keys} ${title} ${group}`.toLowerCase()
    return words.every((word) => text.includes(word))
  }
  return guide
    .map(({ title, entries }) => ({ title, entries: entries.filter((entry) => has(title, entry)) }))
    .filter(({ entries }) => entries.length > 0)
}

export function lines(guide: readonly GuideSection[], width: number): readonly Line[] {
  if (guide.length === 0) return [line(span(" no key does that here", "muted"))]
  const keyWidth = Math.max(0, ...guide.flatMap(({ entries }) => entries.map(({ keys }) => keys.length)))
  return guide.flatMap(({ title, entries }, i) => [
    ...(i === 0 ? [] : [[]]),
    line(span(`${" ".repeat(MARGIN)}${title}`, "muted")),
    ...entries.flatMap((entry) => entryLines(entry, keyWidth, width)),
  ])
}

/** The keys, and the title in as many lines as it needs. */
function entryLines({ keys, title }: GuideEntry, keyWidth: number, width: number): Line[] {
  const left = MARGIN + INDENT + keyWidth + GAP
  const first = span(`${" ".repeat(MARGIN + INDENT)}${fit(keys, keyWidth + GAP)}`, "strong")
  return wrap(title, width - left - MARGIN).map((piece, i) =>
    line(i === 0 ? first : span(" ".repeat(left)), span(piece)),
  )
}

/** What is searched for: the field while it is typed. */
export function promptLine({ prompt, search }: Pick<Help, "prompt" | "search">, width: number): Line {
  const label = span(FIND, "accent")
  if (prompt === undefined) return [label, span(harmless(search), "accent")]
  return [label, ...fieldLine(prompt, Math.max(1, Math.min(FIELD_WIDTH, width - FIND.length)))]
}
