/** Lines to cells. Only lines that changed are drawn; the renderer then sends only cells that changed. */
import { FrameBufferRenderable, type RenderContext, TextAttributes } from "@opentui/core"
import type { Line } from "../../core/text/line.ts"
import { cellWidth } from "../../core/text/width.ts"
import { BACKGROUND, FOREGROUND, type Theme } from "./theme.ts"

/** Signs outside ASCII and what stands for them where the locale is not UTF-8. */
const ascii: Readonly<Record<string, string>> = {
  "─": "-",
  "│": "|",
  "┌": "+",
  "┐": "+",
  "└": "+",
  "┘": "+",
  "├": "+",
  "┤": "+",
  "━": "=",
  "▁": "_",
  "▂": ".",
  "▃": "-",
  "▄": "-",
  "▅": "=",
  "▆": "=",
  "▇": "#",
  "█": "#",
  "░": ".",
  "▌": ">",
  "…": "~",
  "–": "-",
  "↑": "^",
  "↓": "v",
  "←": "<",
  "→": ">",
  "·": ".",
  "┄": "-",
}
/** Dots in the upper half of a cell of Braille, and in the lower. */
const UPPER = 0b0001_1011
const LOWER = 0b1110_0100
const braille = (c: string): string | undefined => {
  const pattern = c.codePointAt(0)! - 0x2800
  if (pattern <= 0 || pattern > 0xff) return undefined
  return (pattern & UPPER) === 0 ? "." : (pattern & LOWER) === 0 ? "'" : ":"
}
const toAscii = (text: string) =>
  text.replace(/[^\x20-\x7e]/gu, (c) => ascii[c] ?? braille(c) ?? "?".repeat(Math.max(1, cellWidth(c))))

export class Canvas extends FrameBufferRenderable {
  private lines: readonly Line[] = []
  private drawn: Line[] = []

  constructor(
    context: RenderContext,
    private theme: Theme,
    private readonly isUtf8: boolean,
    private readonly onSize: () => void,
  ) {
    super(context, { id: "canvas", width: 1, height: 1 })
    this.width = "100%"
    this.height = "100%"
  }

  protected override onResize(width: number, height: number): void {
    // A frame buffer of no cells is refused.
    super.onResize(Math.max(1, width), Math.max(1, height))
    this.drawn = []
    // A cleared buffer has cells of a white of its own, which is a colour: also where NO_COLOR asks for none.
    const blank = " ".repeat(this.frameBuffer.width)
    for (let y = 0; y < this.frameBuffer.height; y++) this.frameBuffer.drawText(blank, 0, y, FOREGROUND, BACKGROUND)
    this.paint(this.lines)
    this.onSize()
  }

  /** Everything is drawn anew in other colours. */
  wear(theme: Theme): void {
    if (theme === this.theme) return
    this.theme = theme
    this.drawn = []
    this.paint(this.lines)
  }

  paint(lines: readonly Line[]): void {
    this.lines = lines
    let changed = 0
    for (const [y, content] of lines.entries()) {
      if (y >= this.frameBuffer.height || isSame(this.drawn[y], content)) continue
      this.drawn[y] = content
      this.drawLine(content, y)
      changed++
    }
    if (changed > 0) this.requestRender()
  }

  private drawLine(content: Line, y: number): void {
    let x = 0
    for (const { text, tone, isInverse } of content) {
      const { foreground, attributes } = this.theme[tone]
      const shown = this.isUtf8 ? text : toAscii(text)
      this.frameBuffer.drawText(
        shown,
        x,
        y,
        foreground,
        BACKGROUND,
        isInverse ? attributes | TextAttributes.INVERSE : attributes,
      )
      x += cellWidth(text)
    }
  }
}

function isSame(before: Line | undefined, after: Line): boolean {
  if (before === after) return true
  if (before === undefined || before.length !== after.length) return false
  return before.every((part, i) => {
    const other = after[i]!
    return part.text === other.text && part.tone === other.tone && part.isInverse === other.isInverse
  })
}
