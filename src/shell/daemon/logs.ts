/** `holyf-network daemon logs`: the end of the worker's log, and what is added to it. */
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs"
import { harmless } from "../../core/text/width.ts"
import { exitCodes, worldFailure } from "../failure.ts"
import { print } from "../plain/output.ts"
import { readProblem } from "../text-file.ts"
import { thisCaller, tolerateDaemonFile } from "./caller.ts"
import { type Asked, findTarget } from "./target.ts"

export type LogsRequest = { readonly kind: "daemon logs"; readonly lines: number; readonly follow: boolean } & Asked

const TAIL_BYTES = 1 << 20
const FOLLOW_MS = 500

/** Answers the exit code. Throws a `Failure` when there is no log to read. */
export async function printLogs(asked: LogsRequest): Promise<number> {
  const caller = thisCaller()
  const { paths } = await findTarget(caller, asked, (await tolerateDaemonFile(caller)).settings)
  if (paths.logFile === "")
    throw worldFailure("the worker writes its log to stderr; under systemd read it with: journalctl -u holyf-network")
  let at: { readonly text: string; readonly end: number; readonly inode: number }
  try {
    at = readFrom(paths.logFile, (size) => Math.max(0, size - TAIL_BYTES))
  } catch (error) {
    throw worldFailure(readProblem(paths.logFile, error, "No worker has written a log yet."))
  }
  await print(shown(at.text.trimEnd().split("\n").slice(-asked.lines)))
  for (let { end, inode } = at; asked.follow; ) {
    await Bun.sleep(FOLLOW_MS)
    const stats = statSync(paths.logFile, { throwIfNoEntry: false })
    if (stats === undefined) continue
    const isSame = stats.ino === inode && stats.size >= end
    if (isSame && stats.size === end) continue
    const more = readFrom(paths.logFile, () => (isSame ? end : 0))
    ;({ end, inode } = more)
    await print(shown(more.text.trimEnd().split("\n")))
  }
  return exitCodes.ok
}

const shown = (lines: readonly string[]) => lines.filter((line) => line !== "").map((line) => `${harmless(line)}\n`)

function readFrom(path: string, start: (size: number) => number) {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const { size, ino } = fstatSync(fd)
    const from = start(size)
    const buffer = Buffer.alloc(Math.min(TAIL_BYTES, size - from))
    const got = readSync(fd, buffer, 0, buffer.length, from)
    return { text: buffer.toString("utf8", 0, got), end: from + got, inode: ino }
  } finally {
    closeSync(fd)
  }
}
