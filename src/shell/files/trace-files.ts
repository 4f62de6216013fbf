/**
 * Captures and their history on disk: `traces/*.pcap` and `trace-history-YYYYMMDD.jsonl` in the data directory.
 *
 * Packets hold what people say to each other, so captures are 0600 in a folder of 0700, under names that nobody can
 * guess. No link is followed, and nothing is used that belongs to somebody else.
 */
import { randomBytes } from "node:crypto"
import {
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs"
import { basename, dirname, join } from "node:path"
import {
  expiredFiles,
  historyFileName,
  isHistoryFile,
  isSameEntry,
  LINE_SIZE_MAX,
  readEntry,
  sortEntries,
  type TraceEntry,
} from "../../core/trace/history.ts"
import { captureName, expiredCaptures, isCaptureName, SPARE_BYTES } from "../../core/trace/retention.ts"
import { worldFailure } from "../failure.ts"
import { FOLDER_MODE } from "./data-folder.ts"

const { O_WRONLY, O_CREAT, O_EXCL, O_APPEND, O_NOFOLLOW } = constants
const FILE_MODE = 0o600
/** More of one day is not read. */
const DAY_SIZE_MAX = 64 * 1024 * 1024

const code = (error: unknown) => (error as NodeJS.ErrnoException).code ?? String(error)

export const tracesFolder = (dataDir: string): string => join(dataDir, "traces")

export interface CaptureFile {
  readonly path: string
  /** Throws the system's error, such as ENOSPC. */
  write(bytes: Uint8Array): void
  close(): void
}

function captureFile(path: string, fd: number): CaptureFile {
  let isOpen = true
  return {
    path,
    write(bytes) {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
    },
    close() {
      if (isOpen) closeSync(fd)
      isOpen = false
    },
  }
}

/** Makes the folder of captures, and refuses one that is not ours alone. Throws a `Failure`. */
function openFolder(dataDir: string): string {
  const folder = tracesFolder(dataDir)
  try {
    mkdirSync(dataDir, { recursive: true, mode: FOLDER_MODE })
    try {
      mkdirSync(folder, { mode: 0o700 })
    } catch (error) {
      if (code(error) !== "EEXIST") throw error
    }
    const stats = lstatSync(folder)
    if (!stats.isDirectory()) throw worldFailure(`cannot save the trace: ${folder} is not a folder`)
    if (stats.uid !== process.geteuid?.())
      throw worldFailure(`cannot save the trace: ${folder} belongs to user ${stats.uid}`)
    if ((stats.mode & 0o077) !== 0) chmodSync(folder, 0o700)
    return folder
  } catch (error) {
    throw asFailure(`cannot save the trace in ${folder}`, error)
  }
}

const asFailure = (what: string, error: unknown): Error =>
  error instanceof Error && error.name === "Failure" ? error : worldFailure(`${what}: ${code(error)}`)

/** Opens a new file for a capture in the data directory; old ones go. Throws a `Failure`. */
export function openCaptureFile(
  dataDir: string,
  about: Omit<Parameters<typeof captureName>[0], "token">,
  neededBytes: number,
): CaptureFile {
  const folder = openFolder(dataDir)
  const name = captureName({ ...about, token: randomBytes(6).toString("hex") })
  pruneCaptures(folder, about.at, name)
  requireSpace(folder, neededBytes)
  const path = join(folder, name)
  try {
    return captureFile(path, openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE))
  } catch (error) {
    throw asFailure(`cannot save the trace as ${path}`, error)
  }
}

/** Opens a new file where the operator wants it. One that is there is never written over. Throws a `Failure`. */
export function openNamedFile(path: string, neededBytes: number): CaptureFile {
  requireSpace(dirname(path), neededBytes)
  try {
    return captureFile(path, openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE))
  } catch (error) {
    const hint = code(error) === "EEXIST" ? ": it exists already; choose another name" : `: ${code(error)}`
    throw worldFailure(`cannot write ${path}${hint}`)
  }
}

/** Bytes that may be written where `folder` is, or would be made; `undefined` when that cannot be told. */
export function freeBytes(folder: string): number | undefined {
  for (let at = folder; ; at = dirname(at)) {
    try {
      const { bavail, bsize } = statfsSync(at)
      return bavail * bsize
    } catch (error) {
      if (code(error) !== "ENOENT" || at === dirname(at)) return undefined
    }
  }
}

