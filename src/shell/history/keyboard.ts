/** The terminal's keys where the standard input is something else. */
import { openSync } from "node:fs"
import { ReadStream } from "node:tty"
import { usageFailure } from "../failure.ts"
import { errorCode } from "../text-file.ts"

/** Throws a `Failure` when there is no terminal. */
export function takeTerminal(): ReadStream {
  try {
    return new ReadStream(openSync("/dev/tty", "r"))
  } catch (error) {
    throw usageFailure(
      `cannot open /dev/tty for the keys: ${errorCode(error)}. Without a terminal use: replay --list, --at or --export`,
    )
  }
}
