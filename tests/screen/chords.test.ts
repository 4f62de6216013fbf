/** What terminals send, byte for byte, through the real renderer's parser: the chord that commands are declared with. */
import { afterEach, expect, test } from "bun:test"
import type { KeyEvent, PasteEvent } from "@opentui/core"
import { createTestRenderer, type TestRendererSetup } from "@opentui/core/testing"
import { chordOf } from "../../src/shell/terminal/keys.ts"

let terminal: TestRendererSetup | undefined
afterEach(() => {
  terminal?.renderer.destroy()
  terminal = undefined
})

async function listening() {
  terminal = await createTestRenderer({ width: 20, height: 5, exitOnCtrlC: false })
  const chords: string[] = []
  const pasted: string[] = []
  terminal.renderer.keyInput.on("keypress", (key: KeyEvent) => chords.push(chordOf(key)))
  terminal.renderer.keyInput.on("paste", (event: PasteEvent) => pasted.push(new TextDecoder().decode(event.bytes)))
  return { chords, pasted, send: (bytes: string) => terminal!.renderer.stdin.emit("data", Buffer.from(bytes)) }
}

test.each([
  ["q", "q"],
  ["B", "B"],
  ["/", "/"],
  ["[", "["],
  ["?", "?"],
  ["é", "é"],
  ["漢", "漢"],
  [" ", "space"],
  // Ctrl+2 as most terminals send it, as xterm's modifyOtherKeys does, and as kitty's protocol does.
  ["\0", "ctrl+2"],
  ["\x1b[27;5;50~", "ctrl+2"],
  ["\x1b[50;5u", "ctrl+2"],
  ["\r", "enter"],
  ["\n", "enter"],
  ["\t", "tab"],
  ["\x1b[Z", "shift+tab"],
  ["\x1b\t", "shift+tab"],
  ["\x7f", "backspace"],
  ["\x03", "ctrl+c"],
  ["\x1a", "ctrl+z"],
  ["\x17", "ctrl+w"],
  ["\x1b[A", "up"],
  ["\x1bOA", "up"],
  ["\x1b[B", "down"],
  ["\x1b[5~", "pageup"],
  ["\x1b[6~", "pagedown"],
  ["\x1b[H", "home"],
  ["\x1b[1~", "home"],
  ["\x1bOH", "home"],
  ["\x1b[F", "end"],
  ["\x1b[4~", "end"],
  ["\x1b[3~", "delete"],
  ["\x1bq", "alt+q"],
])("%j is %s", async (bytes, chord) => {
  const { chords, send } = await listening()
  send(bytes)
  await terminal!.renderOnce()
  expect(chords).toEqual([chord])
})

test("Esc alone is reported once no more bytes follow", async () => {
  const { chords, send } = await listening()
  const pressed = new Promise<KeyEvent>((done) => terminal!.renderer.keyInput.once("keypress", done))
  send("\x1b")
  await pressed
  expect(chords).toEqual(["escape"])
})

test("a paste is text and no key, whatever is in it", async () => {
  const { chords, pasted, send } = await listening()
  send("\x1b[200~q\nrm -rf é\x1b[201~")
  await terminal!.renderOnce()
  expect(chords).toEqual([])
  expect(pasted).toEqual(["q\nrm -rf é"])
})