/** Throws a `Failure` when the file system has too little room. */
function requireSpace(folder: string, neededBytes: number): void {
  let free: number
  try {
    const { bavail, bsize } = statfsSync(folder)
    free = bavail * bsize
  } catch (error) {
    throw worldFailure(`cannot write into ${folder}: ${code(error)}`)
  }
  if (free >= neededBytes + SPARE_BYTES) return
  const mb = (bytes: number) => `${Math.ceil(bytes / 1_048_576)} MB`
  throw worldFailure(
    `cannot save the trace in ${folder}: ${mb(free)} are free, and ${mb(neededBytes + SPARE_BYTES)} should be`,
  )
}

function pruneCaptures(folder: string, at: number, kept: string): void {
  const files = readdirSync(folder).flatMap((name) => {
    const stats = isCaptureName(name) ? lstatSync(join(folder, name), { throwIfNoEntry: false }) : undefined
    return stats?.isFile() === true ? [{ name, size: stats.size, modifiedAt: stats.mtimeMs }] : []
  })
  for (const name of expiredCaptures(files, at, kept)) rmSync(join(folder, name), { force: true })
}

// ---- history -------------------------------------------------------------------------------------------------------

/** Appends one line to its day; days past their time go. Throws a `Failure`. */
export function appendEntry(dataDir: string, entry: TraceEntry, at: number, offsetMinutes: number): void {
  const path = join(dataDir, historyFileName(at, offsetMinutes))
  try {
    mkdirSync(dataDir, { recursive: true, mode: FOLDER_MODE })
    const fd = openSync(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, FILE_MODE)
    try {
      writeSync(fd, `${JSON.stringify(entry)}\n`)
    } finally {
      closeSync(fd)
    }
    for (const name of expiredFiles(readdirSync(dataDir), at, offsetMinutes))
      rmSync(join(dataDir, name), { force: true })
  } catch (error) {
    throw worldFailure(`cannot write the trace history ${path}: ${code(error)}`)
  }
}

export interface TraceHistory {
  /** The oldest first. */
  readonly entries: readonly TraceEntry[]
  /** Files that could not be read, and lines that made no sense. */
  readonly notes: readonly string[]
}

/** Every trace that is remembered. No directory is no trace. Throws a `Failure` when it cannot be read. */
export function readHistory(dataDir: string): TraceHistory {
  let names: string[]
  try {
    names = readdirSync(dataDir).filter(isHistoryFile).sort()
  } catch (error) {
    if (code(error) === "ENOENT") return { entries: [], notes: [] }
    throw worldFailure(`cannot read the trace history in ${dataDir}: ${code(error)}`)
  }
  const entries: TraceEntry[] = []
  const notes: string[] = []
  for (const name of names) {
    const path = join(dataDir, name)
    try {
      const stats = lstatSync(path)
      if (!stats.isFile() || stats.size > DAY_SIZE_MAX) {
        notes.push(`${path} is no file of traces, or too large`)
        continue
      }
      let bad = 0
      for (const line of readFileSync(path, "utf8").split("\n")) {
        if (line.trim() === "") continue
        const entry = line.length > LINE_SIZE_MAX ? undefined : readEntry(line)
        if (entry === undefined) bad++
        else entries.push(entry)
      }
      if (bad > 0) notes.push(`${path}: ${bad} ${bad === 1 ? "line is" : "lines are"} no trace`)
    } catch (error) {
      notes.push(`cannot read ${path}: ${code(error)}`)
    }
  }
  return { entries: sortEntries(entries), notes }
}

/** Forgets one trace, its capture too when it lies in our own folder. Throws a `Failure`. */
export function deleteEntry(dataDir: string, entry: TraceEntry): void {
  try {
    for (const name of readdirSync(dataDir).filter(isHistoryFile)) {
      const path = join(dataDir, name)
      const lines = readFileSync(path, "utf8").split("\n")
      const kept = lines.filter((line) => {
        const other = readEntry(line)
        return other === undefined || !isSameEntry(other, entry)
      })
      if (kept.length === lines.length) continue
      const draft = `${path}.${randomBytes(6).toString("hex")}.tmp`
      const fd = openSync(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE)
      try {
        writeSync(fd, kept.join("\n"))
      } finally {
        closeSync(fd)
      }
      renameSync(draft, path)
    }
    const { pcap_path: file } = entry
    if (file !== undefined && dirname(file) === tracesFolder(dataDir) && isCaptureName(basename(file)))
      rmSync(file, { force: true })
  } catch (error) {
    throw worldFailure(`cannot delete the trace of ${entry.peer_ip}: ${code(error)}`)
  }
}
