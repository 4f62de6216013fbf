import { describe, expect, test } from "bun:test"
import { type CommandSpec, commands } from "../../src/core/config/commands.ts"
import { flags } from "../../src/core/config/flags.ts"
import { parsePeerRange } from "../../src/core/model/peer-range.ts"
import { parseCommandLine } from "../../src/shell/cli.ts"
import { helpText } from "../../src/shell/help.ts"

const live = {
  kind: "live",
  refresh: 30,
  enableAcct: false,
  sensitiveIp: false,
  theme: "auto",
  checkUpdate: false,
}
const where = { enableAcct: false }
const connections = { kind: "connections", sample: 1, proto: "tcp", in: false, out: false, json: false, ...where }
const snapshot = { kind: "snapshot", sample: 1, topLimit: 500, ...where }
const trace = { kind: "trace", seconds: 10, packets: 2000, list: false, json: false }

describe("what is asked", () => {
  test.each<[string[], object]>([
    [[], live],
    [["-r", "5"], { ...live, refresh: 5 }],
    [["-r5"], { ...live, refresh: 5 }],
    [["-r=5"], { ...live, refresh: 5 }],
    [["--refresh", "5"], { ...live, refresh: 5 }],
    [["--refresh=5"], { ...live, refresh: 5 }],
    [["--refresh=005"], { ...live, refresh: 5 }],
    [["-ieth0", "-r", "300"], { ...live, interface: "eth0", refresh: 300 }],
    // Names stay as they were typed, whatever they look like.
    [["-i", "007"], { ...live, interface: "007" }],
    [["-i", "1e3"], { ...live, interface: "1e3" }],
    [["-i", "true"], { ...live, interface: "true" }],
    [["-i=a=b"], { ...live, interface: "a=b" }],
    [["-i", "-"], { ...live, interface: "-" }],
    [["--interface", "-odd"], { ...live, interface: "-odd" }],
    [["--health-config", "/etc/a.toml"], { ...live, healthConfig: "/etc/a.toml" }],
    [["--sensitive-ip"], { ...live, sensitiveIp: true }],
    [["--sensitive-ip=true"], { ...live, sensitiveIp: true }],
    [["--sensitive-ip=false"], live],
    [["--theme", "light"], { ...live, theme: "light" }],
    [["--check-update"], { ...live, checkUpdate: true }],
    [["--version"], { kind: "version" }],
    [["-v"], { kind: "version" }],
    [["-v=false"], live],
    [["--list-interfaces"], { kind: "list-interfaces" }],
    [["--list-interfaces", "-r", "0", "-i", "nope"], { kind: "list-interfaces" }],
    [["-h"], { kind: "help", command: "" }],
    [["-r", "0", "-h"], { kind: "help", command: "" }],
    [["-vh"], { kind: "help", command: "" }],
    [["help"], { kind: "help", command: "" }],
    [["help", "snapshot"], { kind: "help", command: "snapshot" }],
    [["connections", "--help"], { kind: "help", command: "connections" }],
    [["pods", "--port", "8080"], { kind: "pods", port: 8080, json: false }],
    [["pods", "--json", "--port=53"], { kind: "pods", port: 53, json: true }],
    [["-h", "connections"], { kind: "help", command: "connections" }],
    [["connections"], connections],
    [
      ["connections", "--json", "--sample", "300", "-i", "lo"],
      { ...connections, json: true, sample: 300, interface: "lo" },
    ],
    [["--json", "connections"], { ...connections, json: true }],
    [
      ["connections", "--in", "--port=443", "--process", "nginx"],
      { ...connections, in: true, port: 443, process: "nginx" },
    ],
    [["connections", "--out", "--in=false", "--proto", "all"], { ...connections, out: true, proto: "all" }],
    [["connections", "--netns", "web", "--enable-acct"], { ...connections, netns: "web", enableAcct: true }],
    [["-r", "5", "--netns=host"], { ...live, refresh: 5, netns: "host" }],
    [["trace", "10.0.0.1"], { ...trace, peer: "10.0.0.1" }],
    [["trace", "10.0.0.1:443", "--seconds", "60"], { ...trace, peer: "10.0.0.1", port: 443, seconds: 60 }],
    [["trace", "::ffff:10.0.0.1"], { ...trace, peer: "10.0.0.1" }],
    [["trace", "2001:DB8::1"], { ...trace, peer: "2001:db8::1" }],
    [["trace", "[2001:db8::1]:53", "--packets=5"], { ...trace, peer: "2001:db8::1", port: 53, packets: 5 }],
    [["trace", "--netns", "blue", "10.0.0.1"], { ...trace, peer: "10.0.0.1", netns: "blue" }],
    [["trace", "--read", "a.pcap", "--json"], { kind: "trace-read", file: "a.pcap", json: true }],
    [["trace", "--list", "--data-dir", "/d"], { kind: "trace-list", json: false, dataDir: "/d" }],
    [["connections", "--process", "123"], { ...connections, process: "123" }],
    [
      ["connections", "--peer", "10.0.0.0/8"],
      { ...connections, peer: "10.0.0.0/8", peerRange: parsePeerRange("10.0.0.0/8") },
    ],
    [["snapshot"], snapshot],
    [["daemon"], { kind: "help", command: "daemon" }],
    [["daemon", "-h"], { kind: "help", command: "daemon" }],
    [["help", "daemon"], { kind: "help", command: "daemon" }],
    [["help", "daemon", "stop"], { kind: "help", command: "daemon stop" }],
    [["daemon", "stop", "-h"], { kind: "help", command: "daemon stop" }],
    // What daemon.json may say is given only when it was typed, even with its default.
    [["daemon", "start"], { kind: "daemon start" }],
    [["daemon", "start", "--interval=30"], { kind: "daemon start", interval: 30 }],
    [
      ["daemon", "run", "--max-size=1.5G", "--data-dir", "a", "--compress=off"],
      { kind: "daemon run", maxSize: 1_610_612_736, dataDir: "a", compress: "off" },
    ],
    [["daemon", "status"], { kind: "daemon status", json: false }],
    [["daemon", "stop"], { kind: "daemon stop", timeout: 10 }],
    [["daemon", "prune", "--dry-run"], { kind: "daemon prune", dryRun: true, json: false }],
    [["daemon", "logs", "-n5"], { kind: "daemon logs", lines: 5, follow: false }],
    [["daemon", "unit"], { kind: "daemon unit" }],
    [["snapshot", "--top-limit=1"], { ...snapshot, topLimit: 1 }],
  ])("%j", (words, expected) => {
    expect(parseCommandLine(words)).toEqual(expected as ReturnType<typeof parseCommandLine>)
  })
})

