/** The live dashboard: the only program that may change the host. */

import type { Settings } from "../core/app/facts.ts"
import { initialState } from "../core/app/state.ts"
import type { NamespaceSelection } from "../core/sample/network-namespace.ts"
import type { Note } from "../core/sample/sample.ts"
import { Collector } from "./collect.ts"
import { liveEffects } from "./effects.ts"
import { sinceBootMs } from "./kernel/clock.ts"
import { keepMemorySmall, trimOwnMemory } from "./own-memory.ts"
import { screenProgram } from "./screen-program.ts"
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
    const { listener } = screenProgram(
      screen,
      { ...initialState("live", settings, { isMasked: options.isMasked, at: sinceBootMs() }), screen: screen.size },
      liveEffects({
        collector,
        interfaceName: settings.interfaceName,
        notes: options.notes,
        quit: (code) => screen.quit(code),
      }),
      {
        shown: (program) => {
          program.dispatch({ type: "look/due", at: sinceBootMs() })
          program.dispatch({ type: "lane/due", at: sinceBootMs() })
          return [{ type: "capabilities/probe" }, { type: "blocks/list", epoch: 0 }]
        },
        stop: () => {
          collector.close()
          stopHousekeeping()
        },
      },
    )
    return listener
  })
}
