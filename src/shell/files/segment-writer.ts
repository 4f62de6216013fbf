/**
 * Appends lines to the segment of a day. A line is in the file as a whole or not at all.
 *
 * Before every line the file is looked at: one that was deleted, moved or cut by somebody else is noticed, and a tail
 * that a crash left is healed without touching a good line.
 */
import { closeSync, constants, fdatasyncSync, fstatSync, ftruncateSync, readSync, writeSync } from "node:fs"
import type { Day } from "../../core/snapshot/local-day.ts"
import { segmentName } from "../../core/snapshot/segments.ts"
import { errorCode } from "../text-file.ts"
import type { DataFolder } from "./data-folder.ts"
import { healTail } from "./torn-tail.ts"

const { O_RDWR, O_APPEND, O_CREAT } = constants
const NEWLINE = 10

/** What somebody else did to the segment. */
export interface Surprise {
  readonly kind: "segment-gone" | "segment-truncated" | "torn-line"
  readonly text: string
  /** Lines, or bytes for a torn line. */
  readonly count: number
}

export type Append = { readonly ok: true } | { readonly ok: false; readonly reason: string }

export interface WriterOptions {
  /** Data reaches the disk at least this often; 0: with every line. */
  readonly syncEveryMs: number
  readonly monotonicMs: () => number
}

interface OpenSegment {
  readonly day: Day
  readonly name: string
  readonly fd: number
  /** As we left it. */
  size: number
  /** Lines of ours in it, since it was opened. */
  lines: number
}

export class SegmentWriter {
  private segment: OpenSegment | undefined
  private isUnsynced = false
  private syncedAt: number

  constructor(
    private folder: DataFolder,
    private options: WriterOptions,
  ) {
    this.syncedAt = options.monotonicMs()
  }

  configure(options: WriterOptions): void {
    this.options = options
  }

  /** Goes on in another folder: the path means a new one now. */
  move(folder: DataFolder): void {
    this.closeSegment()
    this.folder = folder
  }

  /**
   * Makes the segment of `day` ready and answers what somebody did to it since the last line. Throws the system's error
   * when it cannot be opened.
   */
  prepare(day: Day): readonly Surprise[] {
    const open = this.segment
    if (open === undefined) return this.openSegment(day)
    const surprises: Surprise[] = []
    const { nlink, size } = fstatSync(open.fd)
    const named = this.folder.stats(open.name)
    const isGone = nlink === 0 || named === undefined || named.ino !== fstatSync(open.fd).ino
    if (isGone) {
      const text = `${open.name} was deleted or moved; ${open.lines} lines of this run were in it`
      surprises.push({ kind: "segment-gone", text, count: open.lines })
    } else if (size < open.size) {
      const text = `${open.name} was cut from ${open.size} to ${size} bytes`
      surprises.push({ kind: "segment-truncated", text, count: open.size - size })
    }
    if (isGone || open.day !== day) {
      this.closeSegment()
      return [...surprises, ...this.openSegment(day)]
    }
    if (size !== open.size) surprises.push(...this.heal(open))
    return surprises
  }

  /** Appends one line, which ends with its line feed, to the segment that was prepared. */
  append(line: string): Append {
    const open = this.segment
    if (open === undefined) return { ok: false, reason: "no segment is open" }
    const bytes = Buffer.from(line)
    let written = 0
    try {
      written = writeSync(open.fd, bytes)
      if (written !== bytes.length) throw Object.assign(new Error("short write"), { code: "ENOSPC" })
      open.size += written
      this.separate(open, bytes)
      open.lines++
      this.isUnsynced = true
      this.syncWhenDue()
      return { ok: true }
    } catch (error) {
      this.takeBack(open, written)
      return { ok: false, reason: `cannot write ${open.name}: ${errorCode(error)}` }
    }
  }

  /**
   * Somebody may have added half a line between our look at the file and our write: then ours is glued to it, and is
   * written again behind the healed tail.
   */
  private separate(open: OpenSegment, bytes: Buffer): void {
    const { size } = fstatSync(open.fd)
    if (size === open.size) return
    const start = size - bytes.length
    const around = Buffer.alloc(bytes.length + 1)
    const isOurs = start > 0 && readSync(open.fd, around, 0, around.length, start - 1) === around.length
    if (!isOurs || around[0] === NEWLINE || !around.subarray(1).equals(bytes)) {
      open.size = size
      return
    }
    ftruncateSync(open.fd, start)
    this.heal(open)
    if (writeSync(open.fd, bytes) !== bytes.length) throw Object.assign(new Error("short write"), { code: "ENOSPC" })
    open.size += bytes.length
  }

  /** Half a line is taken out again; should that fail, it is healed before the next one. */
  private takeBack(open: OpenSegment, written: number): void {
    if (written === 0) return
    try {
      ftruncateSync(open.fd, open.size)
    } catch {
      open.size = -1
    }
  }

  private openSegment(day: Day): readonly Surprise[] {
    const name = segmentName(day, "plain")
    const isNew = this.folder.stats(name) === undefined
    const fd = this.folder.openFile(name, O_RDWR | O_APPEND | O_CREAT)
    this.segment = { day, name, fd, size: 0, lines: 0 }
    if (isNew) this.folder.sync()
    return this.heal(this.segment)
  }

  private heal(open: OpenSegment): readonly Surprise[] {
    const { size, removed } = healTail(open.fd)
    open.size = size
    if (removed === 0) return []
    return [{ kind: "torn-line", text: `${open.name} ended in half a line of ${removed} bytes`, count: removed }]
  }

  private syncWhenDue(): void {
    if (this.options.monotonicMs() - this.syncedAt >= this.options.syncEveryMs) this.sync()
  }

  sync(): void {
    if (this.segment === undefined || !this.isUnsynced) return
    fdatasyncSync(this.segment.fd)
    this.isUnsynced = false
    this.syncedAt = this.options.monotonicMs()
  }

  private closeSegment(): void {
    if (this.segment === undefined) return
    const { fd } = this.segment
    try {
      this.sync()
    } catch {
      // The disk that refuses it is told of by the next line.
    }
    closeSync(fd)
    this.segment = undefined
    this.isUnsynced = false
  }

  close(): void {
    this.closeSegment()
  }
}
