/**
 * What a panel is: one value with its state, its update, its commands and its view.
 *
 * A panel sees the shared facts and its own slice, and never another panel.
 */
import type { Subject } from "../model/subject.ts"
import type { Trail } from "../model/trail.ts"
import type { Line, Size, Tone } from "../text/line.ts"
import type { Command, Hint } from "./command.ts"
import type { Effect } from "./effect.ts"
import type { Facts } from "./facts.ts"
import type { ReplayWish } from "./replay.ts"

/** A word to the operator, in the status bar for some seconds. */
export interface Say {
  readonly type: "say"
  readonly text: string
  readonly tone: Tone
}

/** Why nothing happened, or what did where it cannot be seen. */
export const say = (text: string, tone: Tone = "strong"): Say => ({ type: "say", text, tone })

/** What an overlay is opened about. */
export interface About {
  readonly subject: Subject
  /** The rates of the looks before. */
  readonly trail?: Trail
  /** It is about ending connections, not about keeping the peer out. */
  readonly isKillOnly?: boolean
}

/** Opens an overlay, about something that the panel knows. */
export type Open =
  | { readonly type: "app/open"; readonly panel: "details" | "block-peer" | "trace-packet"; readonly about: About }
  | { readonly type: "app/open"; readonly panel: "trace-progress" }

/**
 * The panel's slice after an action, what it asks of the world and what it says. The same slice object means nothing
 * changed.
 */
export type PanelStep<Slice> = readonly [Slice, ...(Effect | Say | Open | Close | ReplayWish)[]]

/** What every overlay may do without an action of its own. */
export interface Close {
  readonly type: "app/close"
}

export interface MouseAt {
  /** `drag`: the button is held and the pointer moved; only panels that say so are told. */
  readonly kind: "click" | "wheel-up" | "wheel-down" | "drag"
  /** Cells from the left and top of the panel's inside. */
  readonly x: number
  readonly y: number
}

/** Where a panel stands: in the wide part, in the column at its side, or above everything while open. */
export type Place =
  | { readonly region: "main" }
  | { readonly region: "side"; readonly weight: number }
  /** Across the whole width, above the status bar, on every screen. */
  | { readonly region: "band"; readonly height: (screen: Size) => number }
  | { readonly region: "overlay"; readonly size: (facts: Facts) => Size }

export interface Panel<Id extends string, Slice, Action extends { readonly type: `${Id}/${string}` }> {
  readonly id: Id
  /** What it is called where its title, which may follow its state, would mislead: in documents. */
  readonly name?: string
  readonly place: Place
  readonly initial: Slice
  /** Where it begins otherwise. */
  readonly initialIn?: { readonly replay?: Slice }
  /** Where it stands; absent: everywhere. */
  readonly only?: Facts["source"]
  readonly commands: readonly Command<Slice, Action | Close | ReplayWish>[]
  readonly title: (slice: Slice, facts: Facts) => string
  /** At the right of the top edge, such as `1-12 of 40`. */
  readonly note?: (slice: Slice, facts: Facts, size: Size) => string
  /** The slice of an overlay that opens, and what it asks of the world; else it opens with `initial`. */
  open?(facts: Facts, about?: About): PanelStep<Slice>
  /** `size` is the panel's inside as it stands on the screen, or would. */
  update(slice: Slice, action: Action, facts: Facts, size: Size): PanelStep<Slice>
  /** Called when the model, the mask or another fact is new: what the panel derives from them is made here, once. */
  refresh?(slice: Slice, facts: Facts): Slice
  /** The only facts that title, note, view and strip look at. Absent: they may look at all. */
  readonly looksAt?: readonly (keyof Facts)[]
  /** Exactly what stands inside the frame. Computes nothing that a test would want to check without a screen. */
  view(slice: Slice, facts: Facts, size: Size): readonly Line[]
  /** One line that says the most important thing, for layouts without room for the panel. */
  strip?(slice: Slice, facts: Facts, width: number): Line
  /** It is told of a pointer that is moved with the button held. */
  readonly drags?: true
  mouse?(slice: Slice, facts: Facts, size: Size, at: MouseAt): Action | undefined
  /** While text is typed in the panel: the action of every key, taken before all commands. */
  capture?(slice: Slice, chord: string): Action | undefined
  /** The keys that matter while text is typed: they stand in the status bar for those of the commands. */
  captureHints?(slice: Slice): readonly Hint[] | undefined
  paste?(slice: Slice, text: string): Action | undefined
}

/** Checks that a panel's actions carry its own name, and keeps its exact types. */
export const definePanel = <const Id extends string, Slice, Action extends { readonly type: `${Id}/${string}` }>(
  panel: Panel<Id, Slice, Action>,
): Panel<Id, Slice, Action> => panel
