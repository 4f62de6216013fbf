/**
 * Curves of dots: a Braille character is a cell of two by four dots (Unicode block U+2800), so a curve has eight times
 * the points that the screen has cells.
 *
 * Time goes from left to right. What is not known is not drawn: gaps stay open.
 */
import type { Size } from "./line.ts"

export const DOTS_ACROSS = 2
export const DOTS_DOWN = 4

const BRAILLE = 0x2800
/** The bit of each dot, by column and row from the top (Unicode, "Braille Patterns"). */
const bits = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const

/** A field of dots; a cell's byte is the pattern of its eight dots. */
export interface Dots {
  /** Cells, not dots. */
  readonly size: Size
  readonly patterns: Uint8Array
}

export const createDots = ({ width, height }: Size): Dots => ({
  size: { width: Math.max(0, width), height: Math.max(0, height) },
  patterns: new Uint8Array(Math.max(0, width) * Math.max(0, height)),
})

/** Sets the dot at column `x` and row `y`, counted from the top left; one outside the field is left out. */
export function setDot({ size, patterns }: Dots, x: number, y: number): void {
  if (x < 0 || y < 0 || x >= size.width * DOTS_ACROSS || y >= size.height * DOTS_DOWN) return
  const cell = Math.floor(y / DOTS_DOWN) * size.width + Math.floor(x / DOTS_ACROSS)
  patterns[cell]! |= bits[x % DOTS_ACROSS]![y % DOTS_DOWN]!
}

/** Sets the dots of a straight line between two dots, both included (Bresenham). Both ends must be finite. */
export function drawLine(dots: Dots, from: readonly [x: number, y: number], to: readonly [x: number, y: number]): void {
  let [x, y] = from
  const across = Math.abs(to[0] - x)
  const down = -Math.abs(to[1] - y)
  const stepX = x < to[0] ? 1 : -1
  const stepY = y < to[1] ? 1 : -1
  let error = across + down
  while (true) {
    setDot(dots, x, y)
    if (x === to[0] && y === to[1]) return
    const twice = 2 * error
    if (twice >= down) {
      error += down
      x += stepX
    }
    if (twice <= across) {
      error += across
      y += stepY
    }
  }
}

/** One text for each row of cells, each exactly as wide as the field; a cell without a dot is a blank. */
export function dotRows({ size, patterns }: Dots): string[] {
  return Array.from({ length: size.height }, (_, y) => {
    const row = patterns.subarray(y * size.width, (y + 1) * size.width)
    return Array.from(row, (pattern) => (pattern === 0 ? " " : String.fromCharCode(BRAILLE + pattern))).join("")
  })
}

/** Values over time, the earliest first; NaN is not known. Both lists are of one length. */
export interface Series {
  /** Milliseconds of any clock. */
  readonly at: ArrayLike<number>
  readonly values: ArrayLike<number>
}

/** What part of a series is drawn. */
export interface CurveRange {
  /** Times of the left and of the right edge. */
  readonly from: number
  readonly to: number
  /** The value of the top edge, above 0; the bottom edge is 0. Higher values are drawn at the top. */
  readonly top: number
  /** Two values further apart than this are not joined. */
  readonly gapMs: number
}

/** The series as a joined curve, one text for each row of cells. */
export function curve(series: Series, range: CurveRange, size: Size): string[] {
  const dots = createDots(size)
  drawCurve(dots, series, range)
  return dotRows(dots)
}

/** Draws the series into a field of dots that may hold something already. */
export function drawCurve(dots: Dots, { at, values }: Series, { from, to, top, gapMs }: CurveRange): void {
  const columns = dots.size.width * DOTS_ACROSS
  const rows = dots.size.height * DOTS_DOWN
  if (columns === 0 || rows === 0 || !(to > from) || !(top > 0)) return
  const place = (i: number): readonly [number, number] => {
    const level = Math.min(1, Math.max(0, values[i]! / top))
    const x = Math.round(((at[i]! - from) / (to - from)) * (columns - 1))
    return [x, rows - 1 - Math.round(level * (rows - 1))]
  }
  // What falls into one column of dots is one stroke from its lowest to its highest: a long series costs no more to draw
  // than the field has dots.
  let stroke: { x: number; low: number; high: number; y: number } | undefined
  const finish = () => {
    if (stroke !== undefined) drawLine(dots, [stroke.x, stroke.low], [stroke.x, stroke.high])
    stroke = undefined
  }
  let last: number | undefined
  for (let i = 0; i < at.length; i++) {
    if (!Number.isFinite(values[i]!)) {
      last = undefined
      continue
    }
    const isJoined = last !== undefined && at[i]! - at[last]! <= gapMs
    // Before the left edge nothing is seen; the line that comes in over the edge begins outside.
    if (at[i]! >= from && at[i]! <= to) {
      const [x, y] = place(i)
      if (!isJoined) finish()
      if (stroke?.x === x) {
        stroke = { x, y, low: Math.min(stroke.low, y), high: Math.max(stroke.high, y) }
      } else {
        const before = stroke === undefined ? (isJoined ? place(last!) : undefined) : ([stroke.x, stroke.y] as const)
        finish()
        if (before !== undefined) drawLine(dots, before, [x, y])
        stroke = { x, y, low: y, high: y }
      }
    }
    last = i
  }
  finish()
}
