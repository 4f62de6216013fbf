/** Small text files, read whole and never without a bound. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs"
import type { Reading } from "../core/sample/sample.ts"
import { missing, reading } from "../core/sample/sample.ts"

/** More than any file we read needs, but for the route tables of a router. */
export const FILE_BYTES_MAX = 1 << 20

// A look reads dozens of small files, one behind the other and never two at once: one buffer does for all of them.
const scratch = Buffer.allocUnsafeSlow(16_384)

export interface FileText {
  readonly text: string
  /** The file is longer: what stands here are its first whole lines. */
  readonly isCut: boolean
}

/**
 * Reads at most `bytesMax` bytes. Only a regular file: a pipe would hold the program up until somebody writes.
 * Files of /proc are made by the kernel inside the call and say that they are 0 bytes long, so the end is where
 * nothing more comes. Throws the system's error.
 */
export function readText(path: string, bytesMax = FILE_BYTES_MAX): FileText {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (!fstatSync(fd).isFile()) throw Object.assign(new Error(path), { code: "not a regular file" })
    let buffer = scratch.subarray(0, bytesMax)
    let length = 0
    for (;;) {
      if (length === buffer.length) {
        if (length >= bytesMax && isAtEnd(fd)) return { text: buffer.toString("utf8"), isCut: false }
        if (length >= bytesMax) return { text: wholeLines(buffer), isCut: true }
        const grown = Buffer.allocUnsafe(Math.min(buffer.length * 2, bytesMax))
        buffer.copy(grown)
        buffer = grown
      }
      const got = readSync(fd, buffer, length, buffer.length - length, null)
      if (got === 0) return { text: buffer.toString("utf8", 0, length), isCut: false }
      length += got
    }
  } finally {
    closeSync(fd)
  }
}

const isAtEnd = (fd: number) => readSync(fd, Buffer.allocUnsafe(1), 0, 1, null) === 0

const wholeLines = (buffer: Buffer) => buffer.toString("utf8", 0, buffer.lastIndexOf(10) + 1)

/** What an operator can do about an errno. */
const advice: Readonly<Record<string, string>> = {
  EACCES: "Run with sudo.",
  EPERM: "Run with sudo.",
}

/** One line of a failed read: what, which file, what came back, what to do. */
export function readProblem(path: string, error: unknown, whenAbsent = ""): string {
  const code = errorCode(error)
  const hint = code === "ENOENT" ? whenAbsent : (advice[code] ?? "")
  return `cannot read ${path}: ${code}${hint === "" ? "" : `. ${hint}`}`
}

/** The errno's name of a system error. */
export const errorCode = (error: unknown): string => {
  const code = error instanceof Error && "code" in error ? error.code : undefined
  return typeof code === "string" ? code : String(error)
}

/** Reads and parses one file, or says why there is nothing. `parse` answers nothing when the text makes no sense. */
export function readFileAs<T>(path: string, parse: (text: string) => T | undefined, whenAbsent = ""): Reading<T> {
  let file: FileText
  try {
    file = readText(path)
  } catch (error) {
    return missing(readProblem(path, error, whenAbsent))
  }
  if (file.isCut) return missing(`cannot read ${path}: it is longer than ${FILE_BYTES_MAX} bytes`)
  const value = parse(file.text)
  return value === undefined ? missing(`cannot read ${path}: it does not hold what it should`) : reading(value)
}
