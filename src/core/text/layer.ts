/** Lines laid over lines. */
import type { Line, Span } from "./line.ts"
import { cellWidth, cut } from "./width.ts"

export interface Rectangle {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export const contains = (area: Rectangle, x: number, y: number): boolean =>
  x >= area.x && x < area.x + area.width && y >= area.y && y < area.y + area.height

/** `over` on top of `under`, with its top left at `area`; what would stand outside is left out. */
export function layer(under: readonly Line[], over: readonly Line[], area: Rectangle): Line[] {
  return under.map((below, y) => {
    const above = over[y - area.y]
    if (above === undefined || y < area.y || y >= area.y + area.height) return below
    return [...cells(below, 0, area.x), ...above, ...cells(below, area.x + area.width, Number.POSITIVE_INFINITY)]
  })
}

export const lineWidth = (content: Line): number => content.reduce((sum, { text }) => sum + cellWidth(text), 0)

/** The part of a line between two cells. A wide character that stands across an edge becomes a blank. */
export function cells(content: Line, from: number, to: number): Span[] {
  const out: Span[] = []
  let at = 0
  for (const part of content) {
    if (at >= to) break
    const width = cellWidth(part.text)
    const start = Math.max(from, at)
    const end = Math.min(to, at + width)
    if (start < end)
      out.push(start === at && end === at + width ? part : { ...part, text: between(part.text, start - at, end - at) })
    at += width
  }
  return out
}

function between(text: string, from: number, to: number): string {
  let out = ""
  let at = 0
  for (const character of text) {
    const width = cellWidth(character)
    if (at >= from && at + width <= to) out += character
    else if (at < to && at + width > from) out += " ".repeat(Math.min(to, at + width) - Math.max(from, at))
    at += width
  }
  return out
}

/** Parts side by side, two blanks between them: the first one cut where it must be, the others whole or not at all. */
export function joinParts(parts: readonly Line[], width: number): Line {
  const [first = [], ...rest] = parts
  const out: Span[] = [...cutLine(first, width)]
  let left = width - lineWidth(out)
  for (const part of rest) {
    left -= PART_GAP + lineWidth(part)
    if (left < 0) return out
    out.push({ text: " ".repeat(PART_GAP), tone: "plain" }, ...part)
  }
  return out
}

const PART_GAP = 2

/** A line cut on the right with `…`, as one piece of text would be. */
export function cutLine(content: Line, width: number): Line {
  let left = width
  const out: Span[] = []
  for (const part of content) {
    const wide = cellWidth(part.text)
    if (wide > left) {
      if (left > 0) out.push({ ...part, text: cut(part.text, left) })
      return out
    }
    out.push(part)
    left -= wide
  }
  return out
}
