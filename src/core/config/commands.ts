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

/** Of commands that look. */
const sight = {
  netns: "network namespaces: all that may be entered, host (where this is started), or one by name (default: all)",
} as const

const label = {
  ...sight,
  interface: "interface named in the output (default: the one that leads out); connections of all are listed",
} as const

const jsonObject = { json: "print one JSON object; what is not known is null" } as const

const target = {
  dataDir: "the worker of this data directory (default: the one that runs, else daemon.json, else the default)",
  pidFile: "the worker of this pid file",
} as const

const history = ["interval", "topLimit", "interface", "retentionHours", "maxSize", "minFree", "compress"] as const

const fromFile =
  "What is not given comes from daemon.json (/etc/holyf-network, or HOLYF_NETWORK_DAEMON_CONFIG_FILE), else it is the default."
const jsonSentence = "print one JSON object instead of text"

export const commands = [
  {
    name: "",
    summary: "open the dashboard",
    about: [
      "Shows live who talks to this host and what is wrong. Runs without root too, and then says what it cannot see.",
    ],
    flags: [
      {
        title: "Dashboard",
        ids: ["interface", "refresh", "netns", "enableAcct", "sensitiveIp", "healthConfig", "theme", "checkUpdate"],
      },
      { title: "Instead of the dashboard", ids: ["listInterfaces", "version", "help"] },
    ],
    sentences: sight,
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
        "connections; those that closed between the looks are in state CLOSE. A rate that cannot be known is –; a " +
        "process marked ? is inferred (it had the socket before, or listens on its port), and ct/nat is traffic that is " +
        "passed on for others.",
    ],
    flags: [
      { title: "Which connections", ids: ["in", "out", "port", "peer", "process", "proto", "netns"] },
      { title: "How", ids: ["sample", "interface", "enableAcct", "json", "help"] },
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
    flags: [{ title: "Flags", ids: ["sample", "topLimit", "netns", "interface", "enableAcct", "help"] }],
    sentences: label,
    examples: [{ line: "sudo holyf-network snapshot >> connections.jsonl", meaning: "keep what goes on now" }],
  },
  {
    name: "daemon",
    summary: "keep a history of who talks to this host",
    about: [
      "A worker in the background looks every few seconds and writes a line of JSON into a file a day. There is one " +
        "worker for each data directory. `daemon start --help` and so on explain each command.",
    ],
    flags: [{ title: "Flags", ids: ["help"] }],
    examples: [{ line: "sudo holyf-network daemon start", meaning: "begin to keep a history" }],
  },
  {
    name: "daemon start",
    summary: "start the worker in the background",
    about: [
      "Ends well only when the worker holds the lock of its data directory and has written its first line; else it " +
        "prints what the worker said.",
      fromFile,
    ],
    flags: [
      { title: "What is kept", ids: history },
      { title: "Where", ids: ["dataDir", "pidFile", "logFile", "help"] },
    ],
    sentences: label,
    examples: [
      { line: "sudo holyf-network daemon start --interval 10", meaning: "a line every 10 seconds" },
      { line: "sudo holyf-network daemon start --max-size 2G", meaning: "never more than 2 GB" },
    ],
  },
  {
    name: "daemon run",
    summary: "be the worker, in the foreground",
    about: ["For service managers: says when it is ready, reloads on SIGHUP, ends on SIGTERM.", fromFile],
    flags: [
      { title: "What is kept", ids: history },
      { title: "Where", ids: ["dataDir", "pidFile", "logFile", "help"] },
    ],
    sentences: { ...label, logFile: "write the log to this file (default: to stderr)" },
    examples: [{ line: "sudo holyf-network daemon run --interval 5", meaning: "until Ctrl+C" }],
  },
  {
    name: "daemon status",
    summary: "say whether a worker runs and how it goes",
    about: ["Ends with 3 when no worker runs."],
    flags: [{ title: "Flags", ids: ["json", "dataDir", "pidFile", "help"] }],
    sentences: { ...target, ...jsonObject },
    examples: [{ line: "sudo holyf-network daemon status --json", meaning: "for a monitor" }],
  },
  {
    name: "daemon stop",
    summary: "stop the worker",
    about: [
      "Only a process that holds the lock and is the one its record names, by pid, start time and boot, is ever signalled.",
    ],
    flags: [{ title: "Flags", ids: ["timeout", "dataDir", "pidFile", "help"] }],
    sentences: target,
    examples: [{ line: "sudo holyf-network daemon stop --timeout 30", meaning: "on a slow disk" }],
  },
  {
    name: "daemon restart",
    summary: "stop the worker and start it again",
    about: ["Without flags the worker gets those it was started with."],
    flags: [
      { title: "What is kept", ids: history },
      { title: "Where", ids: ["dataDir", "pidFile", "logFile", "timeout", "help"] },
    ],
    sentences: { ...label, ...target },
    examples: [{ line: "sudo holyf-network daemon restart", meaning: "after an upgrade" }],
  },
  {
    name: "daemon prune",
    summary: "delete the days that are too old, now",
    about: ["The worker does the same when it starts and at midnight. Today's day and the newest are always kept."],
    flags: [
      { title: "Flags", ids: ["dryRun", "retentionHours", "maxSize", "minFree", "json", "dataDir", "pidFile", "help"] },
    ],
    sentences: { ...target, ...jsonObject, dryRun: "say what would be deleted, and delete nothing" },
    examples: [{ line: "sudo holyf-network daemon prune --dry-run", meaning: "what would go" }],
  },
  {
    name: "daemon logs",
    summary: "print the end of the worker's log",
    about: [],
    flags: [{ title: "Flags", ids: ["lines", "follow", "dataDir", "pidFile", "help"] }],
    sentences: target,
    examples: [{ line: "sudo holyf-network daemon logs -n 20 --follow", meaning: "watch it" }],
  },
  {
    name: "daemon unit",
    summary: "print a systemd unit for this program",
    about: ["Write it to /etc/systemd/system/holyf-network.service, then: systemctl enable --now holyf-network"],
    flags: [{ title: "Flags", ids: ["help"] }],
    examples: [{ line: "sudo holyf-network daemon unit > unit", meaning: "look at it first" }],
  },
  {
    name: "replay",
    summary: "go back through the history that the daemon has kept",
    about: [
      "Opens the recorded past in the dashboard's screen, read-only: today, or the window that is asked for. TIME is a time of this host: " +
        "20:10, 20:10:30, yesterday 20:10, 2026-03-05, 2026-03-05 20:10, now, -2h and others; one that is not exact means " +
        "the whole minute or day. Files of the Go program are read too.",
    ],
    flags: [
      { title: "Which part", ids: ["begin", "end", "since", "file", "dataDir"] },
      { title: "Instead of the screen", ids: ["list", "at", "search", "export", "json"] },
      { title: "How", ids: ["sensitiveIp", "theme", "healthConfig", "help"] },
    ],
    sentences: {
      list: "print the days that are kept: sizes, snapshots, gaps, findings",
      json: "with --list, --at and --search: print one JSON object instead of text; what is not known is null",
      dataDir: "the history of this folder (default: that of the worker that runs, else daemon.json, else the default)",
    },
    examples: [
      { line: "sudo holyf-network replay -b 02:50 -e 03:20", meaning: "what happened tonight at three?" },
      { line: "sudo holyf-network replay -b -2h", meaning: "the last two hours, and what comes" },
      { line: "sudo holyf-network replay --at 03:00 --json", meaning: "one moment, for a program" },
    ],
  },
  {
    name: "block",
    words: "PEER[:PORT] [flags]",
    summary: "keep a peer out for some minutes and end its connections",
    about: [
      "PORT is the port on this host; an IPv6 address with a port is written [2001:db8::1]:443. Without a port " +
        "nothing of the peer gets in or out, TCP and UDP, connections that this host opened included. The kernel " +
        "lifts the block when its time is over, whatever becomes of this program. Blocking again gives a new time.",
    ],
    flags: [
      { title: "Whom and how long", ids: ["port", "minutes", "netns"] },
      { title: "How", ids: ["dryRun", "yes", "force", "forceSshPeer", "json", "help"] },
    ],
    sentences: { port: "the port on this host (the same as PEER:PORT)", json: jsonSentence },
    examples: [
      { line: "sudo holyf-network block 203.0.113.7:443", meaning: "5 minutes, then it is lifted" },
      { line: "sudo holyf-network block 203.0.113.0/24 --dry-run", meaning: "what would it hit?" },
    ],
  },
  {
    name: "unblock",
    words: "PEER[:PORT] | --all",
    summary: "lift blocks before their time",
    about: ["Without a port every block of that peer is lifted. Only what this program made is touched."],
    flags: [{ title: "Flags", ids: ["port", "all", "netns", "json", "help"] }],
    sentences: { port: "the port on this host (the same as PEER:PORT)", json: jsonSentence },
    examples: [{ line: "sudo holyf-network unblock 203.0.113.7:443", meaning: "let it in again" }],
  },
  {
    name: "blocks",
    summary: "print the active blocks, whoever made them",
    about: [],
    flags: [{ title: "Flags", ids: ["netns", "json", "help"] }],
    sentences: { json: jsonSentence },
    examples: [{ line: "sudo holyf-network blocks", meaning: "who is blocked, and how much longer" }],
  },
  {
    name: "kill",
    words: "PEER[:PORT] [flags]",
    summary: "end the connections that a peer opened to this host",
    about: [
      "Nothing is blocked: the peer may come back at once. PORT is the port on this host. Connections that this host opened are not touched, and neither is the service " +
        "that listens. Of UDP only sockets connected to the peer are ended.",
    ],
    flags: [
      { title: "Whom", ids: ["port", "netns"] },
      { title: "How", ids: ["dryRun", "yes", "force", "forceSshPeer", "json", "help"] },
    ],
    sentences: { port: "the port on this host (the same as PEER:PORT)", json: jsonSentence },
    examples: [{ line: "sudo holyf-network kill 203.0.113.7:443", meaning: "end what it has open" }],
  },
  {
    name: "trace",
    words: "[peer]",
    summary: "capture packets of a peer and say what is wrong",
    about: [
      "PEER is an address, or ADDRESS:PORT ([ADDRESS]:PORT for IPv6); the port may be either side's. Both directions are " +
        "captured, with ICMP errors and ARP about the peer. Needs root and tcpdump; --read and --list need neither. " +
        "Ctrl+C ends a capture early and judges what there is.",
    ],
    flags: [
      { title: "Capture", ids: ["seconds", "packets", "interface", "netns", "filter", "write", "dataDir"] },
      { title: "Instead of a capture", ids: ["read", "list"] },
      { title: "How", ids: ["json", "help"] },
    ],
    sentences: {
      interface: "interface to capture on, or any (default: the one that leads to the peer)",
      json: "print one JSON object instead of text; missing values are null",
      dataDir: "where captures and their history are kept",
      netns: "capture inside this network namespace: a name of ip netns, or the id of a process in it",
    },
    examples: [
      { line: "sudo holyf-network trace 203.0.113.7:443", meaning: "does the handshake come through?" },
      { line: "sudo holyf-network trace 10.0.3.4 --netns blue --seconds 30", meaning: "inside a network namespace" },
      { line: "holyf-network trace --read incident.pcap --json", meaning: "judge a capture of another host" },
    ],
  },
  {
    name: "pods",
    summary: "say which process and pod listens on a port or uses it",
    about: [
      "Looks into every network namespace that may be entered. Whoever listens comes first, then connections with the " +
        "port at their own end, then connections to that port elsewhere. What is inferred is called unsure. The names " +
        "of pods come from the kubelet's log folders and from crictl where it is installed; no cluster is asked. " +
        "Ends with 3 when nobody uses the port.",
    ],
    flags: [{ title: "Flags", ids: ["port", "json", "help"] }],
    sentences: { port: "the port, TCP or UDP", ...jsonObject },
    examples: [
      { line: "sudo holyf-network pods --port 8080", meaning: "whose is it?" },
      { line: "sudo holyf-network pods --port 5432 --json", meaning: "for a program to read" },
    ],
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
