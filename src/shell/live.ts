/** The live dashboard: the only program that may change the host. */

import type { Settings } from "../core/app/facts.ts"
import { actionForKey, actionForPaste, actionsForMouse, chordsOf } from "../core/app/keymap.ts"
import { initialState } from "../core/app/state.ts"
import { view } from "../core/app/view.ts"
import type { NamespaceSelection } from "../core/sample/network-namespace.ts"
import type { Note } from "../core/sample/sample.ts"
import { Collector } from "./collect.ts"
import { liveEffects } from "./effects.ts"
import { sinceBootMs } from "./kernel/clock.ts"
import { keepMemorySmall, trimOwnMemory } from "./own-memory.ts"
import { Program } from "./program.ts"
import { run, type TerminalOptions } from "./terminal/screen.ts"

export async function live(
  settings: Settings,
  options: {
    isMasked: boolean
    namespaces: NamespaceSelection
    notes: readonly Note[]
    terminal: TerminalOptions
  },
): Promise<number> {
  // Everything is loaded; from here on a small part of it is used.
  trimOwnMemory()
  const collector = new Collector({
    interfaceName: settings.interfaceName,
    namespaces: options.namespaces,
    intervalMs: settings.refreshMs,
    readsGrounds: true,
    now: Date.now,
    monotonicMs: () => performance.now(),
  })
  return run(options.terminal, (screen) => {
    trimOwnMemory()
    const stopHousekeeping = keepMemorySmall()
    const program = new Program(
      { ...initialState("live", settings, { isMasked: options.isMasked, at: sinceBootMs() }), screen: screen.size },
      liveEffects({
        collector,
        interfaceName: settings.interfaceName,
        notes: options.notes,
        quit: (code) => screen.quit(code),
      }),
      (state) => screen.paint(view(state)),
      {
        now: sinceBootMs,
        setInterval: (act, everyMs) => {
          const timer = setInterval(act, everyMs)
          return () => clearInterval(timer)
        },
        later: (act) => void setImmediate(act),
      },
    )
    screen.paint(view(program.state))
    return {
      shown: () => {
        program.dispatch({ type: "look/due", at: sinceBootMs() })
        program.dispatch({ type: "lane/due", at: sinceBootMs() })
        program.start({ type: "capabilities/probe" }, { type: "blocks/list", epoch: 0 })
      },
      key: (chord) => {
        for (const each of chordsOf(program.state, chord)) {
          const action = actionForKey(program.state, each)
          if (action !== undefined) program.dispatch(action)
        }
      },
      mouse: (at) => {
        for (const action of actionsForMouse(program.state, at)) program.dispatch(action)
      },
      paste: (text) => {
        const action = actionForPaste(program.state, text)
        if (action !== undefined) program.dispatch(action)
      },
      resize: (size) => program.dispatch({ type: "screen/resized", size }),
      stop: () => {
        program.stop()
        collector.close()
        stopHousekeeping()
      },
    }
  })
}
