/**
 * Reads what only the diagnosis needs: counters of every network namespace, and the host's limits.
 *
 * Each source fails alone, with its reason. What needs a conversation with the kernel is asked in our own namespace only.
 */
import { findListeners } from "../core/model/direction.ts"
import { parseCpuTimes } from "../core/proc/cpu-times.ts"
import { countReservedPorts, parseNumbers, parseTcpPressure } from "../core/proc/limits.ts"
import { createFlowTable, type FlowTable } from "../core/sample/flow-table.ts"
import type { Grounds, NamespaceGrounds, UdpSocket } from "../core/sample/grounds.ts"
import { linkPrevious } from "../core/sample/link.ts"
import type { Owner } from "../core/sample/owners.ts"
import { missing, type ProtocolCounters, type Reading, reading } from "../core/sample/sample.ts"
import { addressText, cookieOf, createSocketTable, IPPROTO_UDP, type SocketTable } from "../core/sample/socket-table.ts"
import { flowStatus } from "../core/wire/conntrack.ts"
import { type CounterNamespace, CounterNamespaces } from "./counter-namespaces.ts"
import { DescriptorUses } from "./descriptors.ts"
import { listFlows, openConntrack, readConntrackStatistics } from "./kernel/conntrack.ts"
import {
  listDropRules,
  listLinkGrounds,
  listNeighbourTables,
  listQueueGrounds,
  readClockState,
} from "./kernel/grounds.ts"
import { KernelError } from "./kernel/netlink.ts"
import { listUdpSockets } from "./kernel/udp.ts"
import { OwnerSearch } from "./processes.ts"
import { readConntrack, readCounters } from "./procfs.ts"
import { readFileAs } from "./text-file.ts"

const PROC = "/proc"
const ELSEWHERE = "not read in this network namespace"
const HOST_ONLY = "It can be read only in the host's own network namespace"
const DNS = 53
const OWNER_BUDGET_MS = 50
/** A table of more flows than this takes too long to be looked through for a few of DNS. */
const FLOWS_MAX = 20_000

const elsewhere = missing(ELSEWHERE)

export class GroundsReader {
  private readonly namespaces = new CounterNamespaces()
  private readonly descriptors = new DescriptorUses()
  private readonly owners = new OwnerSearch()
  private readonly flows: FlowTable = createFlowTable(64)
  private datagrams: { readonly sent: number; readonly received: number } | undefined
  private tables: readonly [SocketTable, SocketTable] = [createSocketTable(64), createSocketTable(64)]

  /** `counters` and `holders` are what the look has read already. */
  async read(look: {
    readonly monotonicMs: number
    readonly counters: Reading<ProtocolCounters>
    readonly holders: readonly Owner[]
  }): Promise<Grounds> {
    const [own, ...others] = this.namespaces.look(look.monotonicMs)
    return {
      namespaces: [await this.own(own!, look.counters), ...others.map(countersOnly)],
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
      descriptors: reading(this.descriptors.read(look.holders)),
    }
  }

  private async own(namespace: CounterNamespace, counters: Reading<ProtocolCounters>): Promise<NamespaceGrounds> {
    const { index, name } = namespace
    return {
      index,
      name,
      counters,
      portRange: portRange(),
      links: await attempt(listLinkGrounds),
      queues: await attempt(listQueueGrounds),
      conntrack: readConntrack(),
      conntrackCpus: await attempt(async () => {
        using conversation = openConntrack()
        return await readConntrackStatistics(conversation)
      }),
      dropRules: await attempt(listDropRules),
      udp: await attempt(() => this.udp()),
      unansweredDns: this.isAnswerMissing(counters) ? await this.unansweredDns() : [],
    }
  }

  /** Far more datagrams have gone out than came in since the last look. */
  private isAnswerMissing(counters: Reading<ProtocolCounters>): boolean {
    if (!counters.ok) return false
    const { Udp = {}, Udp6 = {} } = counters.value
    const sent = (Udp.OutDatagrams ?? 0) + (Udp6.Udp6OutDatagrams ?? 0)
    const received = (Udp.InDatagrams ?? 0) + (Udp6.Udp6InDatagrams ?? 0)
    const before = this.datagrams
    this.datagrams = { sent, received }
    return before !== undefined && sent - before.sent > 2 * (received - before.received)
  }

