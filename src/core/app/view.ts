/** State to screen: exactly as many lines as the screen has, each exactly as wide. */
import { box, fitLine } from "../text/box.ts"
import { layer } from "../text/layer.ts"
import { type Line, line, span } from "../text/line.ts"
import { inside, layout, overlayPlacements, type Placement, SCREEN_MIN } from "./layout.ts"
import { frontOf, type SomePanel, sliceOf } from "./registry.ts"
import type { PanelId, State } from "./state.ts"
import { statusBar } from "./status-bar.ts"

export function view(state: State): readonly Line[] {
  const { width, height } = state.screen
  const blank = Array.from({ length: height }, () => fitLine([], width))
  if (width < SCREEN_MIN.width || height < SCREEN_MIN.height) return tooSmall(blank, state)
  const status = { x: 0, y: height - 1, width, height: 1 }
  const drawn = layer(blank, [fitLine(statusBar(state, width), width)], status)
  return [...layout(state), ...overlayPlacements(state)].reduce(
    (under, placement) => layer(under, draw(state, placement), placement.area),
    drawn,
  )
}

/** How each panel was drawn last, and from what. */
const lastDrawn = new Map<PanelId, { readonly from: readonly unknown[]; readonly lines: readonly Line[] }>()

/** A panel that says what it looks at is drawn anew only when that is new: most pictures differ in the clock alone. */
function draw(state: State, placement: Placement): readonly Line[] {
  const { panel, area, form } = placement
  if (panel.looksAt === undefined) return drawAnew(state, placement)
  const facts = panel.looksAt.map((fact) => state[fact])
  const from = [sliceOf(state, panel), area.width, area.height, form, hasFocus(state, panel), ...facts]
  const last = lastDrawn.get(panel.id)
  if (last !== undefined && from.every((value, i) => value === last.from[i])) return last.lines
  const lines = drawAnew(state, placement)
  lastDrawn.set(panel.id, { from, lines })
  return lines
}

const hasFocus = (state: State, panel: SomePanel): boolean => panel === frontOf(state)

function drawAnew(state: State, placement: Placement): readonly Line[] {
  const { panel, area, form } = placement
  const slice = sliceOf(state, panel)
  const room = inside(placement)
  if (form === "strip") return [fitLine(panel.strip?.(slice, state, area.width) ?? [], area.width)]
  const note = panel.note?.(slice, state, room)
  return box(panel.view(slice, state, room), area, {
    title: panel.title(slice, state),
    ...(note === undefined ? {} : { note }),
    hasFocus: hasFocus(state, panel),
  })
}

function tooSmall(blank: readonly Line[], { screen }: State): readonly Line[] {
  const text = [
    `${screen.width}x${screen.height} is too small`,
    `holyf-network needs ${SCREEN_MIN.width}x${SCREEN_MIN.height}`,
    "Ctrl+C quits",
  ]
  const lines = text.map((sentence) => fitLine(line(span(sentence, "warn")), screen.width))
  return layer(blank, lines, { x: 0, y: 0, width: screen.width, height: screen.height })
}
