/**
 * Reads what only the diagnosis needs: counters of every network namespace, and the host's limits.
 *
 * Each source fails alone, with its reason. What needs a conversation with the kernel is asked in our own namespace only.
 */
import { findListeners } from "../core/model/direction.ts"
import { parseCpuTimes } from "../core/proc/cpu-times.ts"
import { countReservedPorts, parseNumbers } from "../core/proc/limits.ts"
import type { Grounds, NamespaceGrounds, UdpSocket } from "../core/sample/grounds.ts"
import { linkPrevious } from "../core/sample/link.ts"
import type { Owner } from "../core/sample/owners.ts"
import { missing, type ProtocolCounters, type Reading, reading } from "../core/sample/sample.ts"
import { addressText, cookieOf, createSocketTable, type SocketTable } from "../core/sample/socket-table.ts"
import { type CounterNamespace, CounterNamespaces } from "./counter-namespaces.ts"
import { DescriptorUses } from "./descriptors.ts"
import { openConntrack, readConntrackStatistics } from "./kernel/conntrack.ts"
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

const elsewhere = missing(ELSEWHERE)

export class GroundsReader {
  private readonly namespaces = new CounterNamespaces()
  private readonly descriptors = new DescriptorUses()
  private readonly owners = new OwnerSearch()
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
    }
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
