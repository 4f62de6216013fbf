/**
 * Reads a settings file that is one JSON object, with the line of every key.
 *
 * The runtime's own reader gives neither the line of a value nor that of a mistake. Of a key that stands twice the last
 * one counts, as everywhere in JSON.
 */
import type { SettingsProblem } from "./settings-text.ts"

export interface Member {
  readonly value: unknown
  /** Counts from 1. */
  readonly line: number
}

/** The members of the object, or what is wrong with the text. `null` is an object without members. */
export function parseJsonObject(text: string): ReadonlyMap<string, Member> | SettingsProblem {
  const source = text.replace(/^\u{feff}/u, "")
  let at = 0
  const lineAt = (offset: number) => source.slice(0, offset).split("\n").length
  const skipBlanks = () => {
    while (/[ \t\r\n]/.test(source[at] ?? "")) at++
  }
  const problem = (what: string): SettingsProblem => ({ line: lineAt(at), problem: what })
  const found = () => (at < source.length ? `not ${JSON.stringify(source[at])}` : "not the end of the file")
  const members = new Map<string, Member>()

  skipBlanks()
  if (at === source.length) return problem('the file is empty; an object such as { "interval": 30 } is expected')
  if (source[at] !== "{") {
    return source.trim() === "null" ? members : problem(`expected an object that begins with {, ${found()}`)
  }
  at++
  skipBlanks()
  if (source[at] === "}") at++
  else {
    for (;;) {
      skipBlanks()
      const line = lineAt(at)
      const key = readValue(source, at)
      if (key === undefined || typeof key.value !== "string")
        return problem(`expected a key in double quotes, ${found()}`)
      at = key.end
      skipBlanks()
      if (source[at] !== ":") return problem(`expected : behind ${JSON.stringify(key.value)}, ${found()}`)
      at++
      skipBlanks()
      const value = readValue(source, at)
      if (value === undefined) return problem(`${JSON.stringify(key.value)} has no value that JSON knows`)
      members.set(key.value, { value: value.value, line })
      at = value.end
      skipBlanks()
      if (source[at] === "}") {
        at++
        break
      }
      if (source[at] !== ",") return problem(`expected , or } behind ${JSON.stringify(key.value)}, ${found()}`)
      at++
    }
  }
  skipBlanks()
  return at === source.length
    ? members
    : problem(`the object has ended, and more follows: ${JSON.stringify(source[at])}`)
}

const STRING = /"(?:[^"\\\u0000-\u001f]|\\.)*"/y
const PLAIN = /-?\d[\d.eE+-]*|true|false|null/y

/** The value that begins at `at`, and where it ends. */
function readValue(source: string, at: number): { readonly value: unknown; readonly end: number } | undefined {
  const end = endOfValue(source, at)
  if (end === undefined) return undefined
  try {
    return { value: JSON.parse(source.slice(at, end)), end }
  } catch {
    return undefined
  }
}

function endOfValue(source: string, at: number): number | undefined {
  const begin = source[at]
  if (begin !== "{" && begin !== "[") return matchEnd(STRING, source, at) ?? matchEnd(PLAIN, source, at)
  let depth = 0
  for (let i = at; i < source.length; ) {
    const character = source[i]!
    if (character === '"') {
      const end = matchEnd(STRING, source, i)
      if (end === undefined) return undefined
      i = end
      continue
    }
    if (character === "{" || character === "[") depth++
    if ((character === "}" || character === "]") && --depth === 0) return i + 1
    i++
  }
  return undefined
}

function matchEnd(pattern: RegExp, source: string, at: number): number | undefined {
  pattern.lastIndex = at
  return pattern.test(source) ? pattern.lastIndex : undefined
}
