/** `holyf-network replay`: the screen, or one of the commands that print and end. */
import type { ReplayRequest } from "../cli.ts"
import { exitCodes } from "../failure.ts"

/** Answers the exit code. Throws a `Failure` when there is nothing to look into. */
export async function replayHistory(asked: ReplayRequest): Promise<number> {
  switch (asked.kind) {
    case "replay-list":
      await (await import("./plain/list.ts")).printDays(asked)
      return exitCodes.ok
    case "replay-at":
      await (await import("./plain/at.ts")).printMoment(asked)
      return exitCodes.ok
    case "replay-search":
      await (await import("./plain/search.ts")).printHits(asked)
      return exitCodes.ok
    case "replay-export":
      await (await import("./plain/export.ts")).printRows(asked)
      return exitCodes.ok
    case "replay":
      return (await import("./open-replay.ts")).openReplay(asked)
  }
}
