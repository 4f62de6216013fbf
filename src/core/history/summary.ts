/** A part of the history in short: when it began, where nothing was written, what was wrong and how long. */
import { type HistoryIndex, isAfterGap, onsets } from "./history-index.ts"

export interface Span {
  readonly from: number
  readonly to: number
}

/** Where more than two intervals passed without a line. */
export function gapsOf(index: HistoryIndex): readonly Span[] {
  const gaps: Span[] = []
  for (let i = 1; i < index.length; i++)
    if (isAfterGap(index, i)) gaps.push({ from: index.lines.at[i - 1]!, to: index.lines.at[i]! })
  return gaps
}

/** One finding from the line that has it first to the last one in a row. */
export interface Episode extends Span {
  readonly id: string
  readonly severity: "warn" | "crit"
}

const known = new WeakMap<HistoryIndex, readonly Episode[]>()

/** In the order in which they began. A gap ends what was wrong before it. Asked for at every step, and made once. */
export function episodesOf(index: HistoryIndex): readonly Episode[] {
  const before = known.get(index)
  if (before !== undefined) return before
  const episodes = findEpisodes(index)
  known.set(index, episodes)
  return episodes
}

function findEpisodes(index: HistoryIndex): readonly Episode[] {
  const { lines, findingSets, length } = index
  const open = new Map<string, { severity: Episode["severity"]; from: number; to: number }>()
  const done: Episode[] = []
  const close = (id: string) => {
    const { severity, from, to } = open.get(id)!
    open.delete(id)
    done.push({ id, severity, from, to })
  }
  let before = 0
  for (let i = 0; i < length; i++) {
    const set = lines.findings[i]!
    const at = lines.at[i]!
    if (set === 0 && before === 0) continue
    const now = new Map(findingSets[set]!.map(readFinding))
    for (const id of [...open.keys()]) if (!now.has(id) || isAfterGap(index, i)) close(id)
    for (const [id, severity] of now) {
      const known = open.get(id)
      if (known === undefined) open.set(id, { severity, from: at, to: at })
      else {
        known.to = at
        if (severity === "crit") known.severity = "crit"
      }
    }
    before = set
  }
  for (const id of [...open.keys()]) close(id)
  return done.sort((a, b) => a.from - b.from)
}

/** `crit conntrack-full` as id and severity. */
export function readFinding(text: string): readonly [id: string, severity: "warn" | "crit"] {
  const blank = text.indexOf(" ")
  return [text.slice(blank + 1), text.startsWith("crit ") ? "crit" : "warn"]
}

/** What began at a position. */
export const onsetsAt = ({ lines, findingSets }: HistoryIndex, position: number): readonly string[] =>
  onsets(position === 0 ? [] : findingSets[lines.findings[position - 1]!]!, findingSets[lines.findings[position]!]!)
