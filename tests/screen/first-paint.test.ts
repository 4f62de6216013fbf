/** The canvas against the renderer's own timing. */
import { expect, test } from "bun:test"
import { createTestRenderer } from "@opentui/core/testing"
import { line } from "../../src/core/text/line.ts"
import { Canvas } from "../../src/shell/terminal/paint.ts"
import { themeFor } from "../../src/shell/terminal/theme.ts"

test("what was painted before the first layout is on the screen after it", async () => {
  const terminal = await createTestRenderer({ width: 20, height: 2, exitOnCtrlC: false })
  try {
    const canvas = new Canvas(terminal.renderer, themeFor(true, "dark"), true, () => {})
    terminal.renderer.root.add(canvas)
    canvas.paint([line("first line".padEnd(20)), line("second line".padEnd(20))])
    await terminal.renderOnce()
    await terminal.renderOnce()
    const rows = terminal.captureCharFrame().split("\n")
    expect(rows.slice(0, 2).map((row) => row.trimEnd())).toEqual(["first line", "second line"])
  } finally {
    terminal.renderer.destroy()
  }
})
