/** Where a history is: a data directory, one file, or the standard input. */
import { closeSync, fstatSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import type { Day } from "../../core/snapshot/local-day.ts"
import { parseSegmentName, type SegmentName, segmentName, segmentsOf } from "../../core/snapshot/segments.ts"
import { Failure, worldFailure } from "../failure.ts"
import { DataFolder } from "../files/data-folder.ts"
import { replaceFile } from "../files/whole-file.ts"
import { errorCode } from "../text-file.ts"
import type { FileAsk, SideFile } from "./history-file.ts"
import { openRegular } from "./text-file.ts"

export type HistoryPlace =
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "stream"; readonly fd: number }

/** How it is called on the screen. */
export const placeName = (place: HistoryPlace): string => (place.kind === "stream" ? "standard input" : place.path)

/** The folder that the snapshots lie in; the standard input has none. */
export const folderOfPlace = (place: HistoryPlace): string | undefined =>
  place.kind === "folder" ? place.path : place.kind === "file" ? dirname(place.path) : undefined

/** The day of one file, where its name says it. */
export const dayOfPlace = (place: HistoryPlace): Day | undefined =>
  place.kind === "file" ? parseSegmentName(basename(place.path))?.day : undefined

/** An index of a year at one line a second is 3 MB a day; whatever is larger is none of ours. */
const SIDE_BYTES_MAX = 64 << 20

const readOptional = (path: string): Buffer | undefined => {
  try {
    const fd = openRegular(path)
    try {
      const { size } = fstatSync(fd)
      if (size > SIDE_BYTES_MAX) return undefined
      const bytes = Buffer.allocUnsafeSlow(size)
      return readSync(fd, bytes, 0, size, 0) === size ? bytes : undefined
    } finally {
      closeSync(fd)
    }
  } catch {
    return undefined
  }
}

/** The files of days; the index of a day belongs to its file. Throws a `Failure` when the folder cannot be read. */
export function segmentsIn(folder: string): readonly SegmentName[] {
  try {
    return segmentsOf(readdirSync(folder)).filter(({ kind }) => kind === "plain" || kind === "compressed")
  } catch (error) {
    const code = errorCode(error)
    const advice =
      code === "ENOENT"
        ? "There is no history yet: sudo holyf-network daemon start begins one; --data-dir names another place."
        : code === "EACCES" || code === "EPERM"
          ? "Run with sudo."
          : code === "ENOTDIR"
            ? "It is a file: name it with --file."
            : ""
    throw worldFailure(`cannot read the history in ${folder}: ${code}. ${advice}`.trim())
  }
}

/** How a segment of a folder is opened. Its own index is kept beside it once its day is over, where that may be. */
export function segmentAsk(folder: string, { name, day, kind }: SegmentName, number: number, today: Day): FileAsk {
  const isClosed = day < today
  return {
    number,
    path: join(folder, name),
    day,
    isCompressed: kind === "compressed",
    isClosed,
    readFrameIndex: () => readOptional(join(folder, segmentName(day, "index")))?.toString("utf8"),
    ...(isClosed ? { side: sideFile(folder, segmentName(day, "lines")) } : {}),
  }
}

/** How one file is opened that was named. */
export function fileAsk(path: string, number: number): FileAsk {
  const segment = parseSegmentName(basename(path))
  return {
    number,
    path,
    ...(segment === undefined ? {} : { day: segment.day }),
    isCompressed: path.endsWith(".zst"),
    isClosed: true,
    readFrameIndex: () => readOptional(path.replace(/\.zst$/, ".idx"))?.toString("utf8"),
    ...(segment === undefined
      ? {}
      : // Beside a file that was named nothing is left behind.
        {
          side: { read: () => readOptional(join(dirname(path), segmentName(segment.day, "lines"))), write: () => {} },
        }),
  }
}

function sideFile(folder: string, name: string): SideFile {
  return {
    read: () => readOptional(join(folder, name)),
    write(content) {
      try {
        const data = DataFolder.open(folder, { create: false })
        try {
          replaceFile(data.at(name), content)
        } finally {
          data.close()
        }
      } catch {
        // The folder is not ours to write to: the index lives as long as we do.
      }
    },
  }
}

const PIPE_BYTES = 1 << 20

/**
 * Keeps what comes by a stream in a file without a name, since a replay goes back and forth. Answers its descriptor.
 * Throws a `Failure` when nothing comes, or it cannot be kept.
 */
export function keepStream(fd: number): number {
  let folder: string
  try {
    folder = mkdtempSync(join(tmpdir(), "holyf-replay-"))
  } catch (error) {
    throw worldFailure(`cannot keep the standard input in ${tmpdir()}: ${errorCode(error)}. Set TMPDIR.`)
  }
  try {
    const kept = openSync(join(folder, "stream"), "wx+", 0o600)
    try {
      const buffer = Buffer.allocUnsafeSlow(PIPE_BYTES)
      for (;;) {
        const got = readPatiently(fd, buffer)
        if (got === 0) break
        for (let at = 0; at < got; ) at += writeSync(kept, buffer, at, got - at)
      }
      return kept
    } catch (error) {
      closeSync(kept)
      throw error instanceof Failure
        ? error
        : worldFailure(`cannot keep the standard input in ${folder}: ${errorCode(error)}. Set TMPDIR.`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A pipe may be set not to wait. */
function readPatiently(fd: number, buffer: Buffer): number {
  for (;;) {
    try {
      return readSync(fd, buffer, 0, buffer.length, null)
    } catch (error) {
      const code = errorCode(error)
      if (code === "EOF") return 0
      if (code !== "EAGAIN") throw worldFailure(`cannot read the standard input: ${code}`)
      Bun.sleepSync(5)
    }
  }
}
