/**
 * The command line: what was asked, and nothing is done about it here.
 *
 * cac knows the commands and finds the one that is meant. It is forgiving where an operator is better served by a
 * refusal: it turns `007` into 7, takes `-ieth0` for five switches and keeps one of two equal flags. So every flag is
 * looked up in our own table first, and cac is handed one spelling only.
 */
import { cac } from "cac"
import { type CommandFlag, type CommandName, type CommandSpec, commands, flagIds } from "../core/config/commands.ts"
import { type Flag, type FlagId, type FlagValues, flags, readFlag } from "../core/config/flags.ts"
import { parseTarget, type Target } from "../core/mitigation/target.ts"
import { type PeerRange, parsePeerRange } from "../core/model/peer-range.ts"
import { nearest } from "../core/text/nearest.ts"
import { cut, harmless } from "../core/text/width.ts"
import { parsePeerPort } from "../core/trace/filter.ts"
import { formatAddress } from "../core/wire/address.ts"
import type { LogsRequest } from "./daemon/logs.ts"
import type { PruneRequest } from "./daemon/prune-command.ts"
import type { RunRequest } from "./daemon/run.ts"
import type { StartRequest } from "./daemon/start.ts"
import type { StatusRequest } from "./daemon/status.ts"
import type { RestartRequest, StopRequest } from "./daemon/stop.ts"

type Values<N extends CommandName> = Omit<FlagValues<CommandFlag<N>>, "help" | "version" | "listInterfaces">

export type LiveRequest = { readonly kind: "live" } & Values<"">
export type ConnectionsRequest = {
  readonly kind: "connections"
  readonly peerRange?: PeerRange
} & Values<"connections">
export type DiagnoseRequest = { readonly kind: "diagnose" } & Values<"diagnose">
export type ConfigRequest = { readonly kind: "config-check" } & Values<"config">
export type SnapshotRequest = { readonly kind: "snapshot" } & Values<"snapshot">

/** `daemon`, then what. */
export type DaemonRequest =
  | StartRequest
  | RunRequest
  | StatusRequest
  | StopRequest
  | RestartRequest
  | PruneRequest
  | LogsRequest
  | { readonly kind: "daemon unit" }

interface OfTarget {
  readonly target: Target
}
export type BlockAsk = { readonly kind: "block" } & OfTarget & Omit<Values<"block">, "port">
export type KillAsk = { readonly kind: "kill" } & OfTarget & Omit<Values<"kill">, "port">
/** Without a target all are meant. */
export type UnblockAsk = { readonly kind: "unblock" } & Partial<OfTarget> & Omit<Values<"unblock">, "port" | "all">
export type BlocksAsk = { readonly kind: "blocks" } & Values<"blocks">
type TraceValues = Values<"trace">
export type TraceRequest =
  | ({ readonly kind: "trace"; readonly peer: string; readonly port?: number } & TraceValues)
  | { readonly kind: "trace-read"; readonly file: string; readonly json: boolean }
  | { readonly kind: "trace-list"; readonly json: boolean; readonly dataDir?: string }

/** The part of the history that is asked for. */
export type HistoryAsk = Pick<Values<"replay">, "begin" | "end" | "since" | "file" | "dataDir" | "sensitiveIp">
export type ReplayRequest =
  | ({ readonly kind: "replay"; readonly healthConfig?: string } & HistoryAsk)
  | ({ readonly kind: "replay-list"; readonly json: boolean } & HistoryAsk)
  | ({ readonly kind: "replay-at"; readonly at: string; readonly json: boolean } & HistoryAsk)
  | ({ readonly kind: "replay-search"; readonly search: string; readonly json: boolean } & HistoryAsk)
  | ({ readonly kind: "replay-export"; readonly format: "csv" | "json" } & HistoryAsk)

