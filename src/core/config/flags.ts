/**
 * Every flag of the command line: how it is spelled, what it may hold, what holds when it is left away, and its
 * sentence. Parsing, help and documents read this table.
 */

interface FlagBase {
  readonly name: string
  readonly short?: string
  /** For the help: one sentence, without the default and the range, which are put behind it. */
  readonly sentence: string
}

export type Flag = FlagBase &
  (
    | { readonly type: "switch" }
    | { readonly type: "text"; readonly value: string }
    | {
        readonly type: "integer"
        readonly value: string
        readonly min: number
        readonly max: number
        readonly default?: number
      }
    | { readonly type: "choice"; readonly value: string; readonly choices: readonly string[]; readonly default: string }
    /** Bytes, such as `500M`: powers of 1024. */
    | { readonly type: "size"; readonly value: string }
  )

const PORT_MAX = 65_535
/** A hundred years. */
const RETENTION_HOURS_MAX = 876_000
/** Rows of one side of a snapshot: 0.7 MB of text for each thousand, so a slip of the finger stays harmless. */
const TOP_LIMIT_MAX = 1_000_000
/** A trace is a short look, and must not fill a disk. */
const TRACE_SECONDS_MAX = 60
const TRACE_PACKETS_MAX = 20_000

export const flags = {
  interface: {
    name: "interface",
    short: "i",
    type: "text",
    value: "NAME",
    sentence: "interface whose counters are shown (default: the one that leads out); connections of all are listed",
  },
  refresh: {
    name: "refresh",
    short: "r",
    type: "integer",
    value: "SECONDS",
    min: 1,
    max: 300,
    default: 30,
    sentence: "time between two looks at the host",
  },
  sensitiveIp: { name: "sensitive-ip", type: "switch", sentence: "start with half of every address hidden" },
  healthConfig: {
    name: "health-config",
    type: "text",
    value: "FILE",
    sentence: "thresholds file (default: /etc/holyf-network/health_thresholds.toml, else built in)",
  },
  listInterfaces: { name: "list-interfaces", type: "switch", sentence: "print the interfaces of this host and exit" },
  version: { name: "version", short: "v", type: "switch", sentence: "print the version and exit" },
  help: { name: "help", short: "h", type: "switch", sentence: "print this help and exit" },
  sample: {
    name: "sample",
    type: "integer",
    value: "SECONDS",
    min: 1,
    max: 300,
    default: 1,
    sentence: "time between the two looks that rates come from",
  },
  proto: {
    name: "proto",
    type: "choice",
    value: "PROTO",
    choices: ["tcp", "udp", "all"],
    default: "tcp",
    sentence: "protocol",
  },
  enableAcct: {
    name: "enable-acct",
    type: "switch",
    sentence: "let the kernel count bytes of UDP and forwarded traffic (net.netfilter.nf_conntrack_acct=1) from now on",
  },
  in: { name: "in", type: "switch", sentence: "only connections that came in: their local end is listened on" },
  out: { name: "out", type: "switch", sentence: "only connections that this host opened" },
  port: {
    name: "port",
    type: "integer",
    value: "N",
    min: 1,
    max: PORT_MAX,
    sentence: "only this service port: the local one of IN, the remote one of OUT",
  },
  peer: {
    name: "peer",
    type: "text",
    value: "IP",
    sentence: "only this peer: an address, or a network such as 10.0.0.0/8",
  },
  process: { name: "process", type: "text", value: "NAME", sentence: "only processes of exactly this name" },
  json: { name: "json", type: "switch", sentence: "print one JSON object instead of a table; missing values are null" },
  minutes: {
    name: "minutes",
    type: "integer",
    value: "N",
    min: 0,
    max: 1440,
    default: 5,
    sentence: "how long the block lasts; 0 ends connections and blocks nothing",
  },
  dryRun: { name: "dry-run", type: "switch", sentence: "print what would match and what would be written; do nothing" },
  yes: { name: "yes", type: "switch", sentence: "a network is meant, with all the connections that it matches" },
  force: {
    name: "force",
    type: "switch",
    sentence: "also loopback, an address of this host, its gateway or a resolver; includes --yes",
  },
  forceSshPeer: {
    name: "force-ssh-peer",
    type: "switch",
    sentence: "also the peer of your own SSH session, which may lock you out",
  },
  all: { name: "all", type: "switch", sentence: "lift every block that this program made" },
  netns: {
    name: "netns",
    type: "text",
    value: "NAME",
    sentence: "network namespace: a name of `ip netns`, or the pid of a process in it (default: ours)",
  },
  watch: { name: "watch", type: "switch", sentence: "go on, and print again whenever something changes" },
  topLimit: {
    name: "top-limit",
    type: "integer",
    value: "N",
    min: 1,
    max: TOP_LIMIT_MAX,
    default: 500,
    sentence: "most rows of each side, incoming and outgoing",
  },
  interval: {
    name: "interval",
    type: "integer",
    value: "SECONDS",
    min: 1,
    max: 300,
    default: 30,
    sentence: "time between two lines of the history",
  },
  dataDir: { name: "data-dir", type: "text", value: "DIR", sentence: "where the history is kept" },
  retentionHours: {
    name: "retention-hours",
    type: "integer",
    value: "HOURS",
    min: 1,
    max: RETENTION_HOURS_MAX,
    default: 168,
    sentence: "age at which a day of the history is deleted",
  },
  maxSize: {
    name: "max-size",
    type: "size",
    value: "SIZE",
    sentence: "most that the history may take, such as 2G; the oldest days go first (default: no limit)",
  },
  minFree: {
    name: "min-free",
    type: "size",
    value: "SIZE",
    sentence: "free space that is left to others; 0 switches it off (default: 64M, or 1 % of a small file system)",
  },
  compress: {
    name: "compress",
    type: "choice",
    value: "ON",
    choices: ["on", "off"],
    default: "on",
    sentence: "closed days become zstd, which zstdcat reads",
  },
  pidFile: { name: "pid-file", type: "text", value: "FILE", sentence: "default: daemon.pid in the data directory" },
  logFile: {
    name: "log-file",
    type: "text",
    value: "FILE",
    sentence: "default: /var/log/holyf-network/daemon.log for root, else daemon.log in the data directory",
  },
  timeout: {
    name: "timeout",
    type: "integer",
    value: "SECONDS",
    min: 1,
    max: 300,
    default: 10,
    sentence: "time the worker is given to end by itself before it is killed",
  },
  lines: {
    name: "lines",
    short: "n",
    type: "integer",
    value: "N",
    min: 1,
    max: 100_000,
    default: 50,
    sentence: "how many lines of the log's end",
  },
  follow: { name: "follow", type: "switch", sentence: "go on printing what is added, until Ctrl+C" },
  seconds: {
    name: "seconds",
    type: "integer",
    value: "N",
    min: 1,
    max: TRACE_SECONDS_MAX,
    default: 10,
    sentence: "how long to capture",
  },
  packets: {
    name: "packets",
    type: "integer",
    value: "N",
    min: 1,
    max: TRACE_PACKETS_MAX,
    default: 2_000,
    sentence: "most packets to capture",
  },
  filter: {
    name: "filter",
    type: "text",
    value: "BPF",
    sentence: "only packets that this filter of tcpdump takes too",
  },
  write: { name: "write", type: "text", value: "FILE", sentence: "write the packets to this new file" },
  read: { name: "read", type: "text", value: "FILE", sentence: "judge a capture that was made before: pcap or pcapng" },
  file: {
    name: "file",
    short: "f",
    type: "text",
    value: "FILE",
    sentence: "only this file, plain or zstd: as a path, or by its name in the data directory; - is the standard input",
  },
  begin: { name: "begin", short: "b", type: "text", value: "TIME", sentence: "from this time on (default: today)" },
  end: { name: "end", short: "e", type: "text", value: "TIME", sentence: "up to this time, the whole of it" },
  since: { name: "since", type: "text", value: "LENGTH", sentence: "the last 30m, 2h or 7d" },
  at: { name: "at", type: "text", value: "TIME", sentence: "print the last snapshot at or before this time" },
  export: { name: "export", type: "text", value: "FORMAT", sentence: "print every row of the window: csv or json" },
  search: {
    name: "search",
    type: "text",
    value: "TEXT",
    sentence: "print the snapshots of the window that have an address, a network, a port or a process",
  },
  list: { name: "list", type: "switch", sentence: "print the traces of the last week, the latest first" },
} as const satisfies Record<string, Flag>

