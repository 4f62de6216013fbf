/** Readings that prove a fault: the kernel's counters and tables, read with other means than the program under test has. */
import { parseCounterPairs } from "../../../src/core/proc/snmp.ts"
import { type Lab, OBSERVED } from "./lab.ts"
import type { Proof } from "./scenario.ts"

/** What the reading must do: rise by so much, or reach so much. */
export type Goal = Pick<Proof, "rises"> | Pick<Proof, "reaches">

/** A counter of /proc/net/snmp or netstat by its group and name, such as `Tcp.OutRsts` or `TcpExt.ListenOverflows`. */
export const counter = (name: string, goal: Goal, host = OBSERVED): Proof => ({
  what: host === OBSERVED ? name : `${name} on ${host}`,
  ...goal,
  read(lab) {
    const [group = "", field = ""] = name.split(".")
    const file = group.endsWith("Ext") ? "netstat" : "snmp"
    const value = parseCounterPairs(lab.read(host, `/proc/net/${file}`))[group]?.[field]
    // IcmpMsg lists only the types that were seen.
    if (value === undefined && group !== "IcmpMsg") throw new Error(`this kernel does not count ${name}`)
    return value ?? 0
  },
})

const lines = (text: string) => text.split("\n").filter((line) => line.trim() !== "")

/** How many sockets `ss` lists for these words, such as `-tn state syn-sent`. */
export const sockets = (words: string, goal: Goal, host = OBSERVED): Proof => ({
  what: `sockets of ss ${words}`,
  ...goal,
  read: (lab) => lines(lab.sh(host, `ss -H ${words}`)).length,
})

/** How many sockets `ss -tinO` lists for these words on which `holds` is true of the line. */
export const tcpInfo = (
  what: string,
  words: string,
  goal: Goal,
  holds: (line: string) => boolean,
  host = OBSERVED,
): Proof => ({
  what,
  ...goal,
  read: (lab) => lines(lab.sh(host, `ss -tinoHO ${words}`)).filter(holds).length,
})

/** A field of a line of `ss -i`, such as `lastack:31000`; milliseconds and percent signs are left out. */
export const infoField = (line: string, name: string): number =>
  Number(new RegExp(`\\b${name}:(\\d+(?:\\.\\d+)?)`).exec(line)?.[1] ?? 0)

/** The share of the busy time that `ss -i` puts in brackets: `rwnd_limited:2976ms(99.8%)`. */
export const infoShare = (line: string, name: string): number =>
  Number(new RegExp(`\\b${name}:\\d+ms\\((\\d+(?:\\.\\d+)?)%\\)`).exec(line)?.[1] ?? 0)

/** Packets that a named counter of nftables counted; 0 before the fault has brought it. */
export const nftCounter = (name: string, goal: Goal, host = OBSERVED): Proof => ({
  what: `nft counter ${name} on ${host}`,
  ...goal,
  read: (lab) =>
    Number(/packets (\d+)/.exec(lab.sh(host, `nft list counter inet lab ${name} 2>/dev/null || true`))?.[1] ?? 0),
})

/** A statistic of connection tracking, summed over the CPUs. */
export const conntrackStatistic = (name: string, goal: Goal): Proof => ({
  what: `conntrack ${name}`,
  ...goal,
  read: (lab) => sumOf(lab.sh(OBSERVED, "conntrack -S"), new RegExp(`\\b${name}=(\\d+)`, "g")),
})

/** The figure that a file of one number holds; 0 where the file comes only with the fault. */
export const figure = (path: string, goal: Goal, host = OBSERVED): Proof => ({
  what: path,
  ...goal,
  read: (lab) => Number(lab.sh(host, `cat ${path} 2>/dev/null || echo 0`)),
})

/** Packets that the queue of a device dropped. */
export const queueDrops = (device: string, goal: Goal, host = OBSERVED): Proof => ({
  what: `queue drops of ${device}`,
  ...goal,
  read: (lab) => Number(/dropped (\d+)/.exec(lab.sh(host, `tc -s qdisc show dev ${device} root`))?.[1] ?? 0),
})

/** Packets that found the queue between device and protocols full, over all CPUs of the machine. */
export const softnetDropped = (goal: Goal): Proof => ({
  what: "softnet dropped",
  ...goal,
  read: (lab) =>
    lines(lab.read(OBSERVED, "/proc/net/softnet_stat")).reduce(
      (sum, line) => sum + Number.parseInt(line.split(/\s+/)[1] ?? "0", 16),
      0,
    ),
})

/** Additions to the IPv4 neighbour table that found it full. */
export const neighbourTableFulls = (goal: Goal): Proof => ({
  what: "neighbour table fulls",
  ...goal,
  read: (lab) => sumOf(lab.sh(OBSERVED, "ip -s ntable show name arp_cache"), /\btable_fulls (\d+)/g),
})

/** A field of /proc/net/sockstat: `TCP orphan` is the number after `orphan` on the line that begins with `TCP:`. */
export const sockstat = (name: string, goal: Goal): Proof => ({
  what: `sockstat ${name}`,
  ...goal,
  read(lab) {
    const [protocol = "", field = ""] = name.split(" ")
    const line = lines(lab.read(OBSERVED, "/proc/net/sockstat")).find((row) => row.startsWith(`${protocol}:`)) ?? ""
    return Number(new RegExp(`\\b${field} (\\d+)`).exec(line)?.[1] ?? 0)
  },
})

/** How many descriptors a program holds. */
export const openFiles = (load: string, goal: Goal): Proof => ({
  what: `open files of ${load}`,
  ...goal,
  read: (lab) => lines(lab.sh(OBSERVED, `ls /proc/${lab.load(load).pid}/fd`)).length,
})

function sumOf(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].reduce((sum, [, digits]) => sum + Number(digits), 0)
}

/** A reading of our own. */
export const reading = (what: string, goal: Goal, read: (lab: Lab) => number): Proof => ({ what, ...goal, read })
