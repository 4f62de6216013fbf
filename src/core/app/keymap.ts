/** Which action a key or a click means, here and now. */
import { contains } from "../text/layer.ts"
import type { Action } from "./action.ts"
import { existing } from "./command.ts"
import { appCommandsIn, commandsOf } from "./guide.ts"
import { inside, layout, overlayPlacements, type Placement } from "./layout.ts"
import type { MouseAt } from "./panel.ts"
import { everyPanel, panelOf, type SomeCommand, type SomePanel, sliceOf } from "./registry.ts"
import type { State } from "./state.ts"

/** A key that ends the program from anywhere, even inside a form. */
const EVERYWHERE = "ctrl+c"

const find = (commands: readonly SomeCommand[], chord: string) => commands.find(({ keys }) => keys.includes(chord))

const notice = (text: string): Action => ({ type: "app/notice", text, tone: "strong" })

/**
 * The chords of one key press: two where tmux held an Esc back and gave it to the next key. Only something that Esc can
 * leave takes them apart; elsewhere `alt+q` is not `q`.
 */
export function chordsOf(state: State, chord: string): readonly string[] {
  if (!chord.startsWith("alt+") || !hasEscape(state)) return [chord]
  return ["escape", chord.slice("alt+".length)]
}

function hasEscape(state: State): boolean {
  if (state.overlays.length > 0) return true
  const front = panelOf(state.focus)
  return front.capture?.(sliceOf(state, front), "escape") !== undefined
}

/**
 * The action of a chord, or undefined when it means nothing. An open overlay takes every key. Else the focused panel is
 * asked first, then the program; a key of another panel is answered with where it works.
 */
export function actionForKey(state: State, chord: string): Action | undefined {
  const { source } = state
  if (chord === EVERYWHERE) return find(appCommandsIn(source), chord)?.action
  const top = state.overlays.at(-1)
  const front = panelOf(top ?? state.focus)
  const typed = front.capture?.(sliceOf(state, front), chord)
  if (typed !== undefined) return typed
  const own = find(commandsOf(front, source), chord)
  if (own !== undefined) return perform(state, front, own)
  if (top !== undefined) return undefined
  const global = find(appCommandsIn(source), chord)
  if (global !== undefined) return perform(state, front, global)
  for (const panel of existing(everyPanel, source)) {
    if (panel.place.region === "overlay") continue
    const command = find(commandsOf(panel, source), chord)
    if (command !== undefined)
      return notice(`${command.title}: press Tab for ${panel.title(sliceOf(state, panel), state)} first`)
  }
  return undefined
}

function perform(state: State, panel: SomePanel, command: SomeCommand): Action {
  const reason = command.refuse?.(sliceOf(state, panel), state)
  return reason === undefined ? command.action : notice(reason)
}

/** The actions of a click or a turn of the wheel at a cell of the screen. A click brings the focus with it. */
export function actionsForMouse(state: State, event: MouseAt): readonly Action[] {
  const overlays = overlayPlacements(state)
  const hit = (overlays.length > 0 ? overlays.slice(-1) : layout(state)).find(({ area }) =>
    contains(area, event.x, event.y),
  )
  if (hit === undefined || (event.kind === "drag" && hit.panel.drags !== true)) return []
  const focus: Action[] =
    event.kind === "click" && overlays.length === 0 && hit.panel.id !== state.focus
      ? [{ type: "app/focus", panel: hit.panel.id }]
      : []
  const own = hit.form === "box" ? insideOf(state, hit, event) : undefined
  return own === undefined ? focus : [...focus, own]
}

function insideOf(state: State, { panel, area, form }: Placement, event: MouseAt): Action | undefined {
  const at = { ...event, x: event.x - area.x - 1, y: event.y - area.y - 1 }
  const room = inside({ panel, area, form })
  if (at.x < 0 || at.y < 0 || at.x >= room.width || at.y >= room.height) return undefined
  return panel.mouse?.(sliceOf(state, panel), state, room, at)
}

/** What pasted text means: text for the field that is open, else nothing; never keys. */
export function actionForPaste(state: State, text: string): Action | undefined {
  const front = panelOf(state.overlays.at(-1) ?? state.focus)
  return front.paste?.(sliceOf(state, front), text)
}
