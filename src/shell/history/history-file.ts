/** One file of the history: opened once, indexed piece by piece, followed as it grows. */
import { closeSync, fstatSync, type Stats, statSync } from "node:fs"
import { measureLine, readLineBytes } from "../../core/history/line-facts.ts"
import { addLine, createLineIndex, type LineIndex } from "../../core/history/line-index.ts"
import { LINE_BYTES_MAX } from "../../core/history/lines.ts"
import { type FileMark, readSideIndex, writeSideIndex } from "../../core/history/side-index.ts"
import type { Day } from "../../core/snapshot/local-day.ts"
import type { SnapshotLine } from "../../core/snapshot/schema.ts"
import { readRest, readTail, scanLines } from "./scan.ts"
import { openRegular, type TextFile, textFileOf } from "./text-file.ts"

export interface FileAsk {
  /** Names it among the files that were opened. */
  readonly number: number
  readonly path: string
  /** Absent: it is not of one day. */
  readonly day?: Day
  readonly isCompressed: boolean
  /** Nobody writes to it any more: what is torn at its end stays so. */
  readonly isClosed: boolean
  /** Where its index may stand, and who writes it there. */
  readonly side?: SideFile
  readonly readFrameIndex?: () => string | undefined
  /** Opened already: the standard input that was kept. */
  readonly fd?: number
}

export interface SideFile {
  read(): Uint8Array | undefined
  /** Does nothing where it may not be written. */
  write(content: Uint8Array): void
}

export class HistoryFile {
  readonly number: number
  readonly path: string
  readonly day: Day | undefined
  readonly isCompressed: boolean
  index: LineIndex = createLineIndex()
  private readonly fd: number
  private readonly text: TextFile
  private readonly identity: Pick<Stats, "dev" | "ino">
  /** Lines before here are in the index. */
  private indexedTo = 0
  private scan: Generator<number, number> | undefined
  private isTorn = false
  /** The whole of it was gone through once. */
  isIndexed = false

  /** Throws the system's error, or a `Failure`. */
  constructor(private readonly ask: FileAsk) {
    this.number = ask.number
    this.path = ask.path
    this.day = ask.day
    this.isCompressed = ask.isCompressed
    this.fd = ask.fd ?? openRegular(ask.path)
    try {
      this.identity = fstatSync(this.fd)
      this.text = textFileOf(this.fd, ask.path, ask.readFrameIndex)
    } catch (error) {
      closeSync(this.fd)
      throw error
    }
  }

  /** The index beside the file, where there is one of it. */
  private takeSide(): boolean {
    const side = this.ask.side?.read()
    const known = side === undefined ? undefined : readSideIndex(side, this.mark())
    if (known === undefined) return false
    this.index = known
    this.indexedTo = this.text.size()
    this.isIndexed = true
    return true
  }

  get corrupt(): number {
    return this.index.corrupt + (this.isTorn ? 1 : 0)
  }

  /** The part of it that is in the index, 0 to 1. Of a file that was not begun nothing is asked: there may be many. */
  get progress(): number {
    if (this.isIndexed) return 1
    return this.indexedTo === 0 ? 0 : Math.min(1, this.indexedTo / Math.max(1, this.text.size()))
  }

  /** Bytes on the disk. */
  get diskBytes(): number {
    return fstatSync(this.fd).size
  }

  private mark(): FileMark {
    const { size, mtimeMs } = fstatSync(this.fd)
    return { size, modifiedMs: Math.floor(mtimeMs) }
  }

  /** Indexes a piece more. True when the end was reached. Throws the system's error. */
  indexMore(): boolean {
    if (this.indexedTo === 0 && this.scan === undefined && this.takeSide()) return true
    this.scan ??= scanLines(this.text, this.indexedTo, {
      line: (bytes, start, end, offset) => addLine(this.index, offset, end - start, measureLine(bytes, start, end)),
      tooLong: () => addLine(this.index, 0, 0, undefined),
    })
    const step = this.scan.next()
    this.indexedTo = step.value
    if (step.done !== true) return false
    this.scan = undefined
    this.takeRest()
    const isFirst = !this.isIndexed
    this.isIndexed = true
    if (isFirst && this.ask.isClosed) this.ask.side?.write(writeSideIndex(this.index, this.mark()))
    return true
  }

  /** A last line without a line feed: good when it is whole, torn when nobody will end it. */
  private takeRest(): void {
    this.isTorn = false
    const left = this.text.size() - this.indexedTo
    if (left <= 0) return
    const rest = readRest(this.text, this.indexedTo)
    const facts = rest === undefined ? undefined : measureLine(rest, 0, rest.length)
    if (facts !== undefined && rest !== undefined && readLineBytes(rest) !== undefined) {
      addLine(this.index, this.indexedTo, rest.length, facts)
      this.indexedTo += rest.length
    } else this.isTorn = this.ask.isClosed && (rest !== undefined || left > LINE_BYTES_MAX)
  }

  /** The times of its first and its last line; nothing when it has none, or they are too far inside it. */
  endTimes(): readonly [number, number] | undefined {
    let first: number | undefined
    const scan = scanLines(this.text, 0, {
      line: (bytes, start, end) => {
        first ??= measureLine(bytes, start, end)?.at
      },
      tooLong: () => {},
    })
    scan.next()
    const tail = readTail(this.text)
    const last = tail === undefined ? undefined : measureLine(tail, 0, tail.length)?.at
    return first === undefined || last === undefined ? undefined : [first, last]
  }

  /** Looks whether there is more to index. True when what was indexed is no longer so, or grew. */
  follow(): "same" | "grown" | "replaced" {
    if (!this.isIndexed) return "same"
    const size = this.text.size()
    if (size < this.indexedTo) {
      this.index = createLineIndex()
      this.indexedTo = 0
      this.scan = undefined
      this.isIndexed = false
      return "replaced"
    }
    return size > this.indexedTo ? "grown" : "same"
  }

  /** What the path means now: this file, another one, or none. */
  place(): "here" | "another" | "gone" {
    if (this.ask.fd !== undefined) return "here"
    const stats = statSync(this.path, { throwIfNoEntry: false })
    if (stats === undefined) return "gone"
    return stats.ino === this.identity.ino && stats.dev === this.identity.dev ? "here" : "another"
  }

  /** The line at a place of the index; nothing when there is no snapshot any more. Throws the system's error. */
  read(offset: number, bytes: number): SnapshotLine | undefined {
    const line = this.readBytes(offset, bytes)
    return line === undefined ? undefined : readLineBytes(line)
  }

  readBytes(offset: number, bytes: number): Buffer | undefined {
    const buffer = Buffer.allocUnsafeSlow(bytes)
    return this.readInto(buffer, offset) === bytes ? buffer : undefined
  }

  readInto(target: Buffer, offset: number): number {
    return this.text.readInto(target, offset)
  }

  /** Takes a line out that turned out to be none. */
  drop(offset: number): void {
    const { lines } = this.index
    const row = lines.offset.subarray(0, lines.length).indexOf(offset)
    if (row < 0) return
    for (const column of Object.values(lines))
      if (typeof column !== "number") column.copyWithin(row, row + 1, lines.length)
    lines.length--
    this.index.corrupt++
  }

  close(): void {
    this.text.close()
  }
}
