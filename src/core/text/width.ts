/**
 * Text from outside on a screen of cells: made harmless, measured in cells, cut and padded to a width.
 *
 * Data is never markup. A process may call itself anything: an escape sequence, a tab, text that runs from right to
 * left. Everything that would move a cursor or hide is shown as a visible sign one cell wide.
 */

const ELLIPSIS = "…"

// C0 and DEL have pictures of their own (U+2400 block). The rest of what cannot be seen or joins its neighbour (other
// controls, formats, unassigned, combining marks, line separators, fillers) has none. Halves of flags, skin tones and
// the inner letters of Hangul syllables have a width of their own in one program and none in the next.
const CONTROL = /[\u0000-\u001f\u007f]/g
const INVISIBLE = /[\p{C}\p{M}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu
const JOINING = /[\p{Regional_Indicator}\p{Emoji_Modifier}\u1160-\u11ff\ud7b0-\ud7ff]/gu
const HARMLESS = /^[\x20-\x7e]*$/

/** The text with every control and invisible character replaced by one visible sign. */
export function harmless(text: string): string {
  if (HARMLESS.test(text)) return text
  return text
    .replace(CONTROL, (c) => (c === "\x7f" ? "␡" : String.fromCharCode(0x2400 + c.charCodeAt(0))))
    .replace(INVISIBLE, "·")
    .replace(JOINING, "·")
}

/** Width in terminal cells: CJK and emoji take two. */
export const cellWidth = (text: string): number => (HARMLESS.test(text) ? text.length : Bun.stringWidth(text))

/** The longest beginning of `text` that fits `width` cells, never half a character. */
function head(text: string, width: number): string {
  let out = ""
  let used = 0
  for (const character of text) {
    const next = used + cellWidth(character)
    if (next > width) break
    out += character
    used = next
  }
  return out
}

function tail(text: string, width: number): string {
  let out = ""
  let used = 0
  for (const character of [...text].reverse()) {
    const next = used + cellWidth(character)
    if (next > width) break
    out = character + out
    used = next
  }
  return out
}

/** Where an over-long text loses: its end (names), its start (paths), or its middle (endpoints keep their port, IPv6 both ends). */
export type Cut = "end" | "start" | "middle"

const BOTH_ENDS_FROM = 8

/** At most `width` cells, with `…` where something was cut. */
export function cut(text: string, width: number, where: Cut = "end"): string {
  if (width <= 0) return ""
  if (cellWidth(text) <= width) return text
  if (width === 1) return ELLIPSIS
  if (where === "start") return ELLIPSIS + tail(text, width - 1)
  if (where === "end") return head(text, width - 1) + ELLIPSIS
  const suffix = /\]?:[^:]*$/.exec(text)?.[0] ?? ""
  const room = width - 1 - cellWidth(suffix)
  if (room < 1) return head(text, width - 1) + ELLIPSIS
  // IPv6 hosts of one network differ at their end, so where there is room both ends of the address are kept.
  const address = text.slice(0, text.length - suffix.length)
  const end = room >= BOTH_ENDS_FROM && address.includes(":") ? tail(address, room >> 1) : ""
  return head(text, room - cellWidth(end)) + ELLIPSIS + end + suffix
}

/** Exactly `width` cells: cut or padded. */
export function fit(text: string, width: number, align: "left" | "right" = "left", where: Cut = "end"): string {
  const short = cut(text, width, where)
  const padding = " ".repeat(Math.max(0, width - cellWidth(short)))
  return align === "right" ? padding + short : short + padding
}

/** Words in lines of at most `width` cells; a word longer than a line is split. */
export function wrap(text: string, width: number): string[] {
  if (width < 1) return []
  const lines: string[] = []
  let current = ""
  for (const word of text.split(/\s+/).filter((word) => word !== "")) {
    const joined = current === "" ? word : `${current} ${word}`
    if (cellWidth(joined) <= width) {
      current = joined
      continue
    }
    if (current !== "") lines.push(current)
    current = word
    while (cellWidth(current) > width) {
      // A character wider than the line cannot be placed at all: better cut than never finished.
      const piece = head(current, width)
      if (piece === "") return lines
      lines.push(piece)
      current = current.slice(piece.length)
    }
  }
  return current === "" ? lines : [...lines, current]
}
