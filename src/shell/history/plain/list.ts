/** `replay --list`: which days there are, and what is in them. */
import { statSync } from "node:fs"
import { basename } from "node:path"
import { type DaySummary, dayJson, dayTable } from "../../../core/history/day-table.ts"
import { episodesOf, gapsOf, type Span } from "../../../core/history/summary.ts"
import { mayHold, type Window } from "../../../core/history/window.ts"
import { type Frame, readFrameIndex } from "../../../core/snapshot/frame-index.ts"
import { type Day, dayEnd, dayStart, localDay } from "../../../core/snapshot/local-day.ts"
import { type SegmentName, segmentName } from "../../../core/snapshot/segments.ts"
import { json } from "../../../core/text/json.ts"
import { harmless } from "../../../core/text/width.ts"
import type { ReplayRequest } from "../../cli.ts"
import { hostZone } from "../../daemon/caller.ts"
import { complain, print } from "../../plain/output.ts"
import { readText } from "../../text-file.ts"
import { choosePlace, chooseWindow } from "../choose.ts"
import { History } from "../history.ts"
import { type HistoryPlace, placeName, segmentsIn } from "../place.ts"

type ListRequest = Extract<ReplayRequest, { kind: "replay-list" }>

/** Throws a `Failure` when there is nothing to look into. */
export async function printDays(asked: ListRequest): Promise<void> {
  const { place, notes } = await choosePlace(asked)
  const isAll = asked.begin === undefined && asked.end === undefined && asked.since === undefined
  const window = isAll ? {} : chooseWindow(asked, place, Date.now())
  const days = place.kind === "folder" ? await folderDays(place.path, window) : fileDays(place, window)
  if (asked.json) {
    await print([json({ data_dir: placeName(place), days: days.map((day) => dayJson(day, hostZone)) }), "\n"])
  } else if (days.length === 0) {
    await print([
      `No day of ${harmless(placeName(place))} is in the window. sudo holyf-network daemon start keeps a history.\n`,
    ])
  } else {
    await print([`${harmless(placeName(place))}\n`, ...dayTable(days, hostZone).map((line) => `${line}\n`)])
  }
  const problems = days.flatMap((day) => day.problems)
  for (const note of [...notes, ...(asked.json ? [] : problems)]) await complain(`note: ${note}`)
}

async function folderDays(folder: string, window: Window): Promise<readonly DaySummary[]> {
  const byDay = Map.groupBy(segmentsIn(folder), ({ day }) => day)
  const days: DaySummary[] = []
  for (const [day, segments] of byDay) {
    if (!mayHold(day, window, hostZone)) continue
    const summary = framesSummary(folder, day, segments) ?? linesSummary(folder, day, segments, window)
    if (summary.snapshots > 0 || summary.problems.length > 0 || window.from === undefined) days.push(summary)
    await Bun.sleep(0)
  }
  return days
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

/**
 * A compressed day whose lines nobody has gone through yet: as its frames tell. To unpack a day takes half a second, and
 * there may be thirty.
 */
function framesSummary(folder: string, day: Day, segments: readonly SegmentName[]): DaySummary | undefined {
  const [segment] = segments
  if (segments.length !== 1 || segment?.kind !== "compressed") return undefined
  if (statSync(`${folder}/${segmentName(day, "lines")}`, { throwIfNoEntry: false }) !== undefined) return undefined
  const frames = readFrames(`${folder}/${segmentName(day, "index")}`)
  if (frames === undefined) return undefined
  const timed = frames.flatMap(({ first_ms, last_ms, lines }) =>
    first_ms === undefined || last_ms === undefined ? [] : [{ from: first_ms, to: last_ms, lines }],
  )
  return {
    day,
    files: [segment.name],
    bytes: sizeOf(`${folder}/${segment.name}`),
    snapshots: frames.reduce((sum, { lines }) => sum + lines, 0),
    ...(timed.length === 0 ? {} : { firstMs: timed[0]!.from, lastMs: timed.at(-1)!.to }),
    gaps: frameGaps(timed),
    problems: [],
  }
}

function readFrames(path: string): readonly Frame[] | undefined {
  try {
    return readFrameIndex(readText(path).text)
  } catch {
    return undefined
  }
}

/** Between frames; what is missing inside one makes its lines stand further apart than the others'. */
function frameGaps(frames: readonly (Span & { readonly lines: number })[]): readonly Span[] {
  const steps = frames.filter(({ lines }) => lines > 1).map(({ from, to, lines }) => (to - from) / (lines - 1))
  const usual = steps.sort((a, b) => a - b)[steps.length >> 1] ?? 0
  if (usual === 0) return []
  return frames.flatMap((frame, i) => {
    const before = frames[i - 1]
    const between =
      before !== undefined && frame.from - before.to > usual * 2.5 ? [{ from: before.to, to: frame.from }] : []
    const missing = frame.to - frame.from - usual * (frame.lines - 1)
    // Where in the frame it is cannot be told without unpacking it: its length can.
    return missing > usual * 1.5 ? [...between, { from: frame.to - missing, to: frame.to }] : between
  })
}

function linesSummary(folder: string, day: Day, segments: readonly SegmentName[], window: Window): DaySummary {
  const ofDay = { from: dayStart(day, hostZone), to: dayEnd(day, hostZone) - 1 }
  const part = { from: Math.max(ofDay.from, window.from ?? 0), to: Math.min(ofDay.to, window.to ?? Infinity) }
  const history = new History({ kind: "folder", path: folder }, part, {
    zone: hostZone,
    now: Date.now,
    // A file holds the lines of its own day; the neighbours are counted in their own rows.
    only: new Set(segments.map(({ name }) => name)),
  })
  try {
    return summaryOf(
      history,
      day,
      segments.map(({ name }) => name),
      segments.reduce((sum, { name }) => sum + sizeOf(`${folder}/${name}`), 0),
    )
  } finally {
    history.close()
  }
}

function fileDays(place: HistoryPlace, window: Window): readonly DaySummary[] {
  const history = new History(place, window, { zone: hostZone, now: Date.now })
  try {
    while (history.indexMore(1_000));
    const { index } = history.view()
    const first = index.length === 0 ? Date.now() : index.lines.at[0]!
    const size = history.openedFiles[0]?.diskBytes ?? 0
    return [summaryOf(history, localDay(first, hostZone), [basename(placeName(place))], size)]
  } finally {
    history.close()
  }
}

function summaryOf(history: History, day: Day, files: readonly string[], bytes: number): DaySummary {
  while (history.indexMore(1_000));
  const { index, corrupt, problems } = history.view()
  return {
    day,
    files,
    bytes,
    snapshots: index.length,
    ...(index.length === 0 ? {} : { firstMs: index.lines.at[0]!, lastMs: index.lines.at[index.length - 1]! }),
    gaps: gapsOf(index),
    findings: episodesOf(index),
    corrupt,
    problems,
  }
}
