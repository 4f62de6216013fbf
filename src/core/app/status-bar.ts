/** The last line of the screen: what is looked at, how old it is, and which keys matter here. */
import { type Line, type Span, span } from "../text/line.ts"
import { duration } from "../text/units.ts"
import { cellWidth, cut, harmless } from "../text/width.ts"
import { appCommands } from "./commands.ts"
import { panelOf, type SomeCommand } from "./registry.ts"
import type { State } from "./state.ts"

type Item = (state: State) => Span | undefined

/** From left to right; where the line is short, the last ones are left out first. */
const items: readonly Item[] = [
  (state) => span(harmless(state.settings.interfaceName), "strong"),
  (state) => (state.isPaused ? span("PAUSED", "accent") : undefined),
  (state) => (state.isMasked ? span("MASKED", "accent") : undefined),
  (state) => (state.isZoomed ? span("ZOOMED", "accent") : undefined),
  (state) => (state.notice === undefined ? undefined : span(harmless(state.notice.text), state.notice.tone)),
  (state) => span(age(state), "plain"),
  (state) => span(`every ${duration(state.settings.refreshMs)}`, "muted"),
]

function age({ model, now }: State): string {
  return model === undefined ? "first look…" : `${duration(now - model.at)} ago`
}

const SEPARATOR = "  "

export function statusBar(state: State, width: number): Line {
  const out: Span[] = [span(" ")]
  let left = width - 1
  const put = (part: Span): boolean => {
    const needed = cellWidth(part.text) + SEPARATOR.length
    if (needed > left) return false
    out.push(part, span(SEPARATOR))
    left -= needed
    return true
  }
  for (const item of items) {
    const part = item(state)
    if (part !== undefined && !put(part)) {
      if (part.text === state.notice?.text) put({ ...part, text: cut(part.text, left - SEPARATOR.length) })
    }
  }
  for (const { hint } of hints(state)) {
    const needed = cellWidth(hint!.key) + 1 + cellWidth(hint!.word) + SEPARATOR.length
    if (needed > left) continue
    out.push(span(hint!.key, "strong"), span(` ${hint!.word}${SEPARATOR}`, "muted"))
    left -= needed
  }
  const version = `holyf-network ${state.settings.version}`
  if (left >= version.length + 1) out.push(span(" ".repeat(left - version.length - 1)), span(version, "muted"))
  return out
}

/** The keys worth a word: those of the overlay in front, or of the focused panel and the program. */
function hints(state: State): readonly SomeCommand[] {
  const top = state.overlays.at(-1)
  const commands = top === undefined ? [...panelOf(state.focus).commands, ...appCommands] : panelOf(top).commands
  return (commands as readonly SomeCommand[]).filter(({ hint }) => hint !== undefined)
}
