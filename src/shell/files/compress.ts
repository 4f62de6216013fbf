/**
 * Closed days as zstd: independent frames of about a megabyte, with an index beside them. `zstdcat` reads the day.
 *
 * The plain file goes only when the compressed one is on the disk under its name. A day may get lines again when the
 * clock was set back: these become further frames. A crash in between leaves both files, and the next time the lines
 * that both hold are taken once.
 */
import { closeSync, constants, fstatSync, fsyncSync, readSync, renameSync, unlinkSync, writeSync } from "node:fs"
import { measureLine } from "../../core/history/line-facts.ts"
import { addLine, createLineIndex } from "../../core/history/line-index.ts"
import { eachLine } from "../../core/history/lines.ts"
import { writeSideIndex } from "../../core/history/side-index.ts"
import {
  FRAME_BYTES,
  type Frame,
  measureFrame,
  readFrameIndex,
  writeFrameIndex,
} from "../../core/snapshot/frame-index.ts"
import type { Day } from "../../core/snapshot/local-day.ts"
import { segmentName } from "../../core/snapshot/segments.ts"
import type { DataFolder } from "./data-folder.ts"
import { healTail } from "./torn-tail.ts"

const { O_RDONLY, O_RDWR, O_APPEND, O_CREAT, O_TRUNC } = constants
const NEWLINE = 10
/** A line of more than this is cut into frames like everything else. */
const READ_BYTES = FRAME_BYTES + (1 << 16)

export interface CompressOptions {
  /** Between two frames; false ends the work, which begins anew another time. */
  readonly goOn: () => Promise<boolean>
}

/** What a compression that was cut short leaves behind. */
export const isDraft = (name: string): boolean => /^connections-\d{8}\.jsonl\.(?:zst|idx|lines)\.tmp$/.test(name)

/** True when the day is compressed; false when it was told to stop. Throws the system's error. */
export async function compressDay(folder: DataFolder, day: Day, { goOn }: CompressOptions): Promise<boolean> {
  const names = {
    plain: segmentName(day, "plain"),
    compressed: segmentName(day, "compressed"),
    index: segmentName(day, "index"),
  }
  const plain = folder.openFile(names.plain, O_RDWR | O_APPEND)
  let draft: number | undefined
  try {
    // Half a line at its end would be glued to the first line of a later frame.
    const { size } = healTail(plain)
    draft = folder.openFile(`${names.compressed}.tmp`, O_RDWR | O_CREAT | O_TRUNC)
    const frames: Frame[] = []
    let offset = 0
    const lines = new LineCollector()
    const addFrame = (raw: Uint8Array<ArrayBuffer>) => {
      const packed = Bun.zstdCompressSync(raw)
      writeAll(draft!, packed)
      frames.push({ offset, length: packed.length, raw_length: raw.length, ...measureFrame(raw) })
      offset += packed.length
      lines.add(raw)
    }

    // Frames that are there already are taken over. When a crash came between naming them and deleting the plain file,
    // both hold the same lines: these are not taken twice.
    const known = new Set<number | bigint>()
    for (const frame of readFrames(folder, day)) {
      if (!(await goOn())) return false
      addFrame(frame)
      for (const line of linesOf(frame)) known.add(Bun.hash(line))
    }
    for (let at = 0; at < size; ) {
      if (!(await goOn())) return false
      const raw = readPiece(plain, at, size)
      at += raw.length
      const fresh = known.size === 0 ? raw : without(raw, known)
      if (fresh.length > 0) addFrame(fresh)
    }
    fsyncSync(draft)
    writeIndex(folder, names.index, frames)
    renameSync(folder.at(`${names.compressed}.tmp`), folder.at(names.compressed))
    lines.write(folder, day)
    folder.sync()
    // Lines that came while we worked stay for the next time.
    if (fstatSync(plain).size === size) unlinkSync(folder.at(names.plain))
    folder.sync()
    return true
  } finally {
    closeSync(plain)
    if (draft !== undefined) closeSync(draft)
  }
}

/** What replay would find out by unpacking the day again: where its lines stand, and what is in them. */
class LineCollector {
  private readonly index = createLineIndex()
  private length = 0
  /** A line goes over the edge of a frame: then replay finds out by itself. */
  private isBroken = false

