/**
 * The folder of the history, held open: every file in it is reached through the open folder, so that nobody can put
 * another one in its place between a check and a use.
 *
 * Files are 0640 and folders 0750, since a history names everybody this host talked to. No link is followed, and
 * nothing is used that belongs to somebody else.
 */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  type Stats,
  statfsSync,
  statSync,
} from "node:fs"
import { dirname } from "node:path"
import { type Failure, worldFailure } from "../failure.ts"
import { errorCode } from "../text-file.ts"

export const FILE_MODE = 0o640
export const FOLDER_MODE = 0o750

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants

export class DataFolder {
  private constructor(
    /** As it was asked for. */
    readonly path: string,
    private readonly fd: number,
    private readonly identity: { readonly dev: number; readonly ino: number },
  ) {}

  /** Opens it; with `create` it is made, parents too. Throws a `Failure` that says what is wrong with it. */
  static open(path: string, { create }: { readonly create: boolean }): DataFolder {
    try {
      if (create) mkdirSync(path, { recursive: true, mode: FOLDER_MODE })
      refuseForeignLinks(path)
      // What a link of ours or of root's points at is the folder.
      const fd = openSync(realpathSync(path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK)
      const stats = fstatSync(fd)
      if (create && stats.uid !== effectiveUser()) {
        closeSync(fd)
        throw worldFailure(
          `cannot use ${path} as data directory: it belongs to user ${stats.uid}, and this is user ${effectiveUser()}. ` +
            "Name another with --data-dir.",
        )
      }
      return new DataFolder(path, fd, stats)
    } catch (error) {
      throw folderFailure(path, error)
    }
  }

  /** A path by which the runtime reaches the file `name` of exactly this folder. */
  at(name: string): string {
    return `/proc/self/fd/${this.fd}/${name}`
  }

  /** Opens a regular file of our own. Throws the system's error, or a `Failure`. */
  openFile(name: string, flags: number, mode = FILE_MODE): number {
    return openOwnFile(this.at(name), flags, mode, `${this.path}/${name}`)
  }

  names(): string[] {
    return readdirSync(this.at("."))
  }

  /** What is called `name` now; a link is not followed. */
  stats(name: string): Stats | undefined {
    return lstatSync(this.at(name), { throwIfNoEntry: false })
  }

  /** False once the path means another folder, or none. */
  isInPlace(): boolean {
    const stats = statSync(this.path, { throwIfNoEntry: false })
    return stats !== undefined && stats.ino === this.identity.ino && stats.dev === this.identity.dev
  }

  /** Bytes that anybody may still write, and the size of the file system. */
  space(): { readonly free: number; readonly size: number } {
    const { bavail, blocks, bsize } = statfsSync(this.at("."))
    return { free: bavail * bsize, size: blocks * bsize }
  }

  /** Makes names that were added or changed outlast a power cut. */
  sync(): void {
    fsyncSync(this.fd)
  }

  close(): void {
    closeSync(this.fd)
  }
}

export const effectiveUser = (): number => process.geteuid!()

/** Opens a regular file of our own and follows no link. Throws the system's error, or a `Failure` naming `shown`. */
export function openOwnFile(path: string, flags: number, mode: number, shown = path): number {
  let fd: number
  try {
    fd = openSync(path, flags | O_NOFOLLOW | O_NONBLOCK, mode)
  } catch (error) {
    if (errorCode(error) === "ELOOP") throw worldFailure(`cannot use ${shown}: it is a symbolic link. Remove it.`)
    throw error
  }
  const stats = fstatSync(fd)
  const problem = !stats.isFile()
    ? "it is no regular file"
    : stats.uid !== effectiveUser()
      ? `it belongs to user ${stats.uid}, and this is user ${effectiveUser()}`
      : undefined
  if (problem === undefined) return fd
  closeSync(fd)
  throw worldFailure(`cannot use ${shown}: ${problem}. Remove it.`)
}

/** Reads a file through its descriptor, from the start and at most `bytesMax`. */
export function readDescriptor(fd: number, bytesMax: number): string {
  const buffer = Buffer.alloc(bytesMax)
  return buffer.toString("utf8", 0, readSync(fd, buffer, 0, bytesMax, 0))
}

/** A link anywhere on the way that somebody else made could be turned to another place at any moment. */
function refuseForeignLinks(path: string): void {
  const own = effectiveUser()
  for (let part = path; part !== "/"; part = dirname(part)) {
    const stats = lstatSync(part)
    if (stats.isSymbolicLink() && stats.uid !== own && stats.uid !== 0)
      throw worldFailure(
        `cannot use ${path} as data directory: ${part} is a symbolic link of user ${stats.uid}. Name the real folder.`,
      )
  }
}

const advice: Readonly<Record<string, string>> = {
  ENOTDIR: "It is a file, or stands below one. Name a folder with --data-dir.",
  EEXIST: "It is a file, or a link that leads nowhere. Name a folder with --data-dir.",
  EACCES: "Run with sudo, or name another with --data-dir.",
  EPERM: "Run with sudo, or name another with --data-dir.",
  EROFS: "The file system is read-only.",
  ENOSPC: "The disk is full.",
  ENOENT: "There is no such folder.",
  ENAMETOOLONG: "The path is too long.",
}

function folderFailure(path: string, error: unknown): Failure {
  if (error instanceof Error && error.name === "Failure") return error as Failure
  const code = errorCode(error)
  return worldFailure(`cannot use ${path} as data directory: ${code}. ${advice[code] ?? ""}`.trim())
}
