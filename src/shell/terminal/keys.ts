/** What the terminal sends, to the chords that commands are declared with. */

interface TerminalKey {
  readonly name: string
  readonly ctrl: boolean
  readonly meta: boolean
  readonly shift: boolean
  readonly sequence: string
}

const names: Readonly<Record<string, string>> = { return: "enter", linefeed: "enter", kpenter: "enter" }

/**
 * A printable key is its character (`q`, `B`, `?`); others are their name with what was held: `shift+tab`, `ctrl+c`,
 * `alt+x`, `pageup`.
 */
export function chordOf(key: TerminalKey): string {
  // The Linux console sends ESC TAB for Shift+Tab.
  if (key.ctrl && key.meta && key.name === "i") return "shift+tab"
  // Without an extended keyboard protocol Ctrl+2 comes as NUL.
  if (key.sequence === "\0") return "ctrl+2"
  const isPlain = !key.ctrl && !key.meta
  if (isPlain && [...key.sequence].length === 1 && key.sequence > " " && key.sequence !== "\x7f") return key.sequence
  const name = names[key.name] ?? key.name
  return `${key.ctrl ? "ctrl+" : ""}${key.meta ? "alt+" : ""}${key.shift ? "shift+" : ""}${name}`
}