  /** From connection tracking, where sockets that ask without being connected leave their trace. */
  private async unansweredDns(): Promise<NamespaceGrounds["unansweredDns"]> {
    const tracked = readConntrack()
    if (!tracked.ok || tracked.value.count === 0 || tracked.value.count > FLOWS_MAX) return []
    const { flows } = this
    const listed = await attempt(async () => {
      using conversation = openConntrack()
      flows.length = 0
      await listFlows(conversation, flows)
    })
    if (!listed.ok) return []
    const byServer = new Map<string, number>()
    for (let row = 0; row < flows.length; row++) {
      if (flows.protocol[row] !== IPPROTO_UDP || flows.originalTargetPort[row] !== DNS) continue
      if ((flows.status[row]! & flowStatus.seenReply) !== 0) continue
      const server = addressText(flows.originalTarget, row)
      byServer.set(server, (byServer.get(server) ?? 0) + 1)
    }
    return [...byServer].map(([server, count]) => ({ server, count })).sort((a, b) => b.count - a.count)
  }

  /** UDP sockets; the process of those that lose datagrams or ask DNS is looked for, since nobody else asks for them. */
  private async udp(): Promise<readonly UdpSocket[]> {
    const [table, before] = this.tables
    this.tables = [before, table]
    await listUdpSockets(table)
    linkPrevious(table, before)
    const isSuspect = (row: number) => {
      const match = table.previousRow[row]!
      return table.drops[row]! > (match < 0 ? 0 : before.drops[match]!) || table.remotePort[row] === DNS
    }
    const rows = Array.from({ length: table.length }, (_, row) => row)
    table.owner.fill(-1, 0, table.length)
    const owners = rows.some(isSuspect)
      ? (await this.owners.find(table, findListeners(table), { budgetMs: OWNER_BUDGET_MS, previous: undefined })).owners
      : []
    return rows.map((row) => {
      const owner = owners[table.owner[row]!]
      return {
        cookie: cookieOf(table, row).toString(),
        localAddress: addressText(table.localAddress, row),
        localPort: table.localPort[row]!,
        remoteAddress: addressText(table.remoteAddress, row),
        remotePort: table.remotePort[row]!,
        receiveQueue: table.receiveQueue[row]!,
        inode: table.inode[row]!,
        drops: table.drops[row]!,
        ...(owner === undefined ? {} : { pid: owner.pid, process: owner.name }),
      }
    })
  }

  close(): void {
    this.owners.close()
  }
}

const countersOnly = ({ index, name, proc }: CounterNamespace): NamespaceGrounds => ({
  index,
  name,
  counters: readCounters(proc),
  portRange: elsewhere,
  links: elsewhere,
  queues: elsewhere,
  conntrack: elsewhere,
  conntrackCpus: elsewhere,
  dropRules: elsewhere,
  udp: elsewhere,
  unansweredDns: [],
})

const numbers = (name: string, countMin: number, whenAbsent = ""): Reading<readonly number[]> =>
  readFileAs(`${PROC}/sys/${name}`, (text) => parseNumbers(text, countMin), whenAbsent)

const map = <T, U>(from: Reading<T>, derive: (value: T) => U): Reading<U> =>
  from.ok ? reading(derive(from.value)) : from

function portRange(): NamespaceGrounds["portRange"] {
  const range = map(numbers("net/ipv4/ip_local_port_range", 2), ([from, to]) => ({ from: from!, to: to! }))
  if (!range.ok) return range
  const reserved = readFileAs(`${PROC}/sys/net/ipv4/ip_local_reserved_ports`, (text) => text)
  return reading({
    ...range.value,
    reservedCount: reserved.ok ? countReservedPorts(reserved.value, range.value) : 0,
  })
}

async function attempt<T>(ask: () => Promise<T>): Promise<Reading<T>> {
  try {
    return reading(await ask())
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    return missing(error.message)
  }
}