export type Request =
  | ReplayRequest
  | DaemonRequest
  | TraceRequest
  | LiveRequest
  | ConnectionsRequest
  | SnapshotRequest
  | BlockAsk
  | KillAsk
  | UnblockAsk
  | BlocksAsk
  | DiagnoseRequest
  | ConfigRequest
  | { readonly kind: "help"; readonly command: CommandName }
  | { readonly kind: "version" }
  | { readonly kind: "list-interfaces" }
  /** A usage error: one line that says what was wrong and what would be right. */
  | { readonly kind: "wrong"; readonly command?: "diagnose"; readonly reason: string }

const PROGRAM = "holyf-network"

/** `words` are the arguments without the program's own name. */
export function parseCommandLine(words: readonly string[]): Request {
  try {
    const asked = findCommand(spellOut(words))
    // Help and the two printers win over whatever else is wrong, as long as every flag exists.
    if (asked.texts.has("help") || asked.command.name === "help") return helpFor(asked)
    if (isOn(asked, "version")) return { kind: "version" }
    if (isOn(asked, "listInterfaces")) return { kind: "list-interfaces" }
    return readRequest(asked)
  } catch (error) {
    if (error instanceof Wrong) return { kind: "wrong", ...namedCommand(words), reason: error.message }
    throw error
  }
}

class Wrong extends Error {}

/** Of a wrong line for `diagnose` that is said, since its exit code is another. */
const namedCommand = (words: readonly string[]) =>
  words.find((word) => !word.startsWith("-")) === "diagnose" ? ({ command: "diagnose" } as const) : {}

/** Text from the command line inside a message. */
const quoted = (text: string) => `"${cut(harmless(text), 40)}"`

const suggestion = (word: string, candidates: readonly string[]) => {
  const meant = nearest(word, candidates)
  return meant === undefined ? "" : `; did you mean ${meant}?`
}

// ---- one spelling --------------------------------------------------------------------------------------------------

const allFlags = Object.entries(flags) as [FlagId, Flag][]
const byName = new Map(allFlags.map(([id, flag]) => [flag.name, id]))
const byShort = new Map(allFlags.flatMap(([id, flag]) => (flag.short === undefined ? [] : [[flag.short, id] as const])))
const longNames = allFlags.map(([, flag]) => `--${flag.name}`)

interface Spelled {
  /** Every flag as `--name==text`. The second `=` keeps cac from reading the text as a number. */
  readonly flags: readonly string[]
  /** What is no flag and no value of one. */
  readonly words: readonly string[]
}

function spellOut(given: readonly string[]): Spelled {
  const spelled: string[] = []
  const words: string[] = []
  const seen = new Set<FlagId>()
  let at = 0

  const add = (id: FlagId, text: string) => {
    if (seen.has(id)) throw new Wrong(`--${flags[id].name} is given twice`)
    seen.add(id)
    spelled.push(`--${flags[id].name}==${text}`)
  }
  /** The value behind a flag: attached, or the next word. */
  const addWithValue = (id: FlagId, attached: string | undefined) => {
    const flag = flags[id]
    if (flag.type === "switch") return add(id, attached ?? "true")
    const text = attached ?? given[at++]
    const isMissing = text === undefined || text === "" || (attached === undefined && isFlag(text))
    if (isMissing) throw new Wrong(`--${flag.name} needs a value: --${flag.name} ${flag.value}`)
    add(id, text)
  }
  const unknown = (spelling: string) =>
    new Wrong(`unknown flag ${quoted(spelling)}${suggestion(spelling, longNames) || `; see ${PROGRAM} --help`}`)

  while (at < given.length) {
    const word = given[at++]!
    if (word === "--") {
      words.push(...given.slice(at))
      break
    }
    if (word.startsWith("--")) {
      const [, name = "", , text] = /^--([^=]*)(=(.*))?$/s.exec(word)!
      const id = byName.get(name)
      if (id === undefined) throw unknown(`--${name}`)
      addWithValue(id, text)
    } else if (word.startsWith("-") && word !== "-") {
      for (let rest = word.slice(1); rest !== ""; ) {
        const letter = [...rest][0]!
        const id = byShort.get(letter)
        if (id === undefined) throw unknown(`-${letter}`)
        rest = rest.slice(letter.length)
        if (flags[id].type === "switch" && !rest.startsWith("=")) {
          add(id, "true")
          continue
        }
        addWithValue(id, rest === "" ? undefined : rest.replace(/^=/, ""))
        break
      }
    } else words.push(word)
  }
  return { flags: spelled, words }
}

