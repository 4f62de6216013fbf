/**
 * The action log: every action, by whom, on what, with what result. A file of our own, and the system's log where there
 * is one.
 *
 * The file is opened without following links and is written to only when it is a plain file of ours: whoever can write
 * to the folder must not get root to write elsewhere.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs"
import { homedir } from "node:os"
import { isatty } from "node:tty"
import { type Actor, type AuditEntry, actorText, auditLine } from "../../core/mitigation/audit.ts"
import { timestamp } from "../../core/text/timestamp.ts"
import { writeSystemLog } from "../kernel/system-log.ts"
import { errorCode } from "../text-file.ts"

const NAME = "actions.log"
const FILE_MODE = 0o640
const FOLDER_MODE = 0o750
/** A file of this size is put aside: about 8,000 actions. */
export const LOG_BYTES_MAX = 1 << 20
/** actions.log.1 is the youngest of those put aside. */
const KEPT = 4

export interface ActionLogOptions {
  readonly folder?: string
  readonly bytesMax?: number
  readonly systemLog?: (line: string) => boolean
}

/** Root's log is the host's; anybody else has one of their own. The environment of root is not asked. */
export const actionLogFolder = (): string =>
  process.getuid?.() === 0 ? "/var/log/holyf-network" : `${homedir()}/.local/state/holyf-network`

/** Who we act for. */
export function currentActor(env: Readonly<Record<string, string | undefined>> = process.env): Actor {
  const tty = [0, 1, 2].find((fd) => isatty(fd))
  const name = tty === undefined ? undefined : linkOf(`/proc/self/fd/${tty}`)
  return {
    uid: process.getuid?.() ?? -1,
    ...(env.SUDO_USER !== undefined && env.SUDO_USER !== "" && { sudoUser: env.SUDO_USER }),
    ...(name !== undefined && { tty: name }),
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

/** Writes one action down. Answers why the file could not be written, or nothing. Never throws: the action is done. */
export function logAction(
  { what, result, at, actor }: Pick<AuditEntry, "what" | "result" | "actor"> & { readonly at: number },
  { folder = actionLogFolder(), bytesMax = LOG_BYTES_MAX, systemLog = writeSystemLog }: ActionLogOptions = {},
): string | undefined {
  const time = timestamp({ at, offsetMinutes: -new Date(at).getTimezoneOffset() })
  const line = auditLine({ time, actor, what, result })
  // The system's log has a time of its own.
  systemLog(`${actorText(actor)} ${line.slice(line.indexOf(actorText(actor)) + actorText(actor).length + 1)}`)
  try {
    append(folder, `${line}\n`, bytesMax)
    return undefined
  } catch (error) {
    return `cannot write ${folder}/${NAME}: ${errorCode(error)}`
  }
}

class NotOurs extends Error {
  readonly code: string
  constructor(what: string) {
    super(what)
    this.code = what
  }
}

function append(folder: string, text: string, bytesMax: number): void {
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE })
  const place = lstatSync(folder)
  if (!place.isDirectory()) throw new NotOurs("the folder is none, or a link")
  if (place.uid !== process.getuid?.()) throw new NotOurs("the folder belongs to somebody else")
  if ((place.mode & 0o022) !== 0) throw new NotOurs("others may write to the folder")
  const path = `${folder}/${NAME}`
  const fd = openOurs(path)
  try {
    if (fstatSync(fd).size + text.length <= bytesMax) {
      writeWhole(fd, text)
      return
    }
  } finally {
    closeSync(fd)
  }
  rotate(path)
  const next = openOurs(path)
  try {
    writeWhole(next, text)
  } finally {
    closeSync(next)
  }
}

/** One write, so that lines of two programs do not mix. */
const writeWhole = (fd: number, text: string) => void writeSync(fd, text)

function openOurs(path: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants
  const fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, FILE_MODE)
  try {
    const file = fstatSync(fd)
    if (!file.isFile() || file.nlink !== 1) throw new NotOurs("it is no plain file, or has a second name")
    if (file.uid !== process.getuid?.()) throw new NotOurs("it belongs to somebody else")
    // The caller's umask may have taken the group's reading away, or a hand may have given more.
    if ((file.mode & 0o777) !== FILE_MODE) fchmodSync(fd, FILE_MODE)
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

function rotate(path: string): void {
  rmSync(`${path}.${KEPT}`, { force: true })
  for (let number = KEPT - 1; number >= 1; number--) renameOr(`${path}.${number}`, `${path}.${number + 1}`)
  renameOr(path, `${path}.1`)
}

/** Another program may have put it aside a moment before. */
function renameOr(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error
  }
}

/** How much of the file's end is read for the screen. */
const TAIL_BYTES = 65_536

/** The last lines, the latest last. None when there is no log, or it may not be read. */
export function readActionLog(linesMax: number, folder = actionLogFolder()): readonly string[] {
  try {
    const fd = openSync(`${folder}/${NAME}`, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const file = fstatSync(fd)
      if (!file.isFile()) return []
      const start = Math.max(0, file.size - TAIL_BYTES)
      const buffer = Buffer.alloc(Math.min(file.size, TAIL_BYTES))
      const length = readSync(fd, buffer, 0, buffer.length, start)
      const lines = buffer
        .toString("utf8", 0, length)
        .split("\n")
        .slice(start > 0 ? 1 : 0)
      return lines.filter((line) => line !== "").slice(-linesMax)
    } finally {
      closeSync(fd)
    }
  } catch {
    return []
  }
}
