/** Commands: what a key does, declared once. Footer, help and docs/keys.md are made from the list. */
import type { Facts } from "./facts.ts"

export type CommandGroup = "Look" | "Select" | "Filter and sort" | "Act" | "Program"

export interface Command<Slice, Action> {
  readonly id: string
  /** Chords as `shell/terminal/keys.ts` writes them: `q`, `B`, `shift+tab`, `ctrl+c`, `pageup`. */
  readonly keys: readonly string[]
  readonly title: string
  /** What the footer says; a command without it is left to the help. */
  readonly hint?: { readonly key: string; readonly word: string }
  readonly group: CommandGroup
  /** Answers why the command cannot be done here and now; the operator sees it. */
  readonly refuse?: (slice: Slice, facts: Facts) => string | undefined
  readonly action: Action
}