describe("what cannot be meant", () => {
  test.each<[string[], string]>([
    [["pods"], "pods needs a port: holyf-network pods --port 8080"],
    [["pods", "--port", "0"], '--port takes a whole number from 1 to 65535, not "0"'],
    [["pods", "--port", "http"], '--port takes a whole number from 1 to 65535, not "http"'],
    [["pods", "8080"], 'holyf-network pods takes no further word, and was given "8080"'],
    [["-r", "0"], '--refresh takes a whole number from 1 to 300, not "0"'],
    [["-r", "301"], '--refresh takes a whole number from 1 to 300, not "301"'],
    [["-r", "abc"], '--refresh takes a whole number from 1 to 300, not "abc"'],
    [["-r", "1.5"], '--refresh takes a whole number from 1 to 300, not "1.5"'],
    [["-r", "-5"], '--refresh takes a whole number from 1 to 300, not "-5"'],
    [["-r"], "--refresh needs a value: --refresh SECONDS"],
    [["-r="], "--refresh needs a value: --refresh SECONDS"],
    [["--refresh="], "--refresh needs a value: --refresh SECONDS"],
    [["-i", ""], "--interface needs a value: --interface NAME"],
    [["-i", "-r", "5"], "--interface needs a value: --interface NAME"],
    [["-i", "--refresh=5"], "--interface needs a value: --interface NAME"],
    [["-r", "5", "--refresh=5"], "--refresh is given twice"],
    [["connections", "--json", "--json"], "--json is given twice"],
    [["--sensitive-ip=yes"], '--sensitive-ip takes true or false, not "yes"'],
    [["-x"], 'unknown flag "-x"; see holyf-network --help'],
    [["-vx"], 'unknown flag "-x"; see holyf-network --help'],
    [["--refesh", "5"], 'unknown flag "--refesh"; did you mean --refresh?'],
    [["--no-json"], 'unknown flag "--no-json"; see holyf-network --help'],
    [["--__proto__=1"], 'unknown flag "--__proto__"; see holyf-network --help'],
    [["--=1"], 'unknown flag "--"; see holyf-network --help'],
    [["conections"], 'unknown command "conections"; did you mean connections?'],
    [["daemon", "strat"], 'unknown command "daemon strat"; did you mean start?'],
    [["daemon", "x"], 'unknown command "daemon x"; see holyf-network daemon --help'],
    [["daemon start"], 'unknown command "daemon start"; see holyf-network --help'],
    [["daemon", "start", "x"], 'holyf-network daemon start takes no further word, and was given "x"'],
    [["daemon", "start", "--interval", "301"], '--interval takes a whole number from 1 to 300, not "301"'],
    [["daemon", "start", "--interval", "1.5"], '--interval takes a whole number from 1 to 300, not "1.5"'],
    [["daemon", "start", "--top-limit", "0"], '--top-limit takes a whole number from 1 to 1000000, not "0"'],
    [["daemon", "run", "--retention-hours=0"], '--retention-hours takes a whole number from 1 to 876000, not "0"'],
    [["daemon", "run", "--max-size", "2X"], '--max-size takes a size such as 500M or 2G, not "2X"'],
    [["daemon", "run", "--min-free", "-1"], '--min-free takes a size such as 500M or 2G, not "-1"'],
    [["daemon", "start", "--compress", "no"], '--compress takes on or off, not "no"'],
    [["daemon", "start", "--json"], "holyf-network daemon start has no flag --json"],
    [["daemon", "stop", "--timeout", "0"], '--timeout takes a whole number from 1 to 300, not "0"'],
    [["daemon", "status", "--data-dir"], "--data-dir needs a value: --data-dir DIR"],
    [["constructor"], 'unknown command "constructor"; see holyf-network --help'],
    [[""], 'unknown command ""; see holyf-network --help'],
    [["a\n\u001b[31mb"], 'unknown command "a␊␛[31mb"; see holyf-network --help'],
    [["help", "foo"], 'unknown command "foo"; see holyf-network --help'],
    [["foo", "--help"], 'unknown command "foo"; see holyf-network --help'],
    [["help", "snapshot", "more"], 'holyf-network help takes no further word, and was given "more"'],
    [["connections", "foo"], 'holyf-network connections takes no further word, and was given "foo"'],
    [["connections", "--json", "true"], 'holyf-network connections takes no further word, and was given "true"'],
    [["connections", "--", "-i"], 'holyf-network connections takes no further word, and was given "-i"'],
    [["connections", "-r", "5"], "holyf-network connections has no flag --refresh"],
    [["--json"], "holyf-network has no flag --json"],
    [["--json", "snapshot"], "holyf-network snapshot has no flag --json"],
    [["connections", "--in", "--out"], "--in and --out exclude each other; both sides are the default"],
    [["connections", "--port", "0"], '--port takes a whole number from 1 to 65535, not "0"'],
    [["connections", "--proto", "icmp"], '--proto takes tcp, udp or all, not "icmp"'],
    [["connections", "--peer", "web1"], '--peer takes an address or a network such as 10.0.0.0/8, not "web1"'],
    [["snapshot", "--top-limit", "0"], '--top-limit takes a whole number from 1 to 1000000, not "0"'],
    [["trace"], "holyf-network trace needs a peer: an address, or ADDRESS:PORT"],
    [["trace", "web1:443"], 'trace takes an address, or ADDRESS:PORT ([ADDRESS]:PORT for IPv6), not "web1:443"'],
    [["trace", "10.0.0.1:0"], 'trace takes an address, or ADDRESS:PORT ([ADDRESS]:PORT for IPv6), not "10.0.0.1:0"'],
    [["trace", "10.0.0.1", "--seconds", "61"], '--seconds takes a whole number from 1 to 60, not "61"'],
    [["trace", "10.0.0.1", "--packets", "20001"], '--packets takes a whole number from 1 to 20000, not "20001"'],
    [["trace", "--read", "a", "--list"], "--read and --list exclude each other"],
    [["trace", "10.0.0.1", "--read", "a"], '--read takes no peer, and was given "10.0.0.1"'],
    [["trace", "--list", "--seconds", "5"], "--list makes no capture: --seconds means nothing with it"],
    [["snapshot", "--sample", "301"], '--sample takes a whole number from 1 to 300, not "301"'],
  ])("%j", (words, reason) => {
    expect(parseCommandLine(words)).toEqual({ kind: "wrong", reason })
  })
})

