/** The help, written from the tables of commands and flags. Readable at 80 columns. */
import { type CommandName, type CommandSpec, commands } from "../core/config/commands.ts"
import { type Flag, flagSentence, flagSpelling, flags } from "../core/config/flags.ts"
import { wrap } from "../core/text/width.ts"

const WIDTH = 80
const PROGRAM = "holyf-network"

export function helpText(name: CommandName): string {
  const command: CommandSpec = commands.find((candidate) => candidate.name === name)!
  const isRoot = name === ""
  const blocks = [
    [isRoot ? `${PROGRAM}: who is talking to this host` : `${PROGRAM} ${name}: ${command.summary}`],
    section("Usage", commandsOf(command).map(usage)),
    ...command.about.map((paragraph) => wrap(paragraph, WIDTH)),
    ...command.flags.map(({ title, ids }) =>
      section(
        title,
        ids.map((id) => [
          flagSpelling(flags[id]),
          flagSentence(withDefault(flags[id], command.defaults?.[id]), command.sentences?.[id]),
        ]),
      ),
    ),
    ...(isRoot ? [section("Exit codes", exits)] : []),
    ...(command.examples.length === 0
      ? []
      : [
          section(
            "Examples",
            command.examples.map(({ line, meaning }) => [line, meaning]),
            EXAMPLE_MAX,
          ),
        ]),
  ]
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`
}

/** The root names everything, and the head of a family its members. */
const commandsOf = (command: CommandSpec): readonly CommandSpec[] =>
  command.name === ""
    ? commands.filter(({ name }) => !name.includes(" "))
    : [command, ...commands.filter(({ name }) => name.startsWith(`${command.name} `))]

type Entry = readonly [term: string, sentence: string]

const exits: readonly Entry[] = [
  ["0", "done"],
  ["1", "the host said no: a source could not be read, an action was refused"],
  ["2", "the command line or a settings file is wrong, or there is no terminal to draw on"],
  ["3", "partly done: connections survived a kill; daemon status: no worker runs"],
]

const usage = ({ name, words, usage, summary }: CommandSpec): Entry => [
  [PROGRAM, usage ?? [name, words ?? "[flags]"].filter((part) => part !== "").join(" ")].join(" "),
  summary,
]

const withDefault = (flag: Flag, value: number | undefined): Flag =>
  value === undefined || flag.type !== "integer" ? flag : { ...flag, default: value }

const INDENT = 2
const GAP = 2
const TERM_MAX = 34
const EXAMPLE_MAX = 48

/** A term longer than `termMax` has its sentence on the next line. */
function section(title: string, entries: readonly Entry[], termMax = TERM_MAX): string[] {
  const fitting = entries.map(([term]) => term.length).filter((length) => length <= termMax)
  const column = INDENT + Math.max(0, ...fitting) + GAP
  return [
    `${title}:`,
    ...entries.flatMap(([term, sentence]) => {
      const [first = "", ...more] = wrap(sentence, WIDTH - column)
      const start = " ".repeat(INDENT) + term
      const pad = " ".repeat(column)
      return term.length > termMax
        ? [start, pad + first, ...more.map((line) => pad + line)]
        : [start.padEnd(column) + first, ...more.map((line) => pad + line)]
    }),
  ]
}
