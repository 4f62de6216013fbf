/** The replay on the screen: the dashboard's panels, fed from files. */
import type { Settings } from "../../core/app/facts.ts"
import { initialReplay } from "../../core/app/replay.ts"
import { initialState, type State } from "../../core/app/state.ts"
import { update } from "../../core/app/update.ts"
import { makeZoneTable } from "../../core/history/zone-table.ts"
import { hostZone } from "../daemon/caller.ts"
import { sinceBootMs } from "../kernel/clock.ts"
import { keepMemorySmall, trimOwnMemory } from "../own-memory.ts"
import { screenProgram } from "../screen-program.ts"
import { run, type TerminalOptions } from "../terminal/screen.ts"
import { historyState, replayEffects } from "./effects.ts"
import type { History } from "./history.ts"
import { placeName } from "./place.ts"

/** The first frame has a snapshot in it where that takes no longer than this. */
const FIRST_SLICE_MS = 10
/** Zones before and after the window are asked for too: a jump may lead there. */
const AROUND_MS = 2 * 366 * 86_400_000

export async function replay(
  history: History,
  settings: Settings,
  options: { readonly isMasked: boolean; readonly terminal: TerminalOptions; readonly note?: string },
): Promise<number> {
  trimOwnMemory()
  history.indexMore(FIRST_SLICE_MS)
  return run(options.terminal, (screen) => {
    const stopHousekeeping = keepMemorySmall()
    const { listener } = screenProgram(
      screen,
      firstState(history, settings, options, screen.size),
      replayEffects(history, (code) => screen.quit(code)),
      {
        shown: () => [{ type: "history/index" }, { type: "trace/list" }],
        stop: () => {
          history.close()
          stopHousekeeping()
        },
      },
    )
    return listener
  })
}

/** The state with the first snapshot, read here: a first frame without anything would only flicker. */
function firstState(
  history: History,
  settings: Settings,
  options: { readonly isMasked: boolean; readonly note?: string },
  size: State["screen"],
): State {
  const now = sinceBootMs()
  const wall = Date.now()
  const empty = initialState("replay", settings, { isMasked: options.isMasked, at: now })
  const view = historyState(history)
  const started: State = {
    ...empty,
    screen: size,
    replay: initialReplay({
      scope: placeName(history.place),
      isFolder: history.place.kind === "folder",
      window: history.window,
      zones: makeZoneTable(
        hostZone,
        Math.min(history.window.from ?? firstTime(view, wall), wall) - AROUND_MS,
        wall + AROUND_MS,
      ),
      days: history.days(),
      clock: { wall, now },
      history: view,
    }),
  }
  const [state, ...effects] = update(started, {
    type: "history/indexed",
    history: view,
    days: started.replay!.days,
    at: now,
  })
  const read = effects.find((effect) => effect.type === "record/read")
  if (read?.type !== "record/read") return withNote(state, options.note)
  try {
    const line = history.read(read.key, read.bytes)
    if (line === undefined) return withNote(state, options.note)
    return withNote(update(state, { type: "record/read", key: read.key, at: read.at, line })[0], options.note)
  } catch {
    // It is asked for again, and told then.
    return withNote(state, options.note)
  }
}

const firstTime = ({ index }: ReturnType<typeof historyState>, otherwise: number): number =>
  index.length === 0 ? otherwise : index.lines.at[0]!

const withNote = (state: State, note: string | undefined): State =>
  note === undefined ? state : update(state, { type: "app/notice", text: note, tone: "warn" })[0]