export type FlagId = keyof typeof flags

/** What the text of a flag's value means. */
export type FlagValue<F extends Flag> = F extends { type: "switch" }
  ? boolean
  : F extends { type: "integer" | "size" }
    ? number
    : F extends { type: "choice"; choices: readonly (infer C)[] }
      ? C
      : string

type AlwaysThere = { readonly type: "switch" } | { readonly default: unknown }

/** The values of these flags; one without a default is absent when it was not given. */
export type FlagValues<Id extends FlagId> = {
  readonly [K in Id as (typeof flags)[K] extends AlwaysThere ? K : never]: FlagValue<(typeof flags)[K]>
} & {
  readonly [K in Id as (typeof flags)[K] extends AlwaysThere ? never : K]?: FlagValue<(typeof flags)[K]>
}

export type FlagReading =
  | { readonly ok: true; readonly value: string | number | boolean }
  | { readonly ok: false; readonly expected: string }

/** Reads the text of one value; refuses with what it should have been: `takes a whole number from 1 to 300`. */
export function readFlag(flag: Flag, text: string): FlagReading {
  switch (flag.type) {
    case "switch":
      return text === "true" || text === "false" ? yes(text === "true") : no("takes true or false")
    case "integer": {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
      return value >= flag.min && value <= flag.max
        ? yes(value)
        : no(`takes a whole number from ${flag.min} to ${flag.max}`)
    }
    case "choice":
      return flag.choices.includes(text) ? yes(text) : no(`takes ${oneOf(flag.choices)}`)
    case "size": {
      const value = parseSize(text)
      return value === undefined ? no("takes a size such as 500M or 2G") : yes(value)
    }
    case "text":
      return text === "" ? no("takes a value") : yes(text)
  }
}

