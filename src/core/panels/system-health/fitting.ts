/** Which sections a height has room for in full. */
import type { Facts } from "../../app/facts.ts"
import type { Line, Size } from "../../text/line.ts"
import { sections } from "./sections.ts"
import type { SystemHealth } from "./state.ts"

/**
 * Everything in brief where the height is low; with more room one section after the other in full, the most telling
 * first; where all of them are, and there still is room, with air between them. More lines than the height when not even
 * the brief ones fit: then the panel scrolls.
 */
export function fitting(slice: SystemHealth, facts: Facts, { width, height }: Size): readonly Line[] {
  const shown = new Map(sections.map(({ id, brief }) => [id, brief(slice, facts, width)]))
  let used = sum(shown.values())
  for (const { id, full } of [...sections].sort((a, b) => a.rank - b.rank)) {
    const lines = full(slice, facts, width)
    const more = lines.length - shown.get(id)!.length
    if (used + more > height) continue
    shown.set(id, lines)
    used += more
  }
  const parts = [...shown.values()].filter((part) => part.length > 0)
  return used + parts.length - 1 <= height ? parts.flatMap((part, i) => (i === 0 ? part : [[], ...part])) : parts.flat()
}

const sum = (parts: Iterable<readonly Line[]>): number => [...parts].reduce((total, { length }) => total + length, 0)
