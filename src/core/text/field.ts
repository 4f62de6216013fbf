/** One line of text being typed: what each key does to it. */

export interface Field {
  readonly text: string
  /** Characters before the cursor. */
  readonly cursor: number
}

export const field = (text = ""): Field => ({ text, cursor: [...text].length })

const LENGTH_MAX = 200

type Edit = (characters: readonly string[], cursor: number) => readonly [text: readonly string[], cursor: number]

const wordStart = (characters: readonly string[], cursor: number): number => {
  let at = cursor
  while (at > 0 && characters[at - 1] === " ") at--
  while (at > 0 && characters[at - 1] !== " ") at--
  return at
}

/** A map, since a key called `toString` must find nothing. */
const edits: ReadonlyMap<string, Edit> = new Map<string, Edit>(
  Object.entries({
    left: (text, cursor) => [text, cursor - 1],
    right: (text, cursor) => [text, cursor + 1],
    home: (text) => [text, 0],
    "ctrl+a": (text) => [text, 0],
    end: (text) => [text, text.length],
    "ctrl+e": (text) => [text, text.length],
    backspace: (text, cursor) => [text.toSpliced(Math.max(0, cursor - 1), cursor > 0 ? 1 : 0), cursor - 1],
    delete: (text, cursor) => [text.toSpliced(cursor, 1), cursor],
    "ctrl+u": (text, cursor) => [text.slice(cursor), 0],
    "ctrl+k": (text, cursor) => [text.slice(0, cursor), cursor],
    "ctrl+w": (text, cursor) => [
      text.toSpliced(wordStart(text, cursor), cursor - wordStart(text, cursor)),
      wordStart(text, cursor),
    ],
    space: (text, cursor) => [text.toSpliced(cursor, 0, " "), cursor + 1],
  } satisfies Record<string, Edit>),
)

/** The field after one key; the same object when the key means nothing here. */
export function editField(before: Field, chord: string): Field {
  const characters = [...before.text]
  const edit = edits.get(chord)
  if (edit === undefined) return [...chord].length === 1 ? insertText(before, chord) : before
  const [text, cursor] = edit(characters, before.cursor)
  return { text: text.join(""), cursor: Math.min(Math.max(0, cursor), text.length) }
}

/**
 * The field after a paste. Lines and tabs become one blank between words, so that words of two lines stay two and a
 * pasted newline submits nothing; other control characters are dropped.
 */
export function insertText(before: Field, pasted: string): Field {
  const lines = pasted.split(/[\t\n\v\f\r\u0085\u2028\u2029]+/)
  const oneLine =
    lines.length === 1
      ? pasted
      : lines
          .map((part) => part.trim())
          .filter(Boolean)
          .join(" ")
  const added = [...oneLine].filter((c) => c >= " " && c !== "\x7f")
  const characters = [...before.text]
  const room = Math.max(0, LENGTH_MAX - characters.length)
  const taken = added.slice(0, room)
  if (taken.length === 0) return before
  return { text: characters.toSpliced(before.cursor, 0, ...taken).join(""), cursor: before.cursor + taken.length }
}
