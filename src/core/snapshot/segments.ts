/** Names of the files of the history: one day a file, plain while it is written and compressed when it is over. */
import { type Day, isDay } from "./local-day.ts"

export type SegmentKind =
  /** Lines, as they are written. */
  | "plain"
  /** The same lines as zstd frames. */
  | "compressed"
  /** Where the frames begin and which times they hold. */
  | "index"
  /** Where the lines begin, of which times they are and what was wrong: for replay, which can do without. */
  | "lines"

export interface SegmentName {
  readonly name: string
  readonly day: Day
  readonly kind: SegmentKind
}

const endings = { plain: ".jsonl", compressed: ".jsonl.zst", index: ".jsonl.idx", lines: ".jsonl.lines" } as const

export const segmentName = (day: Day, kind: SegmentKind): string => `connections-${day}${endings[kind]}`

/** What a file name means, or nothing when it is none of ours. */
export function parseSegmentName(name: string): SegmentName | undefined {
  const [, day, ending] = /^connections-(\d{8})(\.jsonl(?:\.zst|\.idx|\.lines)?)$/.exec(name) ?? []
  if (day === undefined || !isDay(day)) return undefined
  const kind = (Object.keys(endings) as SegmentKind[]).find((key) => endings[key] === ending)!
  return { name, day, kind }
}

/** Segments among `names`, by day, then a plain one before what belongs to it. */
export function segmentsOf(names: readonly string[]): readonly SegmentName[] {
  return names
    .flatMap((name) => parseSegmentName(name) ?? [])
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** Plain segments of days before `today`: what may be compressed. */
export const closedSegments = (names: readonly string[], today: Day): readonly SegmentName[] =>
  segmentsOf(names).filter(({ day, kind }) => kind === "plain" && day < today)
