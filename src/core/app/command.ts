/** Commands: what a key does, declared once. Footer, help and docs/keys.md are made from the list. */
import type { Facts } from "./facts.ts"

export type CommandGroup = "Time" | "Select" | "Look" | "Filter and sort" | "Act" | "Screen" | "Program"

/** What the status bar says of a command: `o in/out`. */
export interface Hint {
  readonly key: string
  readonly word: string
  /** Where the bar is short, 1 stays longest; one without a rank goes first. */
  readonly rank?: 1 | 2 | 3
}

export interface Command<Slice, Action> {
  readonly id: string
  /** Chords as `shell/terminal/keys.ts` writes them: `q`, `B`, `shift+tab`, `ctrl+c`, `pageup`. */
  readonly keys: readonly string[]
  /** In a replay, where they differ. */
  readonly replayKeys?: readonly string[]
  /** Where it exists; absent: everywhere. */
  readonly only?: Facts["source"]
  readonly title: string
  /** A command without one is left to the help. */
  readonly hint?: Hint
  readonly group: CommandGroup
  /** Answers why the command cannot be done here and now; the operator sees it. */
  readonly refuse?: (slice: Slice, facts: Facts) => string | undefined
  readonly action: Action
}

/** What exists here, of a list of commands or panels. */
export const existing = <T extends { readonly only?: Facts["source"] }>(
  list: readonly T[],
  source: Facts["source"],
): readonly T[] => list.filter(({ only }) => only === undefined || only === source)
