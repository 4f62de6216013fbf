/** Lines through the real renderer, in memory: what the terminal would show is what core wrote. */
import { afterEach, describe, expect, test } from "bun:test"
import { RGBA, TextAttributes } from "@opentui/core"
import { createTestRenderer, type TestRendererSetup } from "@opentui/core/testing"
import type { State } from "../../src/core/app/state.ts"
import { view } from "../../src/core/app/view.ts"
import { fitLine } from "../../src/core/text/box.ts"
import { type Line, plainText } from "../../src/core/text/line.ts"
import { cellWidth } from "../../src/core/text/width.ts"
import { Canvas } from "../../src/shell/terminal/paint.ts"
import { themeFor } from "../../src/shell/terminal/theme.ts"
import { press, watching } from "../support/host.ts"
import { hostile, webServer } from "../support/hosts.ts"

let terminal: TestRendererSetup | undefined
afterEach(async () => {
  terminal?.renderer.destroy()
  terminal = undefined
})

async function canvasOf(width: number, height: number, options: { hasColor?: boolean; isUtf8?: boolean } = {}) {
  const { hasColor = true, isUtf8 = true } = options
  terminal = await createTestRenderer({ width, height, exitOnCtrlC: false })
  const canvas = new Canvas(terminal.renderer, themeFor(hasColor, "dark"), isUtf8, () => {})
  terminal.renderer.root.add(canvas)
  await terminal.renderOnce()
  return { canvas, terminal }
}

async function shown(lines: readonly Line[], width: number, height: number, options = {}) {
  const { canvas, terminal } = await canvasOf(width, height, options)
  canvas.paint(lines)
  await terminal.renderOnce()
  return { text: frameOf(terminal), spans: terminal.captureSpans().lines, canvas, terminal }
}

const frameOf = (setup: TestRendererSetup) => trimmed(setup.captureCharFrame())
const trimmed = (text: string) => text.replace(/ +$/gm, "").replace(/\n+$/, "")

const webAt = (width: number, height: number): State => watching(width, height, webServer)

test.each([
  [60, 15],
  [80, 24],
  [120, 40],
  [200, 60],
])("%dx%d: the frame is the plain text of the view", async (width, height) => {
  for (const state of [
    webAt(width, height),
    press(webAt(width, height), "?").state,
    watching(width, height, hostile),
  ]) {
    const lines = view(state)
    const { text } = await shown(lines, width, height)
    expect(text).toBe(trimmed(plainText(lines)))
    terminal?.renderer.destroy()
  }
})

test.each([
  [1, 1],
  [2, 2],
  [3, 3],
  [5, 1],
  [1, 30],
])("%dx%d is painted without a word of complaint", async (width, height) => {
  const lines = view(webAt(width, height))
  expect((await shown(lines, width, height)).text).toBe(trimmed(plainText(lines)))
})

test("every wide and strange character takes the cells that core counted", async () => {
  const lines = view(watching(80, 40, hostile))
  const { spans } = await shown(lines, 80, 40)
  for (const { spans: parts } of spans) expect(parts.reduce((sum, { width }) => sum + width, 0)).toBe(80)
  const frames = trimmed(plainText(lines)).split("\n")
  for (const each of frames.slice(2, -1)) expect(cellWidth(each)).toBe(80)
})

describe("the selected row", () => {
  const row = async (hasColor: boolean) => {
    const { spans } = await shown(view(webAt(80, 24)), 80, 24, { hasColor })
    return spans.find(({ spans: parts }) => parts.some(({ text }) => text.includes("▌")))!.spans
  }

  test("is one inverse bar from its mark to the frame, in one colour", async () => {
    const parts = await row(true)
    const inverse = parts.filter(({ attributes }) => (attributes & TextAttributes.INVERSE) !== 0)
    expect(inverse.reduce((sum, { width }) => sum + width, 0)).toBe(77)
    expect(inverse.every(({ fg }) => fg.equals(RGBA.defaultForeground()))).toBe(true)
  })

  test("is inverse without colours too", async () => {
    expect((await row(false)).some(({ attributes }) => (attributes & TextAttributes.INVERSE) !== 0)).toBe(true)
  })
})

const everyTone: Line = (["plain", "muted", "strong", "accent", "ok", "warn", "crit"] as const).map((tone) => ({
  text: tone,
  tone,
}))

