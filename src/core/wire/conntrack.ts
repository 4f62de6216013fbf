/**
 * Connection tracking over nfnetlink (linux/netfilter/nfnetlink_conntrack.h): flows, per-CPU statistics, deletion.
 *
 * The message header is host order; every integer behind it is network order, but for the filter's flags.
 *
 * GET_CTRZERO, the dump that sets the counters back, is not written here at all: it takes the bytes away from every
 * other reader, and two such readers get a part each.
 */
import { attributes, type Codec, concat, type Infer, raw, struct, u8, u16be, u32be, u32h, u64be } from "./codec.ts"
import { NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, writeRequest } from "./message.ts"

// linux/netlink.h, linux/netfilter/nfnetlink.h
export const NETLINK_NETFILTER = 12
const NFNL_SUBSYS_CTNETLINK = 1
const NFNL_SUBSYS_HOOK = 12

/** Multicast groups (enum nfnetlink_groups), joined with NETLINK_ADD_MEMBERSHIP. */
export const NFNLGRP_CONNTRACK_NEW = 1
export const NFNLGRP_CONNTRACK_UPDATE = 2
export const NFNLGRP_CONNTRACK_DESTROY = 3

// enum cntl_msg_types
const IPCTNL_MSG_CT_NEW = 0
const IPCTNL_MSG_CT_GET = 1
const IPCTNL_MSG_CT_DELETE = 2
const IPCTNL_MSG_CT_GET_STATS_CPU = 4

const messageType = (subsystem: number, message: number) => (subsystem << 8) | message

/** The type of a message that carries a flow: in a dump, and in the event that it is new or changed. */
export const FLOW_MESSAGE = messageType(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_NEW)
/** The type of the event that a flow has ended; its counters are final. */
export const FLOW_DESTROYED_MESSAGE = messageType(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE)

// enum ctattr_type
export const CTA_TUPLE_ORIG = 1
export const CTA_TUPLE_REPLY = 2
export const CTA_STATUS = 3
export const CTA_PROTOINFO = 4
export const CTA_TIMEOUT = 7
export const CTA_MARK = 8
export const CTA_COUNTERS_ORIG = 9
export const CTA_COUNTERS_REPLY = 10
export const CTA_ID = 12
export const CTA_ZONE = 18
export const CTA_TIMESTAMP = 20
const CTA_MARK_MASK = 21
const CTA_FILTER = 25
const CTA_STATUS_MASK = 26

// enum ctattr_tuple
export const CTA_TUPLE_IP = 1
export const CTA_TUPLE_PROTO = 2
export const CTA_TUPLE_ZONE = 3

// enum ctattr_ip
export const CTA_IP_V4_SRC = 1
export const CTA_IP_V4_DST = 2
export const CTA_IP_V6_SRC = 3
export const CTA_IP_V6_DST = 4

// enum ctattr_l4proto
export const CTA_PROTO_NUM = 1
export const CTA_PROTO_SRC_PORT = 2
export const CTA_PROTO_DST_PORT = 3
export const CTA_PROTO_ICMP_ID = 4
export const CTA_PROTO_ICMP_TYPE = 5
export const CTA_PROTO_ICMP_CODE = 6
export const CTA_PROTO_ICMPV6_ID = 7
export const CTA_PROTO_ICMPV6_TYPE = 8
export const CTA_PROTO_ICMPV6_CODE = 9

// enum ctattr_protoinfo, ctattr_protoinfo_tcp
export const CTA_PROTOINFO_TCP = 1
export const CTA_PROTOINFO_TCP_STATE = 1

// enum ctattr_counters
export const CTA_COUNTERS_PACKETS = 1
export const CTA_COUNTERS_BYTES = 2

// enum ctattr_tstamp
export const CTA_TIMESTAMP_START = 1
export const CTA_TIMESTAMP_STOP = 2

// enum ctattr_filter
const CTA_FILTER_ORIG_FLAGS = 1

/** include/net/netfilter/nf_conntrack_core.h: which part of the original tuple must be equal. */
const CTA_FILTER_F_CTA_PROTO_NUM = 1 << 3

/** enum ip_conntrack_status (linux/netfilter/nf_conntrack_common.h): the bits we look at. */
export const flowStatus = {
  seenReply: 1 << 1,
  assured: 1 << 2,
  confirmed: 1 << 3,
  sourceNat: 1 << 4,
  targetNat: 1 << 5,
  dying: 1 << 9,
} as const

/** enum tcp_conntrack (linux/netfilter/nf_conntrack_tcp.h). LISTEN is an old name of SYN_SENT2, a simultaneous open. */
export const flowStates = {
  0: "NONE",
  1: "SYN_SENT",
  2: "SYN_RECV",
  3: "ESTABLISHED",
  4: "FIN_WAIT",
  5: "CLOSE_WAIT",
  6: "LAST_ACK",
  7: "TIME_WAIT",
  8: "CLOSE",
  9: "SYN_SENT2",
} as const satisfies Record<number, string>

