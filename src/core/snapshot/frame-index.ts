/**
 * The index of a compressed day: a line for each frame, so that a reader finds a time without unpacking the day.
 *
 * `{"offset":0,"length":88123,"raw_length":1048112,"lines":31,"first_ms":…,"last_ms":…}`
 */
import * as v from "valibot"

/** Bytes of lines in one frame; the last line is kept whole. */
export const FRAME_BYTES = 1 << 20

const whole = v.pipe(v.number(), v.integer(), v.minValue(0))
const frameSchema = v.looseObject({
  /** In the compressed file. */
  offset: whole,
  length: whole,
  raw_length: whole,
  lines: whole,
  /** The earliest and the latest `captured_at`; absent in a frame without one. */
  first_ms: v.optional(v.number()),
  last_ms: v.optional(v.number()),
})

export type Frame = v.InferOutput<typeof frameSchema>

export const writeFrameIndex = (frames: readonly Frame[]): string =>
  frames.map((frame) => `${JSON.stringify(frame)}\n`).join("")

/** Nothing when it is not what it should be, or the frames do not stand one behind the other: then it is no use. */
export function readFrameIndex(text: string): readonly Frame[] | undefined {
  const frames: Frame[] = []
  let end = 0
  for (const line of text.split("\n")) {
    if (line === "") continue
    try {
      const frame = v.parse(frameSchema, JSON.parse(line))
      if (frame.offset !== end) return undefined
      end += frame.length
      frames.push(frame)
    } catch {
      return undefined
    }
  }
  return frames
}

const NEWLINE = 10
const CAPTURED_AT = /"captured_at":"([^"]{10,40})"/g

/** How many lines a piece of a segment has, and of which times. The time is looked for, not parsed: a day is large. */
export function measureFrame(raw: Uint8Array): Pick<Frame, "lines" | "first_ms" | "last_ms"> {
  let lines = 0
  for (let at = raw.indexOf(NEWLINE); at >= 0; at = raw.indexOf(NEWLINE, at + 1)) lines++
  if (raw.length > 0 && raw.at(-1) !== NEWLINE) lines++
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (const [, text] of new TextDecoder().decode(raw).matchAll(CAPTURED_AT)) {
    const at = Date.parse(text!)
    if (Number.isNaN(at)) continue
    first = Math.min(first, at)
    last = Math.max(last, at)
  }
  return { lines, ...(last < first ? {} : { first_ms: first, last_ms: last }) }
}
