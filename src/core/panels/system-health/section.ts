/** A section of System Health: all it says, and the same in a line where there is no room. */
import type { Facts } from "../../app/facts.ts"
import type { Level } from "../../model/level.ts"
import { type Line, line, type Span, span, type Tone } from "../../text/line.ts"
import { fit, harmless, wrap } from "../../text/width.ts"
import type { SystemHealth } from "./state.ts"

export type Lines = (slice: SystemHealth, facts: Facts, width: number) => readonly Line[]

export interface Section {
  readonly id: string
  readonly full: Lines
  /** At most a line or two; none where another section says the most important of it. */
  readonly brief: Lines
  /** Where there is room for some, the section with the lowest is shown in full first. */
  readonly rank: number
}

export const levelTone: Readonly<Record<Level, Tone>> = { unknown: "muted", ok: "ok", warn: "warn", crit: "crit" }

export const LABEL_WIDTH = 11
export const label = (text: string): Span => span(` ${fit(text, LABEL_WIDTH - 2)} `, "muted")
export const reason = (text: string, width: number): readonly Line[] =>
  wrap(harmless(text), width - 2).map((part) => line(span(` ${part}`, "muted")))
export const heading = (text: string): Line => line(span(` ${text}`, "strong"))

/** Nothing: what this section says in brief stands elsewhere. */
export const nothing: Lines = () => []

/** Spans in as few lines as they fit, none of them cut. */
export function packed(spans: readonly Span[], width: number): readonly Line[] {
  const lines: Span[][] = [[]]
  let used = 0
  for (const part of spans) {
    if (used > 0 && used + part.text.length + 2 > width - 1) {
      lines.push([])
      used = 0
    }
    lines.at(-1)!.push(span(used === 0 ? " " : "  "), part)
    used += part.text.length + (used === 0 ? 1 : 2)
  }
  return lines
}
