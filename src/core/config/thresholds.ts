/**
 * From which value on a figure is a warning or critical: the operator's file over the built-in values.
 *
 * A file that says something impossible is refused as a whole, with its name, the key and the line: a typing mistake
 * must not silently leave the default in force.
 */
import * as v from "valibot"
import { parseSettings, type Setting } from "./settings-text.ts"

/** From `warn` on a figure is worth a look, from `crit` on it hurts. A limit of 0 is off. */
export interface Band {
  readonly warn: number
  readonly crit: number
}

export interface Thresholds {
  /** Percent of segments sent. */
  readonly retransPercent: Band
  /** Packets that connection tracking dropped, a second. */
  readonly dropsPerSecond: Band
  /** Percent of the connection tracking table's maximum. */
  readonly conntrackPercent: Band
  /** Bytes a second of one row and direction; 0 and 0 is off. */
  readonly bandwidthPerSecond: Band
  /** Known and unused. */
  readonly bandwidthPerSnapshot: Band
  /** With less than this, retransmissions are not judged. */
  readonly retransSample: { readonly establishedMin: number; readonly segmentsPerSecondMin: number }
  /** Tables `[rule.ID]`, for the diagnosis rules to read. */
  readonly rules: Readonly<Record<string, Readonly<Record<string, number | boolean>>>>
}

/** The built-in values; config/health_thresholds.toml says the same in words. */
export const defaultThresholds: Thresholds = {
  retransPercent: { warn: 2, crit: 5 },
  dropsPerSecond: { warn: 10, crit: 50 },
  conntrackPercent: { warn: 70, crit: 85 },
  bandwidthPerSecond: { warn: 52_428_800, crit: 157_286_400 },
  bandwidthPerSnapshot: { warn: 524_288_000, crit: 2_147_483_648 },
  retransSample: { establishedMin: 20, segmentsPerSecondMin: 60 },
  rules: {},
}

/** The file cannot be used. The message is one line: file, line, key, what is wrong. */
export class ThresholdsError extends Error {
  override readonly name = "ThresholdsError"
}

const limit = v.pipe(
  v.number("is not a number"),
  v.finite("is not a finite number"),
  v.minValue(0, "must not be negative"),
)
const band = v.optional(v.strictObject({ warn: v.optional(limit), crit: v.optional(limit) }))

/** The tables a file may hold. Keys are spelled as in the file. */
const schema = v.strictObject({
  retrans_percent: band,
  drops_per_sec: band,
  conntrack_percent: band,
  bandwidth_per_sec: band,
  bandwidth_per_snapshot: band,
  retrans_sample: v.optional(
    v.strictObject({ min_established: v.optional(limit), min_out_segs_per_sec: v.optional(limit) }),
  ),
  rule: v.optional(v.record(v.string(), v.record(v.string(), v.union([limit, v.boolean()])))),
})

type File = v.InferOutput<typeof schema>
type BandTable = Exclude<keyof File, "retrans_sample" | "rule">

/** Each band's table in the file, its field, and whether 0 and 0 may switch it off. */
const bands = {
  retrans_percent: { field: "retransPercent", mayBeOff: false },
  drops_per_sec: { field: "dropsPerSecond", mayBeOff: false },
  conntrack_percent: { field: "conntrackPercent", mayBeOff: false },
  bandwidth_per_sec: { field: "bandwidthPerSecond", mayBeOff: true },
  bandwidth_per_snapshot: { field: "bandwidthPerSnapshot", mayBeOff: true },
} as const satisfies Record<BandTable, { field: keyof Thresholds; mayBeOff: boolean }>

/** The diagnosis rules by id, with the limits they have built in; a rule without a critical limit has no `crit`. */
export type RuleLimits = Readonly<Record<string, { readonly warn: number; readonly crit?: number }>>

/**
 * Reads a thresholds file over the built-in values. With `ruleLimits` the tables `[rule.ID]` are held to the rules there
 * are. Throws `ThresholdsError`.
 */
export function parseThresholds(text: string, fileName: string, ruleLimits?: RuleLimits): Thresholds {
  const settings = parseSettings(text)
  if ("problem" in settings) throw problemAt(fileName, settings.line, settings.problem)
  const result = v.safeParse(schema, nest(settings, fileName), { abortEarly: true })
  if (!result.success) throw schemaProblem(result.issues[0], settings, fileName)
  const { retrans_sample: sample, rule } = result.output
  const fields = Object.entries(bands).map(([table, { field, mayBeOff }]) => {
    const given = result.output[table as BandTable]
    const { warn = defaultThresholds[field].warn, crit = defaultThresholds[field].crit } = given ?? {}
    checkBand({ warn, crit }, { path: [table], mayBeOff, settings, fileName })
    return [field, { warn, crit }] as const
  })
  for (const [id, { warn, crit }] of Object.entries(rule ?? {})) {
    if (typeof warn === "number" && typeof crit === "number")
      checkBand({ warn, crit }, { path: ["rule", id], mayBeOff: false, settings, fileName })
  }
  if (ruleLimits !== undefined)
    for (const setting of settings)
      if (setting.path[0] === "rule") checkRuleSetting(setting, rule, ruleLimits, fileName)
  return {
    ...defaultThresholds,
    ...(Object.fromEntries(fields) as Pick<Thresholds, (typeof bands)[BandTable]["field"]>),
    retransSample: {
      establishedMin: sample?.min_established ?? defaultThresholds.retransSample.establishedMin,
      segmentsPerSecondMin: sample?.min_out_segs_per_sec ?? defaultThresholds.retransSample.segmentsPerSecondMin,
    },
    rules: rule ?? {},
  }
}