/** struct nfgenmsg, behind every header. The resource is a CPU number in the statistics, else 0. */
export const NFGENMSG_SIZE = 4
export const nfgenmsg = struct(NFGENMSG_SIZE, { family: [0, u8], version: [1, u8], resource: [2, u16be] })

const tuple = attributes({
  ip: [
    CTA_TUPLE_IP,
    attributes({
      v4Source: [CTA_IP_V4_SRC, raw(4)],
      v4Target: [CTA_IP_V4_DST, raw(4)],
      v6Source: [CTA_IP_V6_SRC, raw(16)],
      v6Target: [CTA_IP_V6_DST, raw(16)],
    }),
  ],
  proto: [
    CTA_TUPLE_PROTO,
    attributes({
      number: [CTA_PROTO_NUM, u8],
      sourcePort: [CTA_PROTO_SRC_PORT, u16be],
      targetPort: [CTA_PROTO_DST_PORT, u16be],
      icmpId: [CTA_PROTO_ICMP_ID, u16be],
      icmpType: [CTA_PROTO_ICMP_TYPE, u8],
      icmpCode: [CTA_PROTO_ICMP_CODE, u8],
      icmpv6Id: [CTA_PROTO_ICMPV6_ID, u16be],
      icmpv6Type: [CTA_PROTO_ICMPV6_TYPE, u8],
      icmpv6Code: [CTA_PROTO_ICMPV6_CODE, u8],
    }),
  ],
  /** Only where the zone holds for this direction alone. */
  zone: [CTA_TUPLE_ZONE, u16be],
})
export type FlowTuple = Infer<typeof tuple>

const counters = attributes({
  packets: [CTA_COUNTERS_PACKETS, u64be],
  bytes: [CTA_COUNTERS_BYTES, u64be],
})

const flowFields = {
  original: [CTA_TUPLE_ORIG, tuple],
  reply: [CTA_TUPLE_REPLY, tuple],
  status: [CTA_STATUS, u32be],
  protocolInfo: [
    CTA_PROTOINFO,
    attributes({ tcp: [CTA_PROTOINFO_TCP, attributes({ state: [CTA_PROTOINFO_TCP_STATE, u8] })] }),
  ],
  timeoutSeconds: [CTA_TIMEOUT, u32be],
  mark: [CTA_MARK, u32be],
  originalCounters: [CTA_COUNTERS_ORIG, counters],
  replyCounters: [CTA_COUNTERS_REPLY, counters],
  id: [CTA_ID, u32be],
  zone: [CTA_ZONE, u16be],
  /** Nanoseconds since 1970, as near as a number comes (256 ns); only with nf_conntrack_timestamp=1. */
  timestamp: [
    CTA_TIMESTAMP,
    attributes({ startNs: [CTA_TIMESTAMP_START, u64be], stopNs: [CTA_TIMESTAMP_STOP, u64be] }),
  ],
} as const

/** What a flow is made of. Counters are there only if nf_conntrack_acct was 1 when it began: absent is not zero. */
export const flowAttributes = attributes(flowFields)

const dumpAttributes = attributes({
  ...flowFields,
  markMask: [CTA_MARK_MASK, u32be],
  filter: [CTA_FILTER, attributes({ originalFlags: [CTA_FILTER_ORIG_FLAGS, u32h] })],
  statusMask: [CTA_STATUS_MASK, u32be],
})

export type FlowAttributes = Infer<typeof flowAttributes>
export interface Flow extends FlowAttributes {
  /** AF_INET or AF_INET6. */
  readonly family: number
}

/** Reads one flow, of a dump or of an event, without its netlink header. Throws `DecodeError`. */
export const readFlow = (bytes: Uint8Array): Flow => {
  const { head, value } = readMessage(bytes, "flow", flowAttributes)
  return { family: head.family, ...value }
}

function readMessage<T>(bytes: Uint8Array, path: string, codec: Codec<T>) {
  const head = nfgenmsg.read(bytes, path)
  return { head, value: codec.read(bytes.subarray(NFGENMSG_SIZE), path) }
}

/**
 * One CPU's counters since the namespace was made: 32 bits that wrap around. `insert` counts only entries that came
 * through ctnetlink since Linux 4.9, so it is no count of new connections; it is left out, with what newer kernels dropped.
 */
const statistics = attributes({
  found: [2, u32be],
  invalid: [4, u32be],
  insertFailed: [9, u32be],
  drop: [10, u32be],
  earlyDrop: [11, u32be],
  error: [12, u32be],
  searchRestart: [13, u32be],
  clashResolve: [14, u32be],
  chainTooLong: [15, u32be],
})

export interface ConntrackCpu extends Infer<typeof statistics> {
  readonly cpu: number
}

/** Reads one CPU's answer without its netlink header. Throws `DecodeError`. */
export const readConntrackCpu = (bytes: Uint8Array): ConntrackCpu => {
  const { head, value } = readMessage(bytes, "conntrack statistics", statistics)
  return { cpu: head.resource, ...value }
}

