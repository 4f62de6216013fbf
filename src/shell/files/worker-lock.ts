/**
 * One worker a data directory: the lock is the only judge, and the record of its holder stands inside the locked file.
 */
import { closeSync, constants, fstatSync, writeSync } from "node:fs"
import { LOCK_NAME } from "../../core/config/daemon-paths.ts"
import {
  isSameProcess,
  judgeWorker,
  parseRecord,
  RECORD_BYTES,
  type Verdict,
  type WorkerRecord,
  writeRecord,
} from "../../core/daemon/worker-record.ts"
import { lockFile } from "../kernel/file-lock.ts"
import { readProcessStat } from "../process-identity.ts"
import { readText } from "../text-file.ts"
import { type DataFolder, openOwnFile, readDescriptor } from "./data-folder.ts"

const { O_RDWR, O_RDONLY, O_CREAT } = constants

/** Somebody who only asks whether the lock is held holds it for microseconds; a worker that starts waits that long. */
const TAKE_MS = 2_000
const RETRY_MS = 20

export class WorkerLock {
  private constructor(
    private readonly folder: DataFolder,
    private fd: number,
  ) {}

  /** The lock, or who holds it: nothing of the holder when its record does not say. Throws the system's error. */
  static async take(folder: DataFolder): Promise<WorkerLock | { readonly holder: WorkerRecord | undefined }> {
    const fd = folder.openFile(LOCK_NAME, O_RDWR | O_CREAT)
    const bootId = readBootId()
    for (let waited = 0; ; waited += RETRY_MS) {
      if (lockFile(fd, "exclusive")) return new WorkerLock(folder, fd)
      const record = parseRecord(readDescriptor(fd, RECORD_BYTES))
      const isKnown = record !== undefined && isSameProcess(record, readProcessStat("/proc", record.pid), bootId)
      if (isKnown || waited >= TAKE_MS) {
        closeSync(fd)
        return { holder: isKnown ? record : undefined }
      }
      await Bun.sleep(RETRY_MS)
    }
  }

  /** The lock, or nothing when somebody holds it. Throws the system's error. */
  static tryTake(folder: DataFolder): WorkerLock | undefined {
    const fd = folder.openFile(LOCK_NAME, O_RDWR | O_CREAT)
    if (lockFile(fd, "exclusive")) return new WorkerLock(folder, fd)
    closeSync(fd)
    return undefined
  }

  /** Writes the record over the old one. Throws the system's error. */
  write(record: WorkerRecord): void {
    writeSync(this.fd, writeRecord(record), 0, RECORD_BYTES, 0)
  }

  /**
   * True while the lock that we hold is the one others would find. Somebody may have deleted the file: then it is made
   * and locked again, unless a rival was faster.
   */
  keep(): boolean {
    const stats = this.folder.stats(LOCK_NAME)
    const held = fstatSync(this.fd)
    if (stats !== undefined && stats.ino === held.ino && stats.dev === held.dev) return true
    const fd = this.folder.openFile(LOCK_NAME, O_RDWR | O_CREAT)
    if (!lockFile(fd, "exclusive")) {
      closeSync(fd)
      return false
    }
    closeSync(this.fd)
    this.fd = fd
    return true
  }

  release(): void {
    closeSync(this.fd)
  }
}

export interface FoundWorker {
  readonly verdict: Verdict
  /** Of the worker that runs, or of the last one that ran here. */
  readonly record?: WorkerRecord
}

/** Whether a worker serves the data directory `path`. Throws the system's error when it may not be looked at. */
export function findWorker(path: string): FoundWorker {
  let fd: number
  try {
    fd = openOwnFile(`${path}/${LOCK_NAME}`, O_RDONLY, 0)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENOENT" || code === "ENOTDIR") return { verdict: "stopped" }
    throw error
  }
  try {
    const isLockHeld = !lockFile(fd, "shared")
    const record = parseRecord(readDescriptor(fd, RECORD_BYTES))
    const evidence = { isLockHeld, record, bootId: readBootId() }
    const found = record === undefined ? undefined : readProcessStat("/proc", record.pid)
    return { verdict: judgeWorker({ ...evidence, found }), ...(record === undefined ? {} : { record }) }
  } finally {
    closeSync(fd)
  }
}

export function readBootId(): string | undefined {
  try {
    return readText("/proc/sys/kernel/random/boot_id", 64).text.trim()
  } catch {
    return undefined
  }
}
