/** A state machine on a screen: keys, clicks and text in, frames out. The live dashboard and the replay are both one. */
import type { Effect } from "../core/app/effect.ts"
import { actionForKey, actionForPaste, actionsForMouse, chordsOf } from "../core/app/keymap.ts"
import type { State } from "../core/app/state.ts"
import { view } from "../core/app/view.ts"
import { sinceBootMs } from "./kernel/clock.ts"
import { type EffectHandlers, Program } from "./program.ts"
import type { Listener, Screen } from "./terminal/screen.ts"

export interface ScreenProgram {
  readonly program: Program
  readonly listener: Listener
}

export function screenProgram(
  screen: Screen,
  state: State,
  handlers: Partial<EffectHandlers>,
  at: { readonly shown: (program: Program) => readonly Effect[]; readonly stop: () => void },
): ScreenProgram {
  const program = new Program(state, handlers, (next) => screen.paint(view(next)), {
    now: sinceBootMs,
    setInterval: (act, everyMs) => {
      const timer = setInterval(act, everyMs)
      return () => clearInterval(timer)
    },
    later: (act) => void setImmediate(act),
  })
  screen.paint(view(program.state))
  return {
    program,
    listener: {
      shown: () => program.start(...at.shown(program)),
      key: (chord) => {
        for (const each of chordsOf(program.state, chord)) {
          const action = actionForKey(program.state, each)
          if (action !== undefined) program.dispatch(action)
        }
      },
      mouse: (event) => {
        for (const action of actionsForMouse(program.state, event)) program.dispatch(action)
      },
      paste: (text) => {
        const action = actionForPaste(program.state, text)
        if (action !== undefined) program.dispatch(action)
      },
      resize: (size) => program.dispatch({ type: "screen/resized", size }),
      stop: () => {
        program.stop()
        at.stop()
      },
    },
  }
}
