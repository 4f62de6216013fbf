/**
 * What the columns, lines and words on the screen mean. Each panel says it of its own, once: the overlay and
 * docs/columns.md show the same sentences.
 */
import { everyPanel, panelOf, type SomePanel, sliceOf } from "./registry.ts"
import type { PanelId, State } from "./state.ts"

export interface Explanation {
  /** As it stands on the screen: `SEND-Q`, `cover`. */
  readonly words: readonly string[]
  readonly text: string
}

/** What an open explanation is about. */
export interface Explained {
  readonly title: string
  readonly entries: readonly Explanation[]
  /** The entry to begin with. */
  readonly first: number
}

/** The explanations of a panel, beginning with the one of that word, else of the word that the panel is at. */
export function explained(state: State, id: PanelId, asked?: string): Explained {
  const panel = panelOf(id)
  const word = asked ?? panel.word?.(sliceOf(state, panel))
  const entries = panel.explanations ?? []
  const at = word === undefined ? -1 : entries.findIndex(({ words }) => words.includes(word))
  return { title: nameOf(panel, state), entries, first: Math.max(0, at) }
}

const nameOf = (panel: SomePanel, state: State): string => panel.name ?? panel.title(sliceOf(state, panel), state)

/** Panels that explain something. */
export const explainedPanels = (): readonly SomePanel[] => everyPanel.filter(({ explanations }) => explanations?.length)
