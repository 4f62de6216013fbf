/** Small files that are replaced as a whole: a reader sees the old text or the new one, never a half. */
import { closeSync, constants, fsyncSync, mkdirSync, renameSync, unlinkSync, writeSync } from "node:fs"
import { dirname } from "node:path"
import { FILE_MODE, FOLDER_MODE, openOwnFile } from "./data-folder.ts"

const { O_WRONLY, O_CREAT, O_EXCL } = constants

/** Writes beside it under a name that nobody can guess, then renames. Throws the system's error. */
export function replaceFile(path: string, text: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE })
  const draft = `${path}.${crypto.randomUUID()}.tmp`
  const fd = openOwnFile(draft, O_WRONLY | O_CREAT | O_EXCL, FILE_MODE)
  try {
    const bytes = typeof text === "string" ? Buffer.from(text) : text
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
    fsyncSync(fd)
    renameSync(draft, path)
  } catch (error) {
    removeFile(draft)
    throw error
  } finally {
    closeSync(fd)
  }
}

/** False when it was not there. Throws the system's error. */
export function removeFile(path: string): boolean {
  try {
    unlinkSync(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false
    throw error
  }
}
