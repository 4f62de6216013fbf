/** A field on the screen: its text with the cursor shown, scrolled so that the cursor is seen. */
import type { Field } from "./field.ts"
import { type Line, span } from "./line.ts"
import { harmless } from "./width.ts"

export function fieldLine({ text, cursor }: Field, width: number): Line {
  const characters = [...harmless(text), " "]
  const from = Math.max(0, cursor - width + 1)
  return [
    span(characters.slice(from, cursor).join(""), "strong"),
    { text: characters[cursor] ?? " ", tone: "strong", isInverse: true },
    span(characters.slice(cursor + 1, from + width).join(""), "strong"),
  ]
}
