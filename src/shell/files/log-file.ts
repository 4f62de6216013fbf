/** The worker's log: lines with their time, in a file that is bounded, or on stderr where a service manager keeps it. */
import { closeSync, constants, fstatSync, mkdirSync, renameSync, writeSync } from "node:fs"
import { dirname } from "node:path"
import { harmless } from "../../core/text/width.ts"
import { redirect } from "../kernel/file-lock.ts"
import { FILE_MODE, FOLDER_MODE, openOwnFile } from "./data-folder.ts"

const { O_WRONLY, O_APPEND, O_CREAT } = constants
const STDERR = 2
/** One old file is kept beside it. */
const BYTES_MAX = 5 * 1024 * 1024

export class LogFile {
  private fd: number | undefined
  private size = 0

  /** Without a path the lines go to stderr. Throws the system's error when the file cannot be opened. */
  constructor(
    private readonly path: string | undefined,
    private readonly timestamp: () => string,
  ) {
    this.reopen()
  }

  /** Somebody may have moved the file away; what the runtime itself says goes to it too. */
  reopen(): void {
    if (this.path === undefined) return
    mkdirSync(dirname(this.path), { recursive: true, mode: FOLDER_MODE })
    const fd = openOwnFile(this.path, O_WRONLY | O_APPEND | O_CREAT, FILE_MODE)
    if (this.fd !== undefined) closeSync(this.fd)
    this.fd = fd
    this.size = fstatSync(fd).size
    redirect(STDERR, fd)
  }

  /** One line. A log that cannot be written ends no worker. */
  line(text: string): void {
    const bytes = Buffer.from(`[${this.timestamp()}] ${harmless(text)}\n`)
    try {
      if (this.size > BYTES_MAX) this.rotate()
      this.size += writeSync(this.fd ?? STDERR, bytes)
    } catch {
      // The disk is full or stderr is gone.
    }
  }

  private rotate(): void {
    if (this.path === undefined || this.fd === undefined) return
    renameSync(this.path, `${this.path}.1`)
    this.reopen()
  }
}
