/** `replay --at`: the last snapshot at or before a time. */
import { keyAt } from "../../../core/history/history-index.ts"
import { lineTable } from "../../../core/history/line-table.ts"
import { maskLine } from "../../../core/history/mask-line.ts"
import { parseTime, wallText } from "../../../core/history/time-grammar.ts"
import { type Day, dayEnd, dayStart } from "../../../core/snapshot/local-day.ts"
import type { SnapshotLine } from "../../../core/snapshot/schema.ts"
import { json } from "../../../core/text/json.ts"
import { timestamp } from "../../../core/text/timestamp.ts"
import { harmless } from "../../../core/text/width.ts"
import type { ReplayRequest } from "../../cli.ts"
import { hostZone } from "../../daemon/caller.ts"
import { usageFailure, worldFailure } from "../../failure.ts"
import { complain, print } from "../../plain/output.ts"
import { choosePlace } from "../choose.ts"
import { History } from "../history.ts"
import { dayOfPlace, type HistoryPlace, placeName, segmentsIn } from "../place.ts"

type AtRequest = Extract<ReplayRequest, { kind: "replay-at" }>

const SECOND_MS = 1_000
const DAY_MS = 86_400_000

/** Throws a `Failure` when there is none. */
export async function printMoment(asked: AtRequest): Promise<void> {
  const { place, notes } = await choosePlace(asked)
  const day = dayOfPlace(place)
  const reading = parseTime(asked.at, {
    now: Date.now(),
    zone: hostZone,
    twice: "later",
    ...(day === undefined ? {} : { day }),
  })
  if (!reading.ok) throw usageFailure(`--at ${JSON.stringify(asked.at.slice(0, 40))}: ${reading.reason}`)
  const { from, to } = reading.time
  // A minute is its first second: what the screen calls 20:10:00 is at 20:10. Of a day the last snapshot is meant.
  const until = to - from < DAY_MS / 2 ? Math.min(to, from + SECOND_MS - 1) : to
  const found = findMoment(place, until)
  const offset = (at: number) => timestamp({ at, offsetMinutes: hostZone(at) })
  const line = asked.sensitiveIp ? maskLine(found.line) : found.line
  if (asked.json)
    await print([
      json({
        asked_at: offset(until),
        source: found.path,
        seconds_before: Math.max(0, until - found.at) / 1000,
        corrupt_lines: found.corrupt,
        snapshot: line,
      }),
      "\n",
    ])
  else await print(lineTable(line, { wallTime: wallText(found.at, hostZone) }).map((text) => `${text}\n`))
  for (const note of [...notes, ...found.problems]) await complain(`note: ${note}`)
}

interface Moment {
  readonly line: SnapshotLine
  readonly at: number
  readonly path: string
  readonly corrupt: number
  readonly problems: readonly string[]
}

/** Day by day backwards, so that no more is gone through than must be. */
function findMoment(place: HistoryPlace, until: number): Moment {
  const days = place.kind === "folder" ? [...new Set(segmentsIn(place.path).map(({ day }) => day))] : []
  const parts = place.kind === "folder" ? partsBackwards(days, until) : [{ to: until }]
  const problems: string[] = []
  for (const part of parts) {
    const history = new History(place, part, { zone: hostZone, now: Date.now })
    try {
      while (history.indexMore(1_000));
      for (;;) {
        const view = history.view()
        const position = view.index.length - 1
        if (position < 0) {
          problems.push(...view.problems)
          break
        }
        const key = keyAt(view.index, position)
        const line = history.read(key, view.index.lines.bytes[position]!)
        // One that turned out to be none is gone from the index now.
        if (line === undefined) continue
        const path = history.openedFiles.find(({ number }) => number === key.file)!.path
        return {
          line,
          at: view.index.lines.at[position]!,
          path,
          corrupt: history.view().corrupt,
          problems: [...problems, ...history.view().problems],
        }
      }
    } finally {
      history.close()
    }
  }
  const where = harmless(placeName(place))
  const [first] = days
  const more = problems.length > 0 ? ` ${problems.join("; ")}` : ""
  if (first === undefined && place.kind === "folder")
    throw worldFailure(`there is no snapshot in ${where}. sudo holyf-network daemon start keeps a history.${more}`)
  throw worldFailure(
    `there is no snapshot at or before ${wallText(until, hostZone)} in ${where}; see: replay --list${more}`,
  )
}

function partsBackwards(days: readonly Day[], until: number) {
  return days
    .filter((day) => dayStart(day, hostZone) <= until)
    .toReversed()
    .map((day) => ({ from: dayStart(day, hostZone), to: Math.min(until, dayEnd(day, hostZone) - 1) }))
}