describe("the help", () => {
  test.each(commands.map(({ name }) => name))("of %p fits 80 columns and names every flag", (name) => {
    const text = helpText(name)
    expect(text.split("\n").filter((line) => line.length > 80)).toEqual([])
    const command: CommandSpec = commands.find((one) => one.name === name)!
    for (const { ids } of command.flags) for (const id of ids) expect(text).toContain(`--${flags[id].name}`)
  })

  test("every example is a command line that is understood", () => {
    const lines = (commands as readonly CommandSpec[]).flatMap(({ examples }) => examples.map(({ line }) => line))
    expect(lines.length).toBeGreaterThan(3)
    for (const line of lines) {
      // What only reads a file of the operator's own needs no root.
      const words = line
        .replace(/ >>? .*$/, "")
        .replace(/^sudo /, "")
        .split(" ")
      expect(words.splice(0, 1)).toEqual(["holyf-network"])
      expect(parseCommandLine(words).kind).not.toBe("wrong")
    }
  })

  test("names every command", () => {
    for (const { name } of commands) {
      // The members of a family are named by its head.
      const head = name.includes(" ") ? "daemon" : ""
      expect(helpText(head)).toContain(`holyf-network ${name}`)
    }
  })
})

describe("actions", () => {
  const switches = { dryRun: false, yes: false, force: false, forceSshPeer: false, json: false }
  const asked = (...words: string[]) => parseCommandLine(words) as object
  test("a target may be written in every way", () => {
    const target = { family: 4, address: "203.0.113.7", prefixLength: 32, port: 443 }
    const block = { kind: "block", target, minutes: 5, ...switches }
    expect(asked("block", "203.0.113.7:443")).toEqual(block)
    expect(asked("block", "203.0.113.7", "--port", "443")).toEqual(block)
    expect(asked("block", "::ffff:203.0.113.7", "--port=443", "--minutes", "0")).toEqual({ ...block, minutes: 0 })
    expect(asked("kill", "203.0.113.7:443", "--netns", "blue")).toEqual({
      kind: "kill",
      target,
      netns: "blue",
      ...switches,
    })
    expect(asked("block", "[2001:db8::1]:443")).toMatchObject({
      target: { family: 6, address: "2001:db8::1", prefixLength: 128, port: 443 },
    })
    expect(asked("unblock", "203.0.113.7:443")).toEqual({ kind: "unblock", target, json: false })
    expect(asked("unblock", "--all")).toEqual({ kind: "unblock", json: false })
    expect(asked("blocks", "--json")).toEqual({ kind: "blocks", json: true })
  })
  test.each<[string[], string]>([
    [["block"], "block needs a peer: holyf-network block 203.0.113.7:443"],
    [["unblock"], "unblock needs a peer: holyf-network unblock 203.0.113.7:443, or --all"],
    [["unblock", "203.0.113.7", "--all"], "unblock takes a peer or --all, not both"],
    [["block", "203.0.113.7", "203.0.113.8"], 'takes no further word, and was given "203.0.113.8"'],
    [["block", "fe80::1%eth0"], "zone"],
    [["block", "10.0.0.0/7"], "too wide"],
    [["block", "203.0.113.7:0"], "a port is a whole number from 1 to 65535"],
    [["block", "203.0.113.7", "--port", "65536"], '--port takes a whole number from 1 to 65535, not "65536"'],
    [["block", "203.0.113.7:80", "--port", "81"], "the port is given twice: 80 and 81"],
    [["block", "203.0.113.7", "--minutes", "-1"], '--minutes takes a whole number from 0 to 1440, not "-1"'],
    [["block", "203.0.113.7", "--minutes", "1441"], "--minutes takes a whole number from 0 to 1440"],
    [["block", "203.0.113.7", "--minutes", "1.5"], "--minutes takes a whole number from 0 to 1440"],
    [["kill", "203.0.113.7", "--minutes", "5"], "holyf-network kill has no flag --minutes"],
    [["blocks", "203.0.113.7"], "takes no further word"],
  ])("%p is refused", (words, reason) => {
    const request = parseCommandLine(words)
    expect(request.kind === "wrong" ? request.reason : "").toContain(reason)
  })
})
