/**
 * The text of a history file, read from anywhere in it: plain, or from zstd frames that are unpacked one by one.
 *
 * Files are read and never mapped: a file that shrinks under a mapping kills the program, and mapped pages count as our
 * memory.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs"
import { readFrameIndex } from "../../core/snapshot/frame-index.ts"
import { measureZstdFrame } from "../../core/snapshot/zstd-frame.ts"
import { worldFailure } from "../failure.ts"
import { errorCode } from "../text-file.ts"

export interface TextFile {
  /** Bytes of text there are now. */
  size(): number
  /** Fills `target` from `offset` on; answers how many bytes that was, 0 at the end. Throws the system's error. */
  readInto(target: Buffer, offset: number): number
  close(): void
}

/** Opens a regular file to be read; a pipe or a device would hold us up. Throws the system's error, or a `Failure`. */
export function openRegular(path: string): number {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  const stats = fstatSync(fd)
  if (stats.isFile()) return fd
  closeSync(fd)
  throw worldFailure(
    stats.isDirectory()
      ? `cannot read ${path}: it is a folder. Name a file, or a data directory with --data-dir.`
      : `cannot read ${path}: it is no regular file. Read a stream with: replay -f -`,
  )
}

/** Takes over the descriptor. `frameIndex` is the text of the index beside the file, where there is one. */
export function textFileOf(fd: number, path: string, frameIndex?: () => string | undefined): TextFile {
  return isZstd(fd) ? new FramedText(fd, path, frameIndex) : new PlainText(fd)
}

function isZstd(fd: number): boolean {
  const head = Buffer.alloc(4)
  readSync(fd, head, 0, 4, 0)
  return head.readUInt32LE(0) === 0xfd2fb528
}

class PlainText implements TextFile {
  constructor(private readonly fd: number) {}

  size(): number {
    return fstatSync(this.fd).size
  }

  readInto(target: Buffer, offset: number): number {
    let got = 0
    while (got < target.length) {
      const more = readSync(this.fd, target, got, target.length - got, offset + got)
      if (more === 0) break
      got += more
    }
    return got
  }

  close(): void {
    closeSync(this.fd)
  }
}

interface Frame {
  readonly offset: number
  readonly length: number
  readonly rawOffset: number
  readonly rawLength: number
}

/** More than this of text in one frame is not held in memory. */
const FRAME_RAW_MAX = 64 << 20

class FramedText implements TextFile {
  private known: readonly Frame[] | undefined
  /** The frame that was read last: the next line mostly stands in it too. */
  private last: { readonly frame: Frame; readonly raw: Uint8Array } | undefined

  constructor(
    private readonly fd: number,
    private readonly path: string,
    private readonly frameIndex?: () => string | undefined,
  ) {}

  /** Looked for when they are needed: of thirty days mostly one is looked at. */
  private get frames(): readonly Frame[] {
    this.known ??= this.knownFrames(this.frameIndex?.()) ?? this.foundFrames()
    return this.known
  }

  size(): number {
    const end = this.frames.at(-1)
    return end === undefined ? 0 : end.rawOffset + end.rawLength
  }

  readInto(target: Buffer, offset: number): number {
    let got = 0
    while (got < target.length && offset + got < this.size()) {
      const frame = this.frameAt(offset + got)
      const raw = this.unpack(frame)
      const from = offset + got - frame.rawOffset
      // What the index promises and the frame does not hold is not there.
      if (from >= raw.length) break
      const part = raw.subarray(from, from + target.length - got)
      target.set(part, got)
      got += part.length
    }
    return got
  }

  close(): void {
    closeSync(this.fd)
  }

  private frameAt(rawOffset: number): Frame {
    const { frames } = this
    let low = 0
    let high = frames.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (frames[middle]!.rawOffset <= rawOffset) low = middle
      else high = middle - 1
    }
    return frames[low]!
  }

  private unpack(frame: Frame): Uint8Array {
    if (this.last?.frame === frame) return this.last.raw
    const packed = this.bytesAt(frame.offset, frame.length)
    let raw: Uint8Array
    try {
      raw = Bun.zstdDecompressSync(packed)
    } catch {
      throw worldFailure(
        `cannot read ${this.path}: its zstd data is damaged at byte ${frame.offset}. Try: zstd -t FILE`,
      )
    }
    this.last = { frame, raw }
    return raw
  }

  private bytesAt(offset: number, length: number): Uint8Array<ArrayBuffer> {
    const buffer = new Uint8Array(new ArrayBuffer(length))
    const got = readSync(this.fd, buffer, 0, length, offset)
    return got === length ? buffer : buffer.subarray(0, got)
  }

  /** As the index beside the file says, when it is of this file. */
  private knownFrames(text: string | undefined): readonly Frame[] | undefined {
    const known = text === undefined ? undefined : readFrameIndex(text)
    const end = known?.at(-1)
    if (known === undefined || end === undefined || end.offset + end.length !== fstatSync(this.fd).size)
      return undefined
    if (known.some(({ raw_length }) => raw_length > FRAME_RAW_MAX)) return undefined
    let rawOffset = 0
    return known.map(({ offset, length, raw_length: rawLength }) => {
      const frame = { offset, length, rawOffset, rawLength }
      rawOffset += rawLength
      return frame
    })
  }

  /** As the file itself says. */
  private foundFrames(): readonly Frame[] {
    const { size } = fstatSync(this.fd)
    const frames: Frame[] = []
    const read = this.smallReader()
    let rawOffset = 0
    for (let offset = 0; offset < size; ) {
      const found = measureZstdFrame(read, offset)
      if (found === undefined) {
        // A file that was cut, or is being written: what stands before is good.
        if (frames.length > 0) break
        throw worldFailure(`cannot read ${this.path}: its zstd data is damaged at byte ${offset}. Try: zstd -t FILE`)
      }
      const { length } = found
      if ((found.rawLength ?? found.rawLengthMax) > FRAME_RAW_MAX)
        throw worldFailure(
          `cannot read ${this.path}: it is one zstd frame, too large to be held. Use: zstdcat FILE | holyf-network replay -f -`,
        )
      const rawLength = found.rawLength ?? Bun.zstdDecompressSync(this.bytesAt(offset, length)).length
      if (rawLength > 0) frames.push({ offset, length, rawOffset, rawLength })
      rawOffset += rawLength
      offset += length
    }
    return frames
  }

  /** Headers are a few bytes each, a few kilobytes apart. */
  private smallReader() {
    const window = Buffer.alloc(1 << 16)
    let from = 0
    let length = 0
    return (offset: number, wanted: number): Uint8Array => {
      if (offset < from || offset + wanted > from + length) {
        from = offset
        length = readSync(this.fd, window, 0, window.length, offset)
      }
      return window.subarray(offset - from, Math.min(offset - from + wanted, length))
    }
  }
}

/** A sentence on why a file cannot be read. */
export function cannotRead(path: string, error: unknown): string {
  if (error instanceof Error && error.name === "Failure") return error.message
  const code = errorCode(error)
  const advice = code === "EACCES" || code === "EPERM" ? " Run with sudo." : ""
  return `cannot read ${path}: ${code}.${advice}`
}