const isFlag = (word: string): boolean =>
  word === "--" || byName.has(/^--([^=]+)/.exec(word)?.[1] ?? "") || byShort.has(/^-([a-z])$/.exec(word)?.[1] ?? "")

// ---- which command -------------------------------------------------------------------------------------------------

interface Asked {
  readonly command: (typeof commands)[number]
  readonly words: readonly string[]
  readonly texts: ReadonlyMap<FlagId, string>
}

/** A word that cac would take for a flag or for the command without a name. No command is called that. */
const isMisleading = (word: string) => word === "" || word.startsWith("-")

function findCommand(spelled: Spelled): Asked {
  const cli = cac(PROGRAM)
  for (const spec of commands as readonly CommandSpec[]) {
    // How many words a command takes is counted by its brackets; what they are is written for people.
    const words = takesPeer(spec) ? "[peer]" : (spec.words ?? "")
    const command = cli.command([spec.name, words].join(" ").trim(), spec.summary)
    for (const id of flagIds(spec)) command.option(`--${flags[id].name} <value>`, flags[id].sentence)
  }
  // Our own spelling of a family is nobody else's.
  if (spelled.words[0]?.includes(" ")) throw unknownCommand(spelled.words[0])
  const given = joinFamily(spelled.words)
  const safeWords = given.map((word) => (isMisleading(word) ? "?" : word))
  const { options } = cli.parse(["", "", ...spelled.flags, ...safeWords], { run: false })
  const matched = cli.matchedCommand
  const command = commands.find(({ name }) => name === matched?.name) ?? commands[0]
  const where = command.name === "" ? PROGRAM : `${PROGRAM} ${command.name}`

  const words = command.name === "" ? given : given.slice(1)
  if (command.name === "" && words[0] !== undefined) throw unknownCommand(words[0])
  const extra = (command.name === "help" ? joinFamily(words) : words)[matched?.args.length ?? 0]
  if (extra !== undefined) throw new Wrong(`${where} takes no further word, and was given ${quoted(extra)}`)

  const texts = new Map<FlagId, string>()
  for (const [key, value] of Object.entries(options)) {
    if (key === "--") continue
    const id = allFlags.find(([, { name }]) => camelCase(name) === key)![0]
    if (matched?.hasOption(key) === undefined) throw new Wrong(`${where} has no flag --${flags[id].name}`)
    texts.set(id, String(value).slice(1))
  }
  return { command, words, texts }
}

/** `daemon`, and what begins with it. */
const isFamily = (word: string) => commands.some(({ name }) => name.startsWith(`${word} `))

/** `daemon start` is one word to cac. */
function joinFamily([first, second, ...rest]: readonly string[]): readonly string[] {
  if (first === undefined || second === undefined || !isFamily(first))
    return [first, second, ...rest].flatMap((w) => w ?? [])
  const name = `${first} ${second}`
  const members = commands.map((command) => command.name).filter((member) => member.startsWith(`${first} `))
  if ((members as readonly string[]).includes(name)) return [name, ...rest]
  const known = members.map((member) => member.slice(first.length + 1))
  throw new Wrong(`unknown command ${quoted(name)}${suggestion(second, known) || `; see ${PROGRAM} ${first} --help`}`)
}
const takesPeer = ({ words }: CommandSpec) => words?.startsWith("PEER") === true

const camelCase = (name: string) => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())

