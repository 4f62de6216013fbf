/** The keys that work here and now, in words: what the help shows. Made from the command lists, so it cannot be wrong. */
import type { CommandGroup } from "./command.ts"
import { appCommands } from "./commands.ts"
import { keyLabel } from "./key-label.ts"
import { frontOf, type SomeCommand, type SomePanel, sliceOf } from "./registry.ts"
import type { State } from "./state.ts"

export interface GuideEntry {
  readonly keys: string
  readonly title: string
}

export interface GuideSection {
  readonly title: CommandGroup
  readonly entries: readonly GuideEntry[]
}

/** The commands that can be done now: those of the panel in front, then those of the program. */
export function guide(state: State): readonly GuideSection[] {
  const panel = frontOf({ ...state, overlays: [] })
  const works = ({ refuse }: SomeCommand) => refuse?.(sliceOf(state, panel), state) === undefined
  return [...sections(commandsOf(panel).filter(works)), ...sections(appCommands.filter(works))]
}

export const commandsOf = (panel: SomePanel) => panel.commands as readonly SomeCommand[]

/** How all keys of a command are written: `PgUp [`. */
export const keysLabel = ({ keys }: SomeCommand): string => keys.map(keyLabel).join(" ")

/** Commands by their group, groups in the order in which they first come. */
export function sections(commands: readonly SomeCommand[]): readonly GuideSection[] {
  const titles = [...new Set(commands.map(({ group }) => group))]
  return titles.map((title) => ({
    title,
    entries: commands
      .filter(({ group }) => group === title)
      .map((command) => ({ keys: keysLabel(command), title: command.title })),
  }))
}
