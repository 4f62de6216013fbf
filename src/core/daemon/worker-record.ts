/**
 * What a worker says about itself: who it is, where it writes, and how it goes.
 *
 * The record stands inside the locked file, so that it cannot speak for anybody but the holder of the lock. The state
 * file holds its first part, for whoever does not know the data directory.
 */
import * as v from "valibot"

const whole = v.pipe(v.number(), v.integer())

const identity = {
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  data_dir: v.string(),
  pid_file: v.string(),
  log_file: v.optional(v.string()),
  lock_file: v.string(),
  retention_hours: v.optional(whole),
  started_at: v.string(),
  /** Field 22 of /proc/PID/stat. Files of older programs have neither of the two, and then match nobody. */
  process_start: v.optional(whole),
  boot_id: v.optional(v.string()),
}

const stateSchema = v.object(identity)

const recordSchema = v.object({
  ...identity,
  state_file: v.optional(v.string()),
  version: v.optional(v.string()),
  interface: v.optional(v.string()),
  interval: v.optional(whole),
  /** The interval in force, when it had to be stretched. */
  stretched_interval: v.optional(whole),
  top_limit: v.optional(whole),
  /** The flags it was started with, for `restart`. */
  arguments: v.optional(v.array(v.string())),
  last_snapshot_at: v.optional(v.string()),
  lines: v.optional(whole),
  lost_lines: v.optional(whole),
  missed_ticks: v.optional(whole),
  /** What is wrong now; empty when all is well. */
  errors: v.optional(v.array(v.string())),
  /** Sources of a look that cannot be read on this host, or not by this user. */
  missing: v.optional(v.array(v.string())),
  ended_at: v.optional(v.string()),
  /** True when a service manager started it, and should be asked to stop it. */
  is_service: v.optional(v.boolean()),
})

export type ActiveState = v.InferOutput<typeof stateSchema>
export type WorkerRecord = v.InferOutput<typeof recordSchema>

/** The record is written over itself, so that it needs no new space on a full disk. */
export const RECORD_BYTES = 8192
const ERROR_COUNT_MAX = 8
const ERROR_LENGTH_MAX = 300

/** Exactly `RECORD_BYTES` long: what is too much is left out, from the least needed on. */
export function writeRecord(record: WorkerRecord): Uint8Array {
  const short = (texts: readonly string[] = []) =>
    texts.slice(0, ERROR_COUNT_MAX).map((text) => text.slice(0, ERROR_LENGTH_MAX))
  const { arguments: _, missing: _missing, ...lean } = record
  const encode = (value: object) => new TextEncoder().encode(JSON.stringify(value))
  const full = { ...record, errors: short(record.errors), missing: short(record.missing) }
  const bytes = [full, { ...lean, errors: [] }].map(encode).find(({ length }) => length < RECORD_BYTES)
  if (bytes === undefined) throw new RangeError(`a worker record of more than ${RECORD_BYTES} bytes`)
  const out = new Uint8Array(RECORD_BYTES).fill(0x20)
  out.set(bytes)
  out[RECORD_BYTES - 1] = 0x0a
  return out
}

/** Nothing when the text is no record: torn, empty, or of somebody else. */
export const parseRecord = (text: string): WorkerRecord | undefined => parse(recordSchema, text)
export const parseActiveState = (text: string): ActiveState | undefined => parse(stateSchema, text)

export const writeActiveState = (record: WorkerRecord): string => `${JSON.stringify(v.parse(stateSchema, record))}\n`

function parse<T extends v.GenericSchema>(schema: T, text: string): v.InferOutput<T> | undefined {
  try {
    const result = v.safeParse(schema, JSON.parse(text))
    return result.success ? result.output : undefined
  } catch {
    return undefined
  }
}

/** What is known of a data directory and the process that its record names. */
export interface Evidence {
  readonly isLockHeld: boolean
  readonly record?: ActiveState | undefined
  /** The process that has the record's pid now. */
  readonly found?: { readonly startTime: number; readonly hasEnded: boolean } | undefined
  readonly bootId: string | undefined
}

export type Verdict =
  | "stopped"
  | "running"
  /** Somebody holds the lock, and the record does not say who: nobody may be signalled. */
  | "unknown holder"

/** A worker runs when all agree: the lock is held, and pid, start time and boot are those of the record. */
export function judgeWorker({ isLockHeld, record, found, bootId }: Evidence): Verdict {
  if (!isLockHeld) return "stopped"
  return record !== undefined && isSameProcess(record, found, bootId) ? "running" : "unknown holder"
}

export const isSameProcess = (record: ActiveState, found: Evidence["found"], bootId: string | undefined): boolean =>
  found !== undefined &&
  !found.hasEnded &&
  found.startTime === record.process_start &&
  bootId !== undefined &&
  bootId === record.boot_id
