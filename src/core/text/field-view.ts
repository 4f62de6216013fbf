/** A field on the screen: its text with the cursor shown, scrolled so that the cursor is seen. */
import type { Field } from "./field.ts"
import { type Line, span } from "./line.ts"
import { cellWidth, harmless } from "./width.ts"

/** At most `width` cells; the cursor is always one of them. */
export function fieldLine({ text, cursor }: Field, width: number): Line {
  // One character for each of the text's, so that the cursor counts the same; a blank behind the last one to stand on.
  const characters = [...harmless(text), " "]
  const at = characters[cursor] ?? " "
  let left = width - cellWidth(at)
  if (left < 0) return [span("")]
  let from = cursor
  while (from > 0 && cellWidth(characters[from - 1]!) <= left) left -= cellWidth(characters[--from]!)
  let to = cursor + 1
  while (to < characters.length && cellWidth(characters[to]!) <= left) left -= cellWidth(characters[to++]!)
  return [
    span(characters.slice(from, cursor).join(""), "strong"),
    { text: at, tone: "strong", isInverse: true },
    span(characters.slice(cursor + 1, to).join(""), "strong"),
  ]
}
