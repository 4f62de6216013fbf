/** A frame of one cell around lines, with a title in its top edge. */
import { type Line, type Size, type Span, span, type Tone } from "./line.ts"
import { cellWidth, cut, fit } from "./width.ts"

export interface BoxText {
  readonly title: string
  /** Stands at the right end of the top edge, such as `1-12 of 40`. */
  readonly note?: string
  readonly hasFocus: boolean
}

/** Exactly `size` cells, from 2x2 up: the lines inside a frame, cut or padded on every side. */
export function box(lines: readonly Line[], size: Size, text: BoxText): Line[] {
  const inner = { width: Math.max(0, size.width - 2), height: Math.max(0, size.height - 2) }
  const edge: Tone = text.hasFocus ? "accent" : "muted"
  const bottom = [span(`└${"─".repeat(inner.width)}┘`, edge)]
  const body = fitLines(lines, inner).map((content) => [span("│", edge), ...content, span("│", edge)])
  return [topEdge(inner.width, text, edge), ...body, bottom]
}

function topEdge(width: number, { title, note = "", hasFocus }: BoxText, edge: Tone): Line {
  const heading = cut(` ${title} `, Math.max(0, width - 1))
  const room = width - 1 - cellWidth(heading)
  // With at least one cell of the edge between the two.
  const end = note !== "" && cellWidth(note) + 4 <= room ? ` ${note} ─` : ""
  return [
    span(width > 0 ? "┌─" : "┌", edge),
    span(heading, hasFocus ? "accent" : "strong"),
    span("─".repeat(Math.max(0, room - cellWidth(end))), edge),
    span(end, edge),
    span("┐", edge),
  ].filter((part) => part.text !== "")
}

/** Exactly `size.height` lines of exactly `size.width` cells. */
export function fitLines(lines: readonly Line[], size: Size): Line[] {
  return Array.from({ length: size.height }, (_, y) => fitLine(lines[y] ?? [], size.width))
}

/** Exactly `width` cells: spans past the edge are cut, the rest is filled with blanks. */
export function fitLine(content: Line, width: number): Line {
  const out: Span[] = []
  let used = 0
  for (const part of content) {
    const wide = cellWidth(part.text)
    if (used + wide > width) {
      out.push({ ...part, text: fit(part.text, width - used) })
      return out
    }
    if (wide > 0) out.push(part)
    used += wide
  }
  if (used < width) {
    const last = out.at(-1)
    const fill: Span = { text: " ".repeat(width - used), tone: "plain" }
    out.push(last?.isInverse === true ? { ...fill, isInverse: true } : fill)
  }
  return out
}
