/** Snapshot lines back to values. A line that cannot be used is skipped and counted; it never stops a reading. */
import * as v from "valibot"
import { lineSchema, type SnapshotLine } from "./schema.ts"

/** Nothing when it is no snapshot: torn, of another format, or of no time. */
export function readSnapshotLine(text: string): SnapshotLine | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const result = v.safeParse(lineSchema, value, { abortEarly: true })
  return result.success ? result.output : undefined
}

export interface Snapshots {
  readonly lines: readonly SnapshotLine[]
  readonly skipped: number
}

/** Every line of a text; blank ones do not count. */
export function readSnapshots(text: string): Snapshots {
  const lines: SnapshotLine[] = []
  let skipped = 0
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue
    const snapshot = readSnapshotLine(line)
    if (snapshot === undefined) skipped++
    else lines.push(snapshot)
  }
  return { lines, skipped }
}