function unknownCommand(word: string): Wrong {
  const names = commands.map(({ name }) => name).filter((name) => name !== "" && !name.includes(" "))
  return new Wrong(`unknown command ${quoted(word)}${suggestion(word, names) || `; see ${PROGRAM} --help`}`)
}

function helpFor({ command, words }: Asked): Request {
  if (command.name !== "help") return { kind: "help", command: command.name }
  const word = joinFamily(words)[0]
  if (word === undefined) return { kind: "help", command: "" }
  const explained = commands.find(({ name }) => name !== "" && name === word)
  if (explained === undefined) throw unknownCommand(word)
  return { kind: "help", command: explained.name }
}

// ---- values --------------------------------------------------------------------------------------------------------

function readValue({ texts, command }: Asked, id: FlagId): string | number | boolean | undefined {
  const flag: Flag = flags[id]
  const text = texts.get(id)
  if (text === undefined) {
    if (flag.type === "switch") return false
    return (command as CommandSpec).defaults?.[id] ?? ("default" in flag ? flag.default : undefined)
  }
  const reading = readFlag(flag, text)
  if (!reading.ok) throw new Wrong(`--${flag.name} ${reading.expected}, not ${quoted(text)}`)
  return reading.value
}

const isOn = (asked: Asked, id: FlagId): boolean => asked.texts.has(id) && readValue(asked, id) === true

/** Settings that daemon.json may hold: one that was not typed is not given, whatever its default. */
const settings: readonly FlagId[] = ["interval", "topLimit", "retentionHours", "compress"]

function readValues<N extends CommandName>(asked: Asked): Values<N> {
  const isDaemon = asked.command.name.startsWith("daemon ")
  const ids = flagIds(asked.command)
    .filter((id) => !(["help", "version", "listInterfaces"] as FlagId[]).includes(id))
    .filter((id) => !(isDaemon && settings.includes(id) && !asked.texts.has(id)))
  const values = ids.map((id) => [id, readValue(asked, id)] as const).filter(([, value]) => value !== undefined)
  // The table of flags decides both the ids and the type of each value.
  return Object.fromEntries(values) as Values<N>
}

function readRequest(asked: Asked): Request {
  if (asked.command.name === "connections") {
    const values = readValues<"connections">(asked)
    if (values.in && values.out) throw new Wrong("--in and --out exclude each other; both sides are the default")
    if (values.peer === undefined) return { kind: "connections", ...values }
    const peerRange = parsePeerRange(values.peer)
    if (peerRange === undefined)
      throw new Wrong(`--peer takes an address or a network such as 10.0.0.0/8, not ${quoted(values.peer)}`)
    return { kind: "connections", ...values, peerRange }
  }
  if (asked.command.name === "daemon") return { kind: "help", command: "daemon" }
  // The table of commands decides which flags each of them has; the types of their requests repeat it.
  if (asked.command.name.startsWith("daemon "))
    return { kind: asked.command.name, ...readValues(asked) } as unknown as DaemonRequest
  if (asked.command.name === "trace") return readTrace(asked)
  if (asked.command.name === "replay") return readReplay(asked)
  if (asked.command.name === "diagnose") return { kind: "diagnose", ...readValues<"diagnose">(asked) }
  if (asked.command.name === "config") {
    const [word] = asked.words
    if (word !== "check") throw new Wrong(`${PROGRAM} config can do one thing: ${PROGRAM} config check`)
    return { kind: "config-check", ...readValues<"config">(asked) }
  }
  if (asked.command.name === "snapshot") return { kind: "snapshot", ...readValues<"snapshot">(asked) }
  if (asked.command.name === "block") {
    const { port, ...values } = readValues<"block">(asked)
    return { kind: "block", target: readTarget(asked, port), ...values }
  }
  if (asked.command.name === "kill") {
    const { port, ...values } = readValues<"kill">(asked)
    return { kind: "kill", target: readTarget(asked, port), ...values }
  }
  if (asked.command.name === "unblock") {
    const { port, all, ...values } = readValues<"unblock">(asked)
    if (!all) return { kind: "unblock", target: readTarget(asked, port), ...values }
    if (asked.words.length > 0 || port !== undefined) throw new Wrong("unblock takes a peer or --all, not both")
    return { kind: "unblock", ...values }
  }
  if (asked.command.name === "blocks") return { kind: "blocks", ...readValues<"blocks">(asked) }
  return { kind: "live", ...readValues<"">(asked) }
}

