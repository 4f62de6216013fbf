/**
 * What the daemon is told: flags win over `daemon.json`, which wins over what is built in.
 *
 * The file knows every setting by the name of its flag, without the dashes.
 */
import { type Flag, type FlagId, type FlagValues, flags, readFlag } from "./flags.ts"
import { parseJsonObject } from "./json-object.ts"

export interface DaemonSettings {
  /** As it was written; absent: the default of this user. */
  readonly dataDir?: string
  /** A label: the rows are those of the whole host. Absent: the interface that leads out. */
  readonly interface?: string
  readonly interval: number
  readonly topLimit: number
  readonly retentionHours: number
  /** Bytes. */
  readonly maxSize?: number
  readonly minFree?: number
  readonly isCompressing: boolean
  readonly logFile?: string
}

/** Flags as they were typed; absent when they were not. */
export type TypedSettings = Partial<
  FlagValues<"dataDir" | "interface" | "interval" | "topLimit" | "retentionHours" | "maxSize" | "minFree" | "logFile">
> & { readonly compress?: "on" | "off" }

/** What `daemon.json` says. */
export type FileSettings = Omit<TypedSettings, "compress"> & { readonly compress?: boolean }

/** A `daemon.json` that cannot be used. The message names the file, the line and the key. */
export class DaemonFileError extends Error {
  override readonly name = "DaemonFileError"
}

/** Every key of the file, and the flag whose values it takes. */
export const fileKeys = {
  "data-dir": "dataDir",
  interface: "interface",
  interval: "interval",
  "top-limit": "topLimit",
  "retention-hours": "retentionHours",
  "max-size": "maxSize",
  "min-free": "minFree",
  "log-file": "logFile",
  compress: "compress",
} as const satisfies Record<string, FlagId>

/** Reads the text of the file `path`. Throws `DaemonFileError`. */
export function parseDaemonFile(text: string, path: string): FileSettings {
  const members = parseJsonObject(text)
  if ("problem" in members) throw new DaemonFileError(`${path}:${members.line}: ${members.problem}`)
  const settings: Record<string, unknown> = {}
  for (const [key, { value, line }] of members) {
    const where = `${path}:${line}: `
    const id = Object.hasOwn(fileKeys, key) ? fileKeys[key as keyof typeof fileKeys] : undefined
    if (id === undefined)
      throw new DaemonFileError(
        `${where}unknown key ${JSON.stringify(key)}; there are ${Object.keys(fileKeys).join(", ")}`,
      )
    // As if it did not stand there.
    if (value === null) continue
    const reading = readSetting(id, value)
    if (!reading.ok) throw new DaemonFileError(`${where}${key} ${reading.expected}, not ${JSON.stringify(value)}`)
    if (reading.value !== undefined) settings[id] = reading.value
  }
  return settings
}

type SettingReading =
  | { readonly ok: true; readonly value: string | number | boolean | undefined }
  | { readonly ok: false; readonly expected: string }

function readSetting(id: FlagId, value: unknown): SettingReading {
  if (id === "compress")
    return typeof value === "boolean" ? { ok: true, value } : { ok: false, expected: "takes true or false" }
  const flag: Flag = flags[id]
  if (flag.type === "integer")
    return typeof value === "number"
      ? readFlag(flag, String(value))
      : { ok: false, expected: `takes a whole number from ${flag.min} to ${flag.max}` }
  if (flag.type === "size" && typeof value === "number") return readFlag(flag, String(value))
  if (typeof value !== "string") return { ok: false, expected: "takes a text" }
  // A blank interface is the one that leads out.
  if (id === "interface" && value.trim() === "") return { ok: true, value: undefined }
  return readFlag(flag, value.trim())
}

export const resolveSettings = (typed: TypedSettings, file: FileSettings): DaemonSettings => {
  const given = { ...file, ...typed }
  return {
    ...pick(given, ["dataDir", "interface", "maxSize", "minFree", "logFile"]),
    interval: given.interval ?? flags.interval.default,
    topLimit: given.topLimit ?? flags.topLimit.default,
    retentionHours: given.retentionHours ?? flags.retentionHours.default,
    isCompressing: typed.compress === undefined ? (file.compress ?? true) : typed.compress === "on",
  }
}

const pick = <T extends object, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> =>
  Object.fromEntries(keys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]]))) as Pick<T, K>
