/**
 * Reads settings files: the part of TOML 1.0 that such files use, with the line of every value.
 *
 * Tables, bare and quoted keys, dotted keys, comments; a value is a number, a boolean or a string on one line. Arrays,
 * inline tables, dates and strings of several lines are refused by line. The runtime's own TOML reader knows them
 * all, but gives neither the line of a value nor that of a mistake.
 */

export interface Setting {
  /** `["retrans_percent", "warn"]`. */
  readonly path: readonly string[]
  readonly value: number | boolean | string
  readonly line: number
}

/** The text is not what it should be; the line counts from 1. */
export interface SettingsProblem {
  readonly line: number
  readonly problem: string
}

const NAME = String.raw`(?:[A-Za-z0-9_-]+|"[^"\\]*"|'[^']*')`
const PATH = new RegExp(String.raw`^\s*(${NAME}(?:\s*\.\s*${NAME})*)\s*`)
const COMMENT = /^\s*(?:#.*)?$/
const STRING = /^(?:"([^"\\]*)"|'([^']*)')/
const WORD = /^[^\s#]+/
const INTEGER = /^[+-]?(?:0|[1-9](?:_?\d)*)$/
const FLOAT = /^[+-]?(?:0|[1-9](?:_?\d)*)(?:\.\d(?:_?\d)*)?(?:[eE][+-]?\d(?:_?\d)*)?$/

/** Every setting in the order of the file, or the first thing wrong with it. */
export function parseSettings(text: string): readonly Setting[] | SettingsProblem {
  const settings: Setting[] = []
  const seen = new Map<string, number>()
  let table: readonly string[] = []
  for (const [index, line] of text
    .replace(/^\u{feff}/u, "")
    .split(/\r?\n/)
    .entries()) {
    const at = index + 1
    if (COMMENT.test(line)) continue
    const parsed = /^\s*\[/.test(line) ? parseTable(line) : parseSetting(line, table)
    if (typeof parsed === "string") return { line: at, problem: parsed }
    const path = "table" in parsed ? parsed.table : parsed.path
    const id = JSON.stringify(["table" in parsed, ...path])
    const earlier = seen.get(id)
    if (earlier !== undefined) return { line: at, problem: `${path.join(".")} was already given in line ${earlier}` }
    seen.set(id, at)
    if ("table" in parsed) table = path
    else settings.push({ path, value: parsed.value, line: at })
  }
  return settings
}

function parseTable(line: string): { readonly table: readonly string[] } | string {
  const inside = /^\s*\[([^[\]]*)\]\s*(?:#.*)?$/.exec(line)?.[1]
  const path = inside === undefined ? undefined : PATH.exec(inside)
  if (path == null || path[0].length !== inside!.length) return `expected a table such as [retrans_percent]`
  return { table: names(path[1]!) }
}

function parseSetting(
  line: string,
  table: readonly string[],
): { readonly path: readonly string[]; readonly value: Setting["value"] } | string {
  const key = PATH.exec(line)
  if (key === null || line[key[0].length] !== "=") return "expected `key = value`"
  const path = [...table, ...names(key[1]!)]
  const rest = line.slice(key[0].length + 1).trimStart()
  const text = STRING.exec(rest) ?? WORD.exec(rest)
  if (text === null) return `${path.join(".")} has no value`
  if (!COMMENT.test(rest.slice(text[0].length))) return `${path.join(".")} has more than one value`
  const value = text[1] ?? text[2] ?? parseWord(text[0])
  return value === undefined ? `${path.join(".")} is not a number: ${text[0]}` : { path, value }
}

function parseWord(word: string): number | boolean | undefined {
  if (word === "true" || word === "false") return word === "true"
  if (!INTEGER.test(word) && !FLOAT.test(word)) return undefined
  // -0 is 0.
  return Number(word.replaceAll("_", "")) + 0
}

const names = (path: string): readonly string[] =>
  [...path.matchAll(new RegExp(NAME, "g"))].map(([name]) => name.replace(/^(["'])(.*)\1$/, "$2"))
