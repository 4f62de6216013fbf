/**
 * What one look at the host saw: counters and facts, never a rate.
 *
 * Every source fails alone; what is missing says why.
 */
import type { FlowsSeen } from "./flows.ts"
import type { Grounds } from "./grounds.ts"
import type { HostAddress } from "./host-addresses.ts"
import type { Owner } from "./owners.ts"
import type { SocketTable } from "./socket-table.ts"
import type { Units } from "./units.ts"

/** A value, or the reason it is missing: a sentence an operator can act on. */
export type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string }

export const reading = <T>(value: T): Reading<T> => ({ ok: true, value })
export const missing = (reason: string): Reading<never> => ({ ok: false, reason })

/** Sockets of one look, and how complete the list is. */
export interface Sockets {
  readonly table: SocketTable
  /** Process names, by `table.owner`. */
  readonly owners: readonly Owner[]
  /** Nothing is missing that the kernel would have shown: a socket not seen last time was born since. */
  readonly isComplete: boolean
  /**
   * The network namespaces that were asked, where `table.namespace` is an index. Absent: only the one we were started
   * in.
   */
  readonly namespaces?: readonly NamespaceLook[]
  /** Connection tracking: rows may point into it. Absent: nobody asked for it. */
  readonly flows?: FlowsSeen
  /** Which unit, container or pod a row belongs to. Absent: nobody asked for it. */
  readonly units?: Units
}

/** How one network namespace was seen in one look. */
export interface NamespaceLook {
  readonly id: number
  readonly name: string
  /** As `Sockets.isComplete`, of this namespace alone. False also for one that is gone. */
  readonly isComplete: boolean
}

/** `isComplete` of one namespace; of one that the look did not ask, false. */
export const isCompleteIn = ({ isComplete, namespaces }: Sockets, namespace: number): boolean =>
  namespaces === undefined ? isComplete : namespaces[namespace]?.isComplete === true

/**
 * The kernel's protocol counters by group and name, as in /proc/net/snmp, netstat and snmp6:
 * `counters.Tcp.RetransSegs`, `counters.TcpExt.ListenOverflows`, `counters.Ip6.Ip6InReceives`. Totals since the network
 * namespace was made.
 */
export type ProtocolCounters = Readonly<Record<string, Readonly<Record<string, number>>>>

/** /proc/net/sockstat and sockstat6, `stats.TCP.mem`: counts, and `mem` in pages. */
export type SocketStatistics = Readonly<Record<string, Readonly<Record<string, number>>>>

/** /proc/net/softnet_stat, one CPU a row (net/core/net-procfs.c): totals since boot. */
export interface SoftnetCpu {
  readonly cpu: number
  readonly processed: number
  readonly dropped: number
  readonly timeSqueeze: number
}

/** Totals of one device since it appeared (linux/if_link.h, rtnl_link_stats64). */
export interface InterfaceCounters {
  readonly name: string
  readonly rxBytes: number
  readonly txBytes: number
  readonly rxPackets: number
  readonly txPackets: number
  readonly rxErrors: number
  readonly txErrors: number
  readonly rxDropped: number
  readonly txDropped: number
  /**
   * How many bytes it carried while the sockets were read: the counters are those of the middle of that time. Absent: they
   * were read alone.
   */
  readonly spreadBytes?: number
  /** What the device counts of each packet before its IP header: 14 on Ethernet, 0 on loopback and tunnels. */
  readonly headerBytes?: number
  /** Only for real devices; what a veth or a bridge says is not a limit. */
  readonly speedBitsPerSecond?: number
}

export interface ConntrackTable {
  readonly count: number
  readonly max: number
}

/** What this program itself costs. */
export interface OwnUsage {
  readonly cpuUs: number
  readonly rssBytes: number
}

export interface Sample {
  /** Wall clock of the socket read, milliseconds since 1970: for people and files. */
  readonly at: number
  /** The monotonic clock at the same instant, milliseconds: for rates. */
  readonly monotonicMs: number
  readonly sockets: Reading<Sockets>
  readonly counters: Reading<ProtocolCounters>
  readonly socketStatistics: Reading<SocketStatistics>
  readonly softnet: Reading<readonly SoftnetCpu[]>
  readonly interface: Reading<InterfaceCounters>
  readonly addresses: Reading<readonly HostAddress[]>
  readonly conntrack: Reading<ConntrackTable>
  readonly own: Reading<OwnUsage>
  /** The host's load averages over 1, 5 and 15 minutes. */
  readonly load: Reading<readonly [number, number, number]>
  /** What only the diagnosis reads; absent where nobody diagnoses. */
  readonly grounds?: Grounds
  /** What could not be seen although the source answered: too few privileges, rows that made no sense. */
  readonly notes: readonly Note[]
}

/** A limit of what is shown: which source, and a sentence. */
export interface Note {
  readonly source: string
  readonly text: string
}
