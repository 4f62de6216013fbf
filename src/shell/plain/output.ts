/**
 * Text for a pipe, a file or a terminal: large, in pieces, and as fast as the reader takes it.
 *
 * Written without the runtime's streams: those would gather what a slow reader has not taken yet, and turn a reader
 * that has seen enough into an error.
 */
import { writeSync } from "node:fs"
import { harmless } from "../../core/text/width.ts"
import { worldFailure } from "../failure.ts"

const CHUNK_LENGTH = 65_536
/** Pause before a full pipe that does not make us wait by itself is tried again. */
const FULL_PIPE_MS = 5

const STDOUT = 1
const STDERR = 2

/**
 * Writes all pieces to stdout. A reader that goes away (`| head -1`) ends it early and is no failure: then it answers
 * false. Throws a `Failure` when the text cannot be written, such as on a full disk.
 */
export async function print(pieces: Iterable<string>): Promise<boolean> {
  let chunk = ""
  for (const piece of pieces) {
    chunk += piece
    if (chunk.length < CHUNK_LENGTH) continue
    if (!(await writeAll(STDOUT, chunk))) return false
    chunk = ""
  }
  return writeAll(STDOUT, chunk)
}

/**
 * One line for the operator beside the output: `holyf-network: …` on stderr. Names in it are text and nothing else. A
 * closed stderr is nobody's fault.
 */
export async function complain(message: string): Promise<void> {
  try {
    await writeAll(STDERR, `holyf-network: ${harmless(message.replace(/\s*\n\s*/g, " "))}\n`)
  } catch {
    // There is no one left to tell.
  }
}

/** False when nobody reads any more. */
async function writeAll(fd: number, text: string): Promise<boolean> {
  const bytes = new TextEncoder().encode(text)
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? String(error)
      if (code === "EPIPE" || code === "EBADF") return false
      if (code !== "EAGAIN") throw worldFailure(`cannot write the output: ${code}`)
      await Bun.sleep(FULL_PIPE_MS)
    }
  }
  return true
}
