/** The keys that work here and now, in words: what the help shows. Made from the command lists, so it cannot be wrong. */
import { type CommandGroup, existing } from "./command.ts"
import { appCommands } from "./commands.ts"
import type { Facts } from "./facts.ts"
import { keyLabel } from "./key-label.ts"
import { panelOf, type SomeCommand, type SomePanel, sliceOf } from "./registry.ts"
import type { State } from "./state.ts"

export interface GuideEntry {
  readonly keys: string
  readonly title: string
  /** Why the command cannot be done now. */
  readonly refusal?: string
}

export interface GuideSection {
  readonly title: CommandGroup
  readonly entries: readonly GuideEntry[]
}

/** The commands of the focused panel, then those of the program. */
export function guide(state: State): readonly GuideSection[] {
  const panel = panelOf(state.focus)
  const refusalOf = ({ refuse }: SomeCommand) => refuse?.(sliceOf(state, panel), state)
  const { source } = state
  const own = sections(commandsOf(panel, source), refusalOf)
  const everywhere = sections(appCommandsIn(source), refusalOf)
  // In a replay it is time that is gone through: those keys stand on the first page.
  const isTime = ({ title }: GuideSection) => title === "Time"
  return [...everywhere.filter(isTime), ...own, ...everywhere.filter((section) => !isTime(section))]
}

/** The commands that a panel has live or in a replay, with the keys that they have there. */
export const commandsOf = (panel: SomePanel, source: Facts["source"]): readonly SomeCommand[] =>
  withKeys(panel.commands as readonly SomeCommand[], source)

/** As above, of those that belong to no panel. */
export const appCommandsIn = (source: Facts["source"]): readonly SomeCommand[] => withKeys(appCommands, source)

const withKeys = (commands: readonly SomeCommand[], source: Facts["source"]): readonly SomeCommand[] =>
  existing(commands, source).map((command) =>
    source === "replay" && command.replayKeys !== undefined ? { ...command, keys: command.replayKeys } : command,
  )

/** How all keys of a command are written: `PgUp [`. */
export const keysLabel = ({ keys }: SomeCommand): string => keys.map(keyLabel).join(" ")

/** Commands by their group, groups in the order in which they first come. */
export function sections(
  commands: readonly SomeCommand[],
  refusalOf: (command: SomeCommand) => string | undefined = () => undefined,
): readonly GuideSection[] {
  const titles = [...new Set(commands.map(({ group }) => group))]
  return titles.map((title) => ({
    title,
    entries: commands
      .filter(({ group }) => group === title)
      .map((command) => {
        const refusal = refusalOf(command)
        const entry = { keys: keysLabel(command), title: command.title }
        return refusal === undefined ? entry : { ...entry, refusal }
      }),
  }))
}
