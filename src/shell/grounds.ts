/**
 * Reads what only the diagnosis needs: counters of every network namespace, and the host's limits.
 *
 * Each source fails alone, with its reason. Devices, their queues and firewall rules are asked in our own namespace only.
 * Sockets and flows are those of the look.
 */
import { parseCpuTimes } from "../core/proc/cpu-times.ts"
import { countReservedPorts, parseNumbers, parseTcpPressure } from "../core/proc/limits.ts"
import type { FlowsSeen } from "../core/sample/flows.ts"
import type { Grounds, NamespaceGrounds, UdpSocket } from "../core/sample/grounds.ts"
import type { NetworkNamespace } from "../core/sample/network-namespace.ts"
import { missing, type ProtocolCounters, type Reading, reading, type Sockets } from "../core/sample/sample.ts"
import { addressText, cookieOf, IPPROTO_UDP, rowSource } from "../core/sample/socket-table.ts"
import { flowStatus } from "../core/wire/conntrack.ts"
import { DescriptorUses } from "./descriptors.ts"
import { dumpStatistics, openConntrack, readConntrackSettings, readConntrackStatistics } from "./kernel/conntrack.ts"
import {
  listDropRules,
  listLinkGrounds,
  listNeighbourTables,
  listQueueGrounds,
  readClockState,
} from "./kernel/grounds.ts"
import { KernelError } from "./kernel/netlink.ts"
import { readTextIn } from "./kernel/network-namespaces.ts"
import { readConntrack, readCountersIn, readFileIn } from "./procfs.ts"
import { readFileAs } from "./text-file.ts"

const PROC = "/proc"
const HOST_ONLY = "It can be read only in the host's own network namespace"
const NOT_TRACKED = "connection tracking is not loaded"
const DNS = 53
/** Of more namespaces than this only the sockets are looked at. */
const NAMESPACES_MAX = 256
/** More UDP sockets of one namespace that lose datagrams or ask DNS are not told one by one. */
const UDP_MAX = 20_000

const elsewhere = missing("not read in this network namespace")

export interface GroundsLook {
  /** Counters of our own namespace. */
  readonly counters: Reading<ProtocolCounters>
  /** The namespaces by index, as the look's sockets have them; `undefined`: not looked at. */
  readonly slots: readonly (NetworkNamespace | undefined)[]
  /** Absent: they could not be listed. */
  readonly sockets?: Sockets
}

type Datagrams = Readonly<Record<"sent" | "received", number>>

export class GroundsReader {
  private readonly descriptors = new DescriptorUses()
  /** What each namespace, by index, had sent and received at the last look. */
  private datagrams: ReadonlyMap<number, Datagrams> = new Map()

  async read({ counters, slots, sockets }: GroundsLook): Promise<Grounds> {
    const namespaces = [await readOwn(counters)]
    for (const [index, namespace] of slots.entries()) {
      if (index === 0 || namespace === undefined) continue
      if (namespaces.length >= NAMESPACES_MAX) break
      namespaces.push(await readOther(index, namespace))
    }
    const udp = readUdp(sockets)
    const before = this.datagrams
    this.datagrams = new Map(namespaces.map(({ index, counters }) => [index, datagramsOf(counters)]))
    return {
      namespaces: namespaces.map((namespace) => {
        const { index } = namespace
        const isMissed = isAnswerMissing(this.datagrams.get(index), before.get(index))
        return {
          ...namespace,
          udp: udp.ok ? reading(udp.value.get(index) ?? []) : udp,
          unansweredDns: isMissed ? unansweredDns(sockets?.flows, index) : [],
        }
      }),
      cpuTimes: readFileAs(`${PROC}/stat`, parseCpuTimes),
      tcpMemory: map(numbers("net/ipv4/tcp_mem", 3, HOST_ONLY), ([, pressurePages, highPages]) => ({
        pressurePages: pressurePages!,
        highPages: highPages!,
      })),
      isTcpPressed: readFileAs(`${PROC}/net/protocols`, parseTcpPressure),
      orphansMax: map(numbers("net/ipv4/tcp_max_orphans", 1, HOST_ONLY), ([max]) => max!),
      neighbours: await attempt(listNeighbourTables),
      clock: await attempt(async () => readClockState()),
      files: map(numbers("fs/file-nr", 3), ([openCount, , openMax]) => ({ openCount: openCount!, openMax: openMax! })),
      descriptors: reading(this.descriptors.read(sockets?.owners ?? [])),
    }
  }
}

type Counted = Omit<NamespaceGrounds, "udp" | "unansweredDns">

const readOwn = async (counters: Reading<ProtocolCounters>): Promise<Counted> => ({
  index: 0,
  name: "host",
  counters,
  portRange: portRange((name) => readFileAs(`${PROC}/sys/net/ipv4/${name}`, textOf)),
  links: await attempt(listLinkGrounds),
  queues: await attempt(listQueueGrounds),
  conntrack: readConntrack(),
  conntrackCpus: await attempt(async () => {
    using conversation = openConntrack()
    return await readConntrackStatistics(conversation)
  }),
  dropRules: await attempt(listDropRules),
})

