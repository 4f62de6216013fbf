/** Every command: what it is for and which flags it knows. The dashboard is the command without a name. */
import type { FlagId } from "./flags.ts"

export interface CommandSpec {
  /** Empty for the dashboard. */
  readonly name: string
  /** Words behind the name, in brackets when they may be left away. */
  readonly words?: string
  /** How it is called, where the words alone would not say. */
  readonly usage?: string
  readonly summary: string
  /** Paragraphs of the command's own help. */
  readonly about: readonly string[]
  readonly flags: readonly { readonly title: string; readonly ids: readonly FlagId[] }[]
  /** Where a flag means something else than in the table of flags. */
  readonly sentences?: Partial<Record<FlagId, string>>
  /** Where what holds without the flag is another value than in the table of flags. */
  readonly defaults?: Partial<Record<FlagId, number>>
  readonly examples: readonly { readonly line: string; readonly meaning: string }[]
}

const label = {
  interface: "interface named in the output (default: the one that leads out); connections of all are listed",
} as const

export const commands = [
  {
    name: "",
    summary: "open the dashboard",
    about: [
      "Shows live who talks to this host and what is wrong. Runs without root too, and then says what it cannot see.",
    ],
    flags: [
      { title: "Dashboard", ids: ["interface", "refresh", "sensitiveIp", "healthConfig"] },
      { title: "Instead of the dashboard", ids: ["listInterfaces", "version", "help"] },
    ],
    examples: [
      { line: "sudo holyf-network -r 5", meaning: "look every 5 seconds" },
      { line: "sudo holyf-network -i eth1 --sensitive-ip", meaning: "another interface, addresses hidden" },
      { line: "sudo holyf-network connections --in --port 443", meaning: "print, do not draw" },
    ],
  },
  {
    name: "connections",
    summary: "print this host's connections with their rates",
    about: [
      "Looks twice and prints what moved in between, the busiest connection first. Listening sockets are no " +
        "connections. A rate that cannot be known is –; a process marked ? is inferred from its listener.",
    ],
    flags: [
      { title: "Which connections", ids: ["in", "out", "port", "peer", "process", "proto"] },
      { title: "How", ids: ["sample", "interface", "json", "help"] },
    ],
    sentences: label,
    examples: [
      { line: "sudo holyf-network connections --in --port 443", meaning: "who uses the web server" },
      { line: "sudo holyf-network connections --peer 10.0.0.0/8", meaning: "what goes on with a network" },
      { line: "sudo holyf-network connections --json --sample 5", meaning: "for a program to read" },
    ],
  },
  {
    name: "snapshot",
    summary: "print what goes on now as one line of JSON",
    about: [
      "Looks twice and prints connections joined by peer, service port and process: the format that replay reads.",
    ],
    flags: [{ title: "Flags", ids: ["sample", "topLimit", "interface", "help"] }],
    sentences: label,
    examples: [{ line: "sudo holyf-network snapshot >> connections.jsonl", meaning: "keep what goes on now" }],
  },
  {
    name: "diagnose",
    summary: "say what is wrong, who causes it and what to do next",
    about: [
      "Looks every second and judges what stands for two of them. The first line is fit for a pager: health, the worst " +
        "finding, and who causes it. Causes stand above what follows from them.",
      "Exit code: 0 nothing is wrong, 1 a warning, 2 critical, 3 unknown or an error.",
    ],
    flags: [{ title: "Flags", ids: ["sample", "watch", "json", "interface", "healthConfig", "help"] }],
    sentences: {
      sample: "how long to look; 1 judges a single second",
      json: "print one JSON object; with --watch one a line, every second",
      interface: "interface whose speed is judged (default: the one that leads out)",
    },
    defaults: { sample: 3 },
    examples: [
      { line: "sudo holyf-network diagnose", meaning: "what is wrong now" },
      { line: "sudo holyf-network diagnose --watch", meaning: "and what comes and goes" },
      { line: "sudo holyf-network diagnose --json --sample 10", meaning: "for a program to read" },
    ],
  },
  {
    name: "config",
    words: "[check]",
    usage: "config check [flags]",
    summary: "check the thresholds file and say which one is in force",
    about: ["Reads the file that the dashboard and diagnose would read, and names the key and line of what is wrong."],
    flags: [{ title: "Flags", ids: ["healthConfig", "help"] }],
    examples: [
      { line: "sudo holyf-network config check --health-config new.toml", meaning: "before it is put in place" },
    ],
  },
  {
    name: "help",
    words: "[command]",
    summary: "explain a command",
    about: [],
    flags: [{ title: "Flags", ids: ["help"] }],
    examples: [],
  },
] as const satisfies readonly CommandSpec[]

export type CommandName = (typeof commands)[number]["name"]

type FlagsOf<C> = C extends { flags: readonly { ids: readonly (infer Id)[] }[] } ? Id : never

/** The flags of one command. */
export type CommandFlag<N extends CommandName> = FlagsOf<Extract<(typeof commands)[number], { name: N }>> & FlagId

export const flagIds = (command: CommandSpec): FlagId[] => command.flags.flatMap(({ ids }) => ids)