/** Bytes of `1048576`, `500M`, `2GB` or `1.5g`, in powers of 1024; nothing when it is no size. */
export function parseSize(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d{1,15}(?:\.\d{1,3})?)([kmgt])?(?:i?b)?$/i.exec(text) ?? []
  const bytes = Math.floor(Number(digits) * 1024 ** (" kmgt".indexOf(unit.toLowerCase() || " ") || 0))
  return digits !== undefined && Number.isSafeInteger(bytes) ? bytes : undefined
}

const yes = (value: string | number | boolean): FlagReading => ({ ok: true, value })
const no = (expected: string): FlagReading => ({ ok: false, expected })

const oneOf = (choices: readonly string[]) => `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`

/** `-r, --refresh SECONDS`; without a short form its place stays empty, so that long names stand in a column. */
export function flagSpelling(flag: Flag): string {
  const short = flag.short === undefined ? "    " : `-${flag.short}, `
  return `${short}--${flag.name}${flag.type === "switch" ? "" : ` ${flag.value}`}`
}

/** The sentence with range and default: `time between two looks at the host, 1 to 300 (default 30)`. */
export function flagSentence(flag: Flag, sentence: string = flag.sentence): string {
  const range =
    flag.type === "integer" && flag.max < PORT_MAX
      ? `, ${flag.min} to ${flag.max}`
      : flag.type === "choice"
        ? `: ${oneOf(flag.choices)}`
        : ""
  const fallback = "default" in flag && flag.default !== undefined ? ` (default ${flag.default})` : ""
  return `${sentence}${range}${fallback}`
}
