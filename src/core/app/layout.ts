/** Where each panel stands on a screen of a given size. */

import type { Rectangle } from "../text/layer.ts"
import type { Size } from "../text/line.ts"
import { existing } from "./command.ts"
import { everyPanel, panelOf, type SomePanel } from "./registry.ts"
import type { PanelId, State } from "./state.ts"

export interface Placement {
  readonly panel: SomePanel
  readonly area: Rectangle
  /** A frame with everything, or a single line without a frame. */
  readonly form: "box" | "strip"
}

export const SCREEN_MIN: Size = { width: 60, height: 15 }
/** Below this width panels stand one at a time, the others as one line each. */
const ONE_COLUMN_BELOW = 100
/** From this width the side column takes two fifths; between, a fixed number of cells. */
const WIDE_FROM = 160
const SIDE_WIDTH = { min: 40, max: 46 } as const
const STATUS_HEIGHT = 1

const framed = ({ source }: Pick<State, "source">) =>
  existing(everyPanel, source).filter((panel) => panel.place.region !== "overlay")

/** Panels in the order of Tab. */
export const focusOrder = (state: Pick<State, "source">): readonly PanelId[] => framed(state).map((panel) => panel.id)

/** Placements of everything but overlays, under which the status bar's line is left free. */
export function layout(state: State): readonly Placement[] {
  const { width, height } = state.screen
  const whole = { x: 0, y: 0, width, height: Math.max(0, height - STATUS_HEIGHT) }
  if (state.isZoomed) return [{ panel: panelOf(state.focus), area: whole, form: "box" }]
  const bands = bandsOf(state, whole)
  const above = { ...whole, height: whole.height - bands.reduce((sum, { area }) => sum + area.height, 0) }
  return [...(width < ONE_COLUMN_BELOW ? oneColumn(state, above) : twoColumns(state, above)), ...bands]
}

/** Panels across the whole width, at its lower end. */
function bandsOf(state: State, whole: Rectangle): Placement[] {
  const bands = framed(state).flatMap((panel) =>
    panel.place.region === "band" ? [{ panel, height: panel.place.height(state.screen) }] : [],
  )
  let y = whole.y + whole.height - bands.reduce((sum, { height }) => sum + height, 0)
  return bands.map(({ panel, height }): Placement => {
    const area = { ...whole, y, height }
    y += height
    return { panel, area, form: "box" }
  })
}

function oneColumn(state: State, whole: Rectangle): Placement[] {
  const strips = framed(state).filter((panel) => panel.place.region === "side" && panel.strip !== undefined)
  const lines = strips.map((panel, y): Placement => ({ panel, area: { ...whole, y, height: 1 }, form: "strip" }))
  const area = { ...whole, y: strips.length, height: whole.height - strips.length }
  return [...lines, { panel: inColumn(state), area, form: "box" }]
}

/** The panel that has the one column: that of the focus, or the main one while a band has it. */
function inColumn(state: State): SomePanel {
  const focused = panelOf(state.focus)
  return focused.place.region === "band" ? framed(state).find(({ place }) => place.region === "main")! : focused
}

function twoColumns(state: State, whole: Rectangle): Placement[] {
  const side =
    whole.width >= WIDE_FROM
      ? whole.width - Math.floor((whole.width * 3) / 5)
      : Math.min(SIDE_WIDTH.max, Math.max(SIDE_WIDTH.min, Math.floor(whole.width * 0.38)))
  const left = { ...whole, width: whole.width - side }
  const main = framed(state).filter((panel) => panel.place.region === "main")
  const right = { ...whole, x: left.width, width: side }
  return [...main.map((panel): Placement => ({ panel, area: left, form: "box" })), ...stacked(state, right)]
}

function stacked(state: State, column: Rectangle): Placement[] {
  const panels = framed(state).flatMap((panel) =>
    panel.place.region === "side" ? [{ panel, weight: panel.place.weight }] : [],
  )
  const total = panels.reduce((sum, { weight }) => sum + weight, 0)
  let y = column.y
  return panels.map(({ panel, weight }, i): Placement => {
    const isLast = i === panels.length - 1
    const height = isLast ? column.y + column.height - y : Math.floor((column.height * weight) / total)
    const area = { ...column, y, height }
    y += height
    return { panel, area, form: "box" }
  })
}

/** Where open overlays stand: centred, never larger than the screen. */
export function overlayPlacements(state: State): readonly Placement[] {
  const { width, height } = state.screen
  return state.overlays.map((id): Placement => {
    const panel = panelOf(id)
    const wanted = panel.place.region === "overlay" ? panel.place.size(state) : state.screen
    const size = { width: Math.min(wanted.width, width), height: Math.min(wanted.height, height) }
    const area = { x: (width - size.width) >> 1, y: (height - size.height) >> 1, ...size }
    return { panel, area, form: "box" }
  })
}

/** The room inside a placement. */
export const inside = ({ area, form }: Placement): Size =>
  form === "strip" ? area : { width: Math.max(0, area.width - 2), height: Math.max(0, area.height - 2) }

/** The room a panel has now, or would have with the focus. */
export function roomOf(state: State, id: PanelId): Size {
  const place = [...layout(state), ...overlayPlacements(state)].find(
    ({ panel, form }) => panel.id === id && form === "box",
  )
  return inside(
    place ??
      layout({ ...state, focus: id }).find(({ panel, form }) => panel.id === id && form === "box") ?? {
        panel: panelOf(id),
        area: { x: 0, y: 0, ...state.screen },
        form: "box",
      },
  )
}
