/** Opens a replay: what must hold before the screen may start. */
import { isatty } from "node:tty"
import type { ReplayRequest } from "../cli.ts"
import { hostZone } from "../daemon/caller.ts"
import { checkTerminal } from "../environment.ts"
import { usageFailure } from "../failure.ts"
import { loadThresholds } from "../threshold-file.ts"
import { version } from "../version.ts"
import { choosePlace, chooseWindow } from "./choose.ts"
import { History } from "./history.ts"
import { takeTerminal } from "./keyboard.ts"

/** Answers the exit code. Throws a `Failure` before anything was drawn. */
export async function openReplay(asked: Extract<ReplayRequest, { kind: "replay" }>): Promise<number> {
  const { thresholds, note } = loadThresholds(asked.healthConfig === undefined ? {} : { named: asked.healthConfig })
  const { place, notes } = await choosePlace(asked)
  const window = chooseWindow(asked, place, Date.now())
  const history = new History(place, window, { zone: hostZone, now: Date.now })
  // A history that came by the standard input leaves the keys to the terminal itself.
  const keyboard = place.kind === "stream" && !isatty(0) ? takeTerminal() : undefined
  const terminal = checkTerminal({
    hasKeys: keyboard !== undefined,
    name: "replay",
    instead: "replay --list, --at, --search or --export",
  })
  if (!terminal.ok) throw usageFailure(terminal.reason)
  const [first] = [...notes, ...(note === undefined ? [] : [note.text])]
  const { replay } = await import("./replay.ts")
  return replay(
    history,
    // Nobody's connections are left out: those of the worker were, when the record was made.
    { interfaceName: "–", refreshMs: 30_000, version, thresholds, ownPid: -2 },
    {
      isMasked: asked.sensitiveIp,
      terminal: {
        term: terminal.term,
        hasColor: terminal.isColored,
        isUtf8: terminal.isUtf8,
        ...(keyboard === undefined ? {} : { input: keyboard }),
      },
      ...(first === undefined ? {} : { note: first }),
    },
  )
}