  add(raw: Uint8Array<ArrayBuffer>): void {
    const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.length)
    const end = eachLine(bytes, 0, bytes.length, (start, stop) =>
      addLine(this.index, this.length + start, stop - start, measureLine(bytes, start, stop)),
    )
    if (end !== bytes.length) this.isBroken = true
    this.length += bytes.length
  }

  write(folder: DataFolder, day: Day): void {
    if (this.isBroken) return
    const { size, mtimeMs } = folder.stats(segmentName(day, "compressed"))!
    writeSmall(folder, segmentName(day, "lines"), writeSideIndex(this.index, { size, modifiedMs: Math.floor(mtimeMs) }))
  }
}

const writeIndex = (folder: DataFolder, name: string, frames: readonly Frame[]): void =>
  writeSmall(folder, name, Buffer.from(writeFrameIndex(frames)))

function writeSmall(folder: DataFolder, name: string, content: Uint8Array): void {
  const fd = folder.openFile(`${name}.tmp`, O_RDWR | O_CREAT | O_TRUNC)
  try {
    writeAll(fd, content)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(folder.at(`${name}.tmp`), folder.at(name))
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
}

/** About a megabyte that ends with a line. */
function readPiece(fd: number, at: number, size: number): Uint8Array<ArrayBuffer> {
  const buffer = new Uint8Array(new ArrayBuffer(Math.min(READ_BYTES, size - at)))
  const got = readSync(fd, buffer, 0, buffer.length, at)
  if (at + got >= size && got <= FRAME_BYTES) return buffer.subarray(0, got)
  const newline = buffer.lastIndexOf(NEWLINE, Math.min(got, FRAME_BYTES) - 1)
  const end = newline >= 0 ? newline + 1 : buffer.indexOf(NEWLINE) + 1
  return buffer.subarray(0, end > 0 ? end : got)
}

/** Each line with its line feed. */
function* linesOf(raw: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < raw.length; ) {
    const newline = raw.indexOf(NEWLINE, at)
    const end = newline < 0 ? raw.length : newline + 1
    yield raw.subarray(at, end)
    at = end
  }
}

/** The lines that are not known, in their order. */
const without = (raw: Uint8Array<ArrayBuffer>, known: ReadonlySet<number | bigint>): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.concat([...linesOf(raw)].filter((line) => !known.has(Bun.hash(line)))))

/** The lines of a compressed day, a frame at a time; none when there is no such day. */
export function* readFrames(folder: DataFolder, day: Day): Generator<Uint8Array<ArrayBuffer>> {
  const name = segmentName(day, "compressed")
  if (folder.stats(name) === undefined) return
  const fd = folder.openFile(name, O_RDONLY)
  try {
    const { size } = fstatSync(fd)
    const frames = readIndex(folder, day)
    const last = frames?.at(-1)
    if (frames !== undefined && (last?.offset ?? 0) + (last?.length ?? 0) === size) {
      for (const { offset, length } of frames) yield unpack(readAt(fd, offset, length))
      return
    }
    // The index is gone or of another file. The frames can still be read, all at once.
    yield unpack(readAt(fd, 0, size))
  } finally {
    closeSync(fd)
  }
}

function readIndex(folder: DataFolder, day: Day): readonly Frame[] | undefined {
  const name = segmentName(day, "index")
  if (folder.stats(name) === undefined) return undefined
  const fd = folder.openFile(name, O_RDONLY)
  try {
    return readFrameIndex(Buffer.from(readAt(fd, 0, fstatSync(fd).size)).toString("utf8"))
  } finally {
    closeSync(fd)
  }
}

function readAt(fd: number, offset: number, length: number): Uint8Array<ArrayBuffer> {
  const buffer = new Uint8Array(new ArrayBuffer(length))
  for (let at = 0; at < length; ) {
    const got = readSync(fd, buffer, at, length - at, offset + at)
    if (got === 0) return buffer.subarray(0, at)
    at += got
  }
  return buffer
}

const unpack = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
  const raw = Bun.zstdDecompressSync(bytes)
  return new Uint8Array(raw.buffer as ArrayBuffer, raw.byteOffset, raw.length)
}