interface Message {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  readonly family?: number
  readonly body?: Uint8Array
}

const writeMessage = ({ type, flags, sequence, family = 0, body }: Message) => {
  const head = nfgenmsg.write({ family, version: 0, resource: 0 })
  return writeRequest({ type, flags: NLM_F_REQUEST | flags, sequence, body: body ? concat([head, body]) : head })
}

/**
 * What the kernel is to leave out, which is ten times cheaper than to send it. A field that an older kernel does not
 * know is passed over in silence (zone before 6.8, status and protocol before 5.8), so look at what comes.
 */
export interface FlowFilter {
  /** AF_INET or AF_INET6. */
  readonly family?: number
  /** Flows whose status has, of the bits in `mask`, exactly those of `value`. */
  readonly status?: { readonly value: number; readonly mask: number }
  readonly mark?: { readonly value: number; readonly mask: number }
  readonly zone?: number
  /** Needs `family`: without one the kernel answers EOPNOTSUPP. */
  readonly protocol?: number
}

/** Asks for every flow the filter lets through, of all protocols and both families. As `conntrack -L` does. */
export function writeFlowDump(ask: { sequence: number; filter?: FlowFilter }): Uint8Array<ArrayBuffer> {
  const { family, status, mark, zone, protocol } = ask.filter ?? {}
  const body = dumpAttributes.write({
    ...(status !== undefined && { status: status.value, statusMask: status.mask }),
    ...(mark !== undefined && { mark: mark.value, markMask: mark.mask }),
    ...(zone !== undefined && { zone }),
    ...(protocol !== undefined && {
      original: { proto: { number: protocol } },
      filter: { originalFlags: CTA_FILTER_F_CTA_PROTO_NUM },
    }),
  })
  return writeMessage({
    type: messageType(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET),
    flags: NLM_F_DUMP,
    sequence: ask.sequence,
    ...(family !== undefined && { family }),
    body,
  })
}

/** Asks for the counters of each CPU. As `conntrack -S` does. */
export const writeStatisticsDump = ({ sequence }: { sequence: number }): Uint8Array<ArrayBuffer> =>
  writeMessage({
    type: messageType(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET_STATS_CPU),
    flags: NLM_F_DUMP,
    sequence,
  })

/** One flow, told apart from every other: its original tuple, its id, and its zone where it has one. */
export interface FlowIdentity {
  readonly family: number
  readonly original: FlowTuple
  readonly id: number
  readonly zone?: number
}

/**
 * Asks to delete one flow; a flow of the same addresses that is not the same answers ENOENT. As `conntrack -D` does for
 * each. Throws when the tuple has no protocol or no addresses: the kernel takes a deletion without a tuple for
 * "delete everything".
 */
export function writeFlowDelete(ask: FlowIdentity & { sequence: number }): Uint8Array<ArrayBuffer> {
  const { family, original, id, zone, sequence } = ask
  const { ip, proto } = original
  const hasAddresses =
    (ip?.v4Source !== undefined && ip.v4Target !== undefined) ||
    (ip?.v6Source !== undefined && ip.v6Target !== undefined)
  if (proto?.number === undefined || !hasAddresses) throw new Error("a flow to delete needs its whole tuple")
  return writeMessage({
    type: messageType(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE),
    flags: NLM_F_ACK,
    sequence,
    family,
    body: flowAttributes.write({ original, id, ...(zone !== undefined && zone !== 0 && { zone }) }),
  })
}

// linux/netfilter/nfnetlink_hook.h, enum nfnl_hook_attributes; linux/netfilter_ipv4.h, enum nf_ip_hook_priorities
const NF_INET_PRE_ROUTING = 0
const NF_IP_PRI_CONNTRACK = -200

const hookAttributes = attributes({
  hook: [1, u32be],
  priority: [2, u32be],
  functionName: [4, text()],
  moduleName: [5, text()],
})

/** Text that ends with a NUL. */
function text(): Codec<string> {
  return {
    read: (bytes) => new TextDecoder().decode(bytes).replace(/\0.*$/s, ""),
    write: (value) => new TextEncoder().encode(`${value}\0`),
  }
}

/** Asks what is hooked into the first stage of one family. As `nft list hooks` does (Linux 5.14). */
export const writeHookDump = (ask: { family: number; sequence: number }): Uint8Array<ArrayBuffer> =>
  writeMessage({
    type: messageType(NFNL_SUBSYS_HOOK, 0),
    flags: NLM_F_DUMP,
    sequence: ask.sequence,
    family: ask.family,
    body: hookAttributes.write({ hook: NF_INET_PRE_ROUTING }),
  })

/** Whether one answer, without its netlink header, is connection tracking itself. Throws `DecodeError`. */
export function isConntrackHook(bytes: Uint8Array): boolean {
  const { value } = readMessage(bytes, "hook", hookAttributes)
  const name = value.functionName ?? value.moduleName ?? ""
  return value.priority !== undefined && (value.priority | 0) === NF_IP_PRI_CONNTRACK && name.includes("conntrack")
}
