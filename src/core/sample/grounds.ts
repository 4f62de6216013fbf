/**
 * What only the diagnosis reads: counters of every network namespace, and the host's limits. Counters and facts, never
 * a rate. Each reading fails alone.
 */
import type { ConntrackCpu } from "../wire/conntrack.ts"
import type { ConntrackTable, ProtocolCounters, Reading } from "./sample.ts"

/** Totals of one device since it appeared, and what it is. */
export interface LinkGrounds {
  readonly index: number
  readonly name: string
  readonly isLoopback: boolean
  readonly mtu: number
  readonly rxPackets: number
  readonly txPackets: number
  readonly rxBytes: number
  readonly txBytes: number
  readonly rxErrors: number
  readonly txErrors: number
  readonly rxDropped: number
  readonly txDropped: number
  /** Frames that the device had no room for: its ring, or its own memory. */
  readonly rxMissed: number
  readonly rxFifo: number
  readonly crcErrors: number
  /** How often the carrier came or went; absent on kernels that do not say. */
  readonly carrierChanges?: number
}

/** Totals of one queueing discipline. */
export interface QueueGrounds {
  /** Of its device. */
  readonly index: number
  /** `fq_codel`, `tbf`: text from the kernel. */
  readonly kind: string
  /** Major and minor number in one; names the queue on its device. */
  readonly handle: number
  readonly parent: number
  readonly packets: number
  readonly drops: number
  readonly overlimits: number
  readonly requeues: number
  readonly backlogBytes: number
}

/** A rule of nf_tables that drops or rejects, and counts. */
export interface DropRule {
  readonly family: string
  readonly table: string
  readonly chain: string
  readonly handle: number
  readonly packets: number
}

/** A UDP socket. */
export interface UdpSocket {
  /** Names the socket for its life. */
  readonly cookie: string
  readonly localAddress: string
  readonly localPort: number
  readonly remoteAddress: string
  readonly remotePort: number
  readonly receiveQueue: number
  readonly inode: number
  /** Datagrams it had no room for, since it was opened. */
  readonly drops: number
  readonly pid?: number
  readonly process?: string
}

export interface NamespaceGrounds {
  /** As `SocketTable.namespace` has it; 0 is the one we were started in. */
  readonly index: number
  readonly name: string
  readonly counters: Reading<ProtocolCounters>
  /** Local ports that the kernel may choose, both ends included, less those reserved in between. */
  readonly portRange: Reading<{ readonly from: number; readonly to: number; readonly reservedCount: number }>
  readonly links: Reading<readonly LinkGrounds[]>
  readonly queues: Reading<readonly QueueGrounds[]>
  readonly conntrack: Reading<ConntrackTable>
  readonly conntrackCpus: Reading<readonly ConntrackCpu[]>
  readonly dropRules: Reading<readonly DropRule[]>
  readonly udp: Reading<readonly UdpSocket[]>
  /** Questions to DNS servers that connection tracking has seen no answer to; asked for only while answers are missing. */
  readonly unansweredDns: readonly { readonly server: string; readonly count: number }[]
}

/** One CPU's time since boot in clock ticks (/proc/stat). */
export interface CpuTime {
  readonly cpu: number
  readonly softirq: number
  readonly total: number
}

/** One family's table of neighbours, of all namespaces together. */
export interface NeighbourTable {
  readonly family: "IPv4" | "IPv6"
  readonly entryCount: number
  /** gc_thresh3: more are refused. */
  readonly entriesMax: number
  /** How often one was refused. */
  readonly fullCount?: number
}

/** The kernel's clock discipline (adjtimex). */
export interface ClockState {
  /** Somebody keeps it, and says how far off it is. */
  readonly isKept: boolean
  readonly offsetUs: number
}

/** Descriptors of one process. */
export interface DescriptorUse {
  readonly pid: number
  readonly process: string
  readonly openCount: number
  readonly openMax: number
}

export interface Grounds {
  /** Our own first. */
  readonly namespaces: readonly NamespaceGrounds[]
  readonly cpuTimes: Reading<readonly CpuTime[]>
  /** tcp_mem: pages. */
  readonly tcpMemory: Reading<{ readonly pressurePages: number; readonly highPages: number }>
  /** Whether TCP as a whole is short of memory, as the kernel itself sees it. */
  readonly isTcpPressed: Reading<boolean>
  readonly orphansMax: Reading<number>
  readonly neighbours: Reading<readonly NeighbourTable[]>
  readonly clock: Reading<ClockState>
  /** Open files of the whole host. */
  readonly files: Reading<{ readonly openCount: number; readonly openMax: number }>
  /** Of the processes that hold sockets. */
  readonly descriptors: Reading<readonly DescriptorUse[]>
}
