/** JSON that is safe to print: in a terminal, inside a page, line by line. */

// What a terminal or a page would obey: C1 controls and DEL, marks that turn the direction of text, line separators.
// C0 controls, quotes and half surrogates are escaped by JSON.stringify itself.
const ACTIVE = /[<>&\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu
const NOTHING_ACTIVE = /^[ !"#$%'-;=?-~]*$/

/** The value as one line; what could act on its reader is written as `\u` escapes. */
export function json(value: unknown): string {
  const text = JSON.stringify(value)
  return NOTHING_ACTIVE.test(text) ? text : text.replace(ACTIVE, escaped)
}

const escaped = (character: string) =>
  Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
  ).join("")