async function readOther(index: number, namespace: NetworkNamespace): Promise<Counted> {
  const { id, name, path } = namespace
  const { table } = readConntrackSettings(PROC, (file) => textIn(namespace, file))
  return {
    index,
    name,
    counters: readCountersIn(namespace),
    portRange: portRange((file) => readFileIn(namespace, `${PROC}/sys/net/ipv4/${file}`, textOf)),
    links: elsewhere,
    queues: elsewhere,
    conntrack: table === undefined ? missing(NOT_TRACKED) : reading(table),
    // A namespace without a flow, now, has nothing that could fail to be tracked.
    conntrackCpus:
      table === undefined || table.count === 0
        ? missing(NOT_TRACKED)
        : await attempt(async () => {
            using conversation = openConntrack(path === undefined ? undefined : { path, inode: id })
            return await dumpStatistics(conversation)
          }),
    dropRules: elsewhere,
  }
}

const textOf = (text: string) => text

function textIn(namespace: NetworkNamespace, path: string): string | undefined {
  try {
    return readTextIn(namespace, path)
  } catch {
    return undefined
  }
}

function datagramsOf(counters: Reading<ProtocolCounters>): Datagrams {
  const { Udp = {}, Udp6 = {} } = counters.ok ? counters.value : {}
  return {
    sent: (Udp.OutDatagrams ?? 0) + (Udp6.Udp6OutDatagrams ?? 0),
    received: (Udp.InDatagrams ?? 0) + (Udp6.Udp6InDatagrams ?? 0),
  }
}

/** Far more datagrams have gone out than came in since the last look. */
const isAnswerMissing = (now: Datagrams | undefined, before: Datagrams | undefined): boolean =>
  now !== undefined && before !== undefined && now.sent - before.sent > 2 * (now.received - before.received)

/** From connection tracking, where sockets that ask without being connected leave their trace. */
function unansweredDns(seen: FlowsSeen | undefined, index: number): NamespaceGrounds["unansweredDns"] {
  const rows = seen?.now.namespaces[index]?.rows
  if (seen === undefined || rows === undefined) return []
  const { table } = seen.now
  const byServer = new Map<string, number>()
  for (let row = rows.from; row < rows.to; row++) {
    if (table.protocol[row] !== IPPROTO_UDP || table.originalTargetPort[row] !== DNS) continue
    if ((table.status[row]! & flowStatus.seenReply) !== 0) continue
    const server = addressText(table.originalTarget, row)
    byServer.set(server, (byServer.get(server) ?? 0) + 1)
  }
  return [...byServer].map(([server, count]) => ({ server, count })).sort((a, b) => b.count - a.count)
}

/** By index of the namespace: UDP sockets that have lost datagrams, or that ask DNS. Nothing is asked of the others. */
function readUdp(sockets: Sockets | undefined): Reading<ReadonlyMap<number, UdpSocket[]>> {
  if (sockets === undefined) return missing("sockets could not be listed")
  const { table, owners } = sockets
  const { protocol, source, drops, remotePort, namespace } = table
  const found = new Map<number, UdpSocket[]>()
  for (let row = 0; row < table.length; row++) {
    if (protocol[row] !== IPPROTO_UDP || source[row] !== rowSource.socket) continue
    if (drops[row] === 0 && remotePort[row] !== DNS) continue
    const index = namespace[row]!
    const list = found.get(index) ?? []
    if (list.length >= UDP_MAX) continue
    found.set(index, list)
    const owner = owners[table.owner[row]!]
    list.push({
      cookie: cookieOf(table, row).toString(),
      localAddress: addressText(table.localAddress, row),
      localPort: table.localPort[row]!,
      remoteAddress: addressText(table.remoteAddress, row),
      remotePort: remotePort[row]!,
      receiveQueue: table.receiveQueue[row]!,
      inode: table.inode[row]!,
      drops: drops[row]!,
      ...(owner === undefined ? {} : { pid: owner.pid, process: owner.name }),
    })
  }
  return reading(found)
}

const numbers = (name: string, countMin: number, whenAbsent = ""): Reading<readonly number[]> =>
  readFileAs(`${PROC}/sys/${name}`, (text) => parseNumbers(text, countMin), whenAbsent)

const map = <T, U>(from: Reading<T>, derive: (value: T) => U): Reading<U> =>
  from.ok ? reading(derive(from.value)) : from

function portRange(read: (name: string) => Reading<string>): NamespaceGrounds["portRange"] {
  const text = read("ip_local_port_range")
  if (!text.ok) return text
  const [from, to] = parseNumbers(text.value, 2) ?? []
  if (from === undefined || to === undefined) return missing("ip_local_port_range does not hold two numbers")
  const reserved = read("ip_local_reserved_ports")
  const reservedCount = reserved.ok ? countReservedPorts(reserved.value, { from, to }) : 0
  return reading({ from, to, reservedCount })
}

async function attempt<T>(ask: () => Promise<T>): Promise<Reading<T>> {
  try {
    return reading(await ask())
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    return missing(error.message)
  }
}