function readTarget(asked: Asked, port: number | undefined): Target {
  const [word] = asked.words
  const { name } = asked.command
  if (word === undefined)
    throw new Wrong(`${name} needs a peer: ${PROGRAM} ${name} 203.0.113.7:443${name === "unblock" ? ", or --all" : ""}`)
  const target = parseTarget(word, port)
  if (!target.ok) throw new Wrong(`${name} ${quoted(word)}: ${target.reason}`)
  return target.value
}

function readReplay(asked: Asked): Request {
  const { list, at, search, export: format, json, healthConfig, ...ask } = readValues<"replay">(asked)
  const instead = (["list", "at", "search", "export"] as const).filter((id) => asked.texts.has(id))
  const [first, second] = instead
  if (second !== undefined) throw new Wrong(`--${first} and --${second} exclude each other`)
  if (json && (first === undefined || first === "export"))
    throw new Wrong("--json goes with --list, --at or --search; --export json prints every row")
  if (first !== undefined && healthConfig !== undefined)
    throw new Wrong(`--health-config means nothing with --${first}`)
  if (at !== undefined) {
    const extra = (["begin", "end", "since"] as const).find((id) => asked.texts.has(id))
    if (extra !== undefined) throw new Wrong(`--at names one moment: --${extra} means nothing with it`)
    return { kind: "replay-at", at, json, ...ask }
  }
  if (list) return { kind: "replay-list", json, ...ask }
  if (search !== undefined) return { kind: "replay-search", search, json, ...ask }
  if (format !== undefined) {
    if (format !== "csv" && format !== "json") throw new Wrong(`--export takes csv or json, not ${quoted(format)}`)
    return { kind: "replay-export", format, ...ask }
  }
  return { kind: "replay", ...(healthConfig === undefined ? {} : { healthConfig }), ...ask }
}

function readTrace(asked: Asked): Request {
  const values = readValues<"trace">(asked)
  const [word] = asked.words
  const instead = [values.read === undefined ? "" : "--read", values.list ? "--list" : ""].filter((name) => name !== "")
  const [first, second] = instead
  if (second !== undefined) throw new Wrong(`${first} and ${second} exclude each other`)
  if (first !== undefined) {
    if (word !== undefined) throw new Wrong(`${first} takes no peer, and was given ${quoted(word)}`)
    const captureOnly = ["seconds", "packets", "interface", "netns", "filter", "write"] as const
    const extra = captureOnly.find((id) => asked.texts.has(id))
    if (extra !== undefined) throw new Wrong(`${first} makes no capture: --${flags[extra].name} means nothing with it`)
  }
  if (values.read !== undefined) return { kind: "trace-read", file: values.read, json: values.json }
  if (values.list)
    return {
      kind: "trace-list",
      json: values.json,
      ...(values.dataDir === undefined ? {} : { dataDir: values.dataDir }),
    }
  if (word === undefined) throw new Wrong(`${PROGRAM} trace needs a peer: an address, or ADDRESS:PORT`)
  const target = parsePeerPort(word)
  if (target === undefined)
    throw new Wrong(`trace takes an address, or ADDRESS:PORT ([ADDRESS]:PORT for IPv6), not ${quoted(word)}`)
  const { peer, port } = target
  return { kind: "trace", peer: formatAddress(peer), ...(port === undefined ? {} : { port }), ...values }
}
