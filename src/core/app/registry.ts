/** The panel list, seen without the exact type of each: what update, view and keymap need to treat all panels alike. */
import { panels } from "../panels/index.ts"
import type { Action } from "./action.ts"
import { type Command, existing } from "./command.ts"
import type { Facts } from "./facts.ts"
import type { Panel } from "./panel.ts"
import type { PanelId, State } from "./state.ts"

/** A panel whose slice and actions are its own business. Only code that hands it its own slice may use it. */
export type SomePanel = Panel<PanelId, unknown, Action & { readonly type: `${PanelId}/${string}` }>

export const everyPanel = panels as unknown as readonly SomePanel[]

const byId = new Map(everyPanel.map((panel) => [panel.id, panel]))

export function panelOf(id: PanelId): SomePanel {
  const panel = byId.get(id)
  if (panel === undefined) throw new Error(`no panel is called ${id}`)
  return panel
}

/** The panel an action belongs to, by the name in front of its slash. */
export const ownerOfAction = (action: Action): SomePanel | undefined =>
  byId.get(action.type.slice(0, action.type.indexOf("/")) as PanelId)

/** Panels that have a place on the dashboard, in the order of Tab; without a source, those of both screens. */
export const dashboardPanels = (source?: Facts["source"]): readonly SomePanel[] =>
  (source === undefined ? everyPanel : existing(everyPanel, source)).filter(({ place }) =>
    (["main", "side", "band"] as const).some((region) => region === place.region),
  )

/** The panel that keys go to: the overlay on top, else the page, else the one with the focus. */
export const frontOf = ({ overlays, page, focus }: Pick<State, "overlays" | "page" | "focus">): SomePanel =>
  panelOf(overlays.at(-1) ?? page ?? focus)

export const sliceOf = (state: State, panel: SomePanel): unknown => state.slices[panel.id]

export type SomeCommand = Command<unknown, Action>