test("each severity has a colour of the operator's own palette", async () => {
  const { spans } = await shown([everyTone], 60, 1)
  const colorOf = (tone: string) => spans[0]!.spans.find(({ text }) => text.trim() === tone)!.fg
  expect(colorOf("crit").equals(RGBA.fromIndex(1))).toBe(true)
  expect(colorOf("warn").equals(RGBA.fromIndex(3))).toBe(true)
  expect(colorOf("ok").equals(RGBA.fromIndex(2))).toBe(true)
  expect(colorOf("accent").equals(RGBA.fromIndex(6))).toBe(true)
})

test("muted is faint text in the terminal's own colour, which no palette can hide", async () => {
  const { spans } = await shown([[{ text: "muted", tone: "muted" }]], 5, 1)
  const [muted] = spans[0]!.spans
  expect(muted!.fg.equals(RGBA.defaultForeground())).toBe(true)
  expect(muted!.attributes & TextAttributes.DIM).not.toBe(0)
})

test("NO_COLOR: no colour at all, on any screen", async () => {
  const lines = [fitLine(everyTone, 80), ...view(webAt(80, 23))]
  const { spans } = await shown(lines, 80, 24, { hasColor: false })
  const colors = spans.flatMap(({ spans: parts }) => parts.flatMap(({ fg, bg }) => [fg, bg]))
  expect(
    colors.filter((color) => !color.equals(RGBA.defaultForeground()) && !color.equals(RGBA.defaultBackground())),
  ).toEqual([])
})

test("without UTF-8 every cell is ASCII, and no column moves", async () => {
  const lines = view(watching(80, 24, hostile))
  const { text } = await shown(lines, 80, 24, { isUtf8: false })
  expect(text).toMatch(/^[\x20-\x7e\n]*$/)
  const widths = (picture: string) => picture.split("\n").map(cellWidth)
  expect(widths(text)).toEqual(widths(trimmed(plainText(lines))))
  expect(text.split("\n")[2]).toStartWith("+- Top Incoming ---")
})

test("without UTF-8 every sign of our own has one that stands for it", async () => {
  for (const state of [webAt(120, 40), press(webAt(120, 40), "tab", "?").state, press(webAt(80, 24), "o", "g").state]) {
    const { width, height } = state.screen
    const lines = view(state)
    const { text } = await shown(lines, width, height, { isUtf8: false })
    const questions = (picture: string) => picture.split("?").length
    expect(questions(text)).toBe(questions(plainText(lines)))
    terminal?.renderer.destroy()
  }
})

test("only lines that changed are drawn again", async () => {
  const { canvas, terminal } = await shown(view(webAt(80, 24)), 80, 24)
  const moved = press(webAt(80, 24), "down").state
  canvas.paint(view(moved))
  await terminal.renderOnce()
  expect(frameOf(terminal)).toBe(trimmed(plainText(view(moved))))
})

test("on a light background nothing is yellow or cyan, and a change of the theme draws everything anew", async () => {
  const lines: readonly Line[] = [[{ text: "warn", tone: "warn" }], [{ text: "accent", tone: "accent" }]]
  const { canvas, terminal, spans } = await shown(lines, 10, 2)
  const colorsOf = (rows: typeof spans) => rows.map((row) => row.spans[0]!.fg)
  expect(colorsOf(spans)).toEqual([RGBA.fromIndex(3), RGBA.fromIndex(6)])
  canvas.wear(themeFor(true, "light"))
  await terminal.renderOnce()
  expect(colorsOf(terminal.captureSpans().lines)).toEqual([RGBA.fromIndex(5), RGBA.fromIndex(4)])
  canvas.wear(themeFor(false, "light"))
  await terminal.renderOnce()
  expect(colorsOf(terminal.captureSpans().lines)).toEqual([RGBA.defaultForeground(), RGBA.defaultForeground()])
})

test("a resize tells the program, and the next paint fills the new size", async () => {
  const sizes: string[] = []
  terminal = await createTestRenderer({ width: 80, height: 24, exitOnCtrlC: false })
  const { renderer } = terminal
  const canvas = new Canvas(renderer, themeFor(true, "dark"), true, () =>
    sizes.push(`${renderer.width}x${renderer.height}`),
  )
  renderer.root.add(canvas)
  await terminal.renderOnce()
  canvas.paint(view(webAt(80, 24)))
  await terminal.renderOnce()
  terminal.resize(120, 40)
  await terminal.renderOnce()
  expect(sizes.at(-1)).toBe("120x40")
  const lines = view(webAt(120, 40))
  canvas.paint(lines)
  await terminal.renderOnce()
  expect(frameOf(terminal)).toBe(trimmed(plainText(lines)))
})