const problemAt = (fileName: string, line: number, problem: string) =>
  new ThresholdsError(`${fileName}, line ${line}: ${printable(problem)}`)

/** The file is text from outside, and its words come back in messages. */
const printable = (text: string) => text.replace(/\p{C}/gu, "\u{fffd}")

/** Names that valibot leaves out of a record without a word. */
const RESERVED: readonly string[] = ["__proto__", "prototype", "constructor"]

/** The settings as tables in tables, without a prototype, so that no key finds anything that was not given. */
function nest(settings: readonly Setting[], fileName: string): object {
  const root: Record<string, unknown> = Object.create(null)
  for (const { path, value, line } of settings) {
    const reserved = path.find((name) => RESERVED.includes(name))
    if (reserved !== undefined) throw problemAt(fileName, line, `unknown key ${path.join(".")}`)
    let table = root
    for (const name of path.slice(0, -1)) {
      table[name] ??= Object.create(null)
      const next = table[name]
      if (typeof next !== "object")
        throw problemAt(fileName, line, `${path.join(".")}: ${name} is a value, not a table`)
      table = next as Record<string, unknown>
    }
    const name = path.at(-1)!
    if (name in table) throw problemAt(fileName, line, `${path.join(".")} was already given`)
    table[name] = value
  }
  return root
}

const SWITCH = "must be true or false"

type Issue = v.InferIssue<typeof schema>

function schemaProblem(issue: Issue, settings: readonly Setting[], fileName: string): ThresholdsError {
  const path = (issue.path ?? []).map((item) => String(item.key))
  const setting = settings.find((candidate) => path.every((name, depth) => candidate.path[depth] === name))
  // valibot expects "never" of a key that a strict table does not have.
  const isUnknown = issue.type === "strict_object" && issue.expected === "never"
  const isSwitch = path[0] === "rule" && path.at(-1) === "enabled"
  const problem = isUnknown
    ? `unknown key ${path.join(".")}`
    : `${(setting?.path ?? path).join(".")} ${isSwitch ? SWITCH : complaint(issue)}`
  return problemAt(fileName, setting?.line ?? 1, problem)
}

/** A limit says what is wrong with it; where a table was expected, or a number in a rule, it is said here. */
function complaint(issue: Issue): string {
  if (issue.type === "strict_object" || issue.type === "record") return "is a table, not a value"
  if (issue.type === "union") return issue.issues?.[0]?.message ?? "is not a number"
  return issue.message
}

/** One line of a table `[rule.ID]`: the rule must be there, the key one of its own, the value one that can judge. */
function checkRuleSetting(
  { path, value, line }: Setting,
  tables: Thresholds["rules"] = {},
  ruleLimits: RuleLimits,
  fileName: string,
): void {
  const [, id = "", key = ""] = path
  const known = Object.hasOwn(ruleLimits, id) ? ruleLimits[id] : undefined
  if (known === undefined) throw problemAt(fileName, line, `unknown rule ${path.join(".")}${meant(id, ruleLimits)}`)
  if (key === "enabled") {
    if (typeof value !== "boolean") throw problemAt(fileName, line, `${path.join(".")} ${SWITCH}`)
    return
  }
  const builtIn = key === "warn" || key === "crit" ? known[key] : undefined
  if (builtIn === undefined)
    throw problemAt(fileName, line, `unknown key ${path.join(".")}; there are ${keysOf(known)}`)
  if (typeof value !== "number") throw problemAt(fileName, line, `${path.join(".")} is not a number`)
  if (value <= 0)
    throw problemAt(fileName, line, `${path.join(".")} must be above 0; enabled = false switches a rule off`)
  const { warn = known.warn, crit = known.crit } = tables[id] ?? {}
  if (typeof warn === "number" && typeof crit === "number" && warn > crit)
    throw problemAt(fileName, line, `${path.join(".")}: rule.${id} has warn ${warn} above crit ${crit}`)
}

const keysOf = ({ crit }: { readonly crit?: number }) => (crit === undefined ? "warn, enabled" : "warn, crit, enabled")

function meant(id: string, ruleLimits: RuleLimits): string {
  const start = Object.keys(ruleLimits).find((known) => known.startsWith(id.slice(0, 6)) && id.length >= 6)
  return start === undefined ? "; docs/diagnosis.md lists them" : `; did you mean ${start}?`
}

interface BandPlace {
  readonly path: readonly string[]
  readonly mayBeOff: boolean
  readonly settings: readonly Setting[]
  readonly fileName: string
}

function checkBand({ warn, crit }: Band, { path, mayBeOff, settings, fileName }: BandPlace): void {
  const given = settings.filter((setting) => path.every((name, depth) => setting.path[depth] === name))
  const last = given.at(-1)
  // Only what the file says can be wrong; the line is that of the limit given last.
  if (last === undefined) return
  const name = path.join(".")
  if (warn > crit) {
    const other = given.length > 1 ? "" : ` (a limit that is not given keeps its built-in value)`
    throw problemAt(fileName, last.line, `${last.path.join(".")}: ${name} has warn ${warn} above crit ${crit}${other}`)
  }
  if (crit === 0 && !mayBeOff)
    throw problemAt(fileName, last.line, `${last.path.join(".")}: ${name} with 0 and 0 would judge nothing`)
}
