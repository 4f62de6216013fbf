/** Tones to colours: the sixteen of the operator's own palette, so every terminal and every taste is respected. */
import { RGBA, TextAttributes } from "@opentui/core"
import type { Tone } from "../../core/text/line.ts"

export interface Paint {
  readonly foreground: RGBA
  readonly attributes: number
}

export type Theme = Readonly<Record<Tone, Paint>>

// Compared by identity when cells are compared: made once.
export const FOREGROUND = RGBA.defaultForeground()
export const BACKGROUND = RGBA.defaultBackground()

const paint = (foreground: RGBA, attributes = 0): Paint => ({ foreground, attributes })

/**
 * For NO_COLOR and terminals without colour: weight alone. Severities are also words on the screen, so nothing is lost.
 *
 * Muted text is the terminal's own faint, not palette index 8: that one is the background's colour in Solarized, and
 * what it says would be gone. A terminal that does not know faint shows plain text.
 */
const monochrome: Theme = {
  plain: paint(FOREGROUND),
  muted: paint(FOREGROUND, TextAttributes.DIM),
  strong: paint(FOREGROUND, TextAttributes.BOLD),
  accent: paint(FOREGROUND, TextAttributes.BOLD),
  ok: paint(FOREGROUND),
  warn: paint(FOREGROUND, TextAttributes.BOLD),
  crit: paint(FOREGROUND, TextAttributes.BOLD),
}

// Indexes below 8: sixteen-colour terminals and the Linux console have them, and every palette keeps them readable.
const dark: Theme = {
  ...monochrome,
  accent: paint(RGBA.fromIndex(6), TextAttributes.BOLD),
  ok: paint(RGBA.fromIndex(2)),
  warn: paint(RGBA.fromIndex(3)),
  crit: paint(RGBA.fromIndex(1), TextAttributes.BOLD),
}

// On white, yellow and cyan of the usual palettes cannot be read.
const light: Theme = {
  ...dark,
  accent: paint(RGBA.fromIndex(4), TextAttributes.BOLD),
  warn: paint(RGBA.fromIndex(5), TextAttributes.BOLD),
}

export type Background = "dark" | "light"

export const themeFor = (hasColor: boolean, background: Background): Theme =>
  hasColor ? { dark, light }[background] : monochrome
