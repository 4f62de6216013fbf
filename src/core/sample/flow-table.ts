/**
 * The connection tracking flows of one look, in columns.
 *
 * Flows come by the hundred thousand, as sockets do, and are kept as they are: see `socket-table.ts`.
 */
import { align4, NLA_TYPE_MASK } from "../wire/codec.ts"
import {
  CTA_COUNTERS_BYTES,
  CTA_COUNTERS_ORIG,
  CTA_COUNTERS_PACKETS,
  CTA_COUNTERS_REPLY,
  CTA_ID,
  CTA_IP_V4_DST,
  CTA_IP_V4_SRC,
  CTA_IP_V6_DST,
  CTA_IP_V6_SRC,
  CTA_MARK,
  CTA_PROTO_DST_PORT,
  CTA_PROTO_ICMP_CODE,
  CTA_PROTO_ICMP_ID,
  CTA_PROTO_ICMP_TYPE,
  CTA_PROTO_ICMPV6_CODE,
  CTA_PROTO_ICMPV6_ID,
  CTA_PROTO_ICMPV6_TYPE,
  CTA_PROTO_NUM,
  CTA_PROTO_SRC_PORT,
  CTA_PROTOINFO,
  CTA_PROTOINFO_TCP,
  CTA_PROTOINFO_TCP_STATE,
  CTA_STATUS,
  CTA_TIMEOUT,
  CTA_TIMESTAMP,
  CTA_TIMESTAMP_START,
  CTA_TIMESTAMP_STOP,
  CTA_TUPLE_IP,
  CTA_TUPLE_ORIG,
  CTA_TUPLE_PROTO,
  CTA_TUPLE_REPLY,
  CTA_TUPLE_ZONE,
  CTA_ZONE,
  type FlowIdentity,
  NFGENMSG_SIZE,
} from "../wire/conntrack.ts"
import { AF_INET, AF_INET6, IPPROTO_TCP } from "../wire/inet-diag.ts"
import { type Datagram, HEADER_SIZE } from "../wire/message.ts"
import { type ColumnTable, copyRow, createColumnTable, growColumnTable } from "./columns.ts"
import { addressBytes } from "./socket-table.ts"

/** Where a flow has no TCP state: another protocol, or a kernel that leaves it out of an event. */
export const NO_STATE = 255

/** What a flow is to this host, and so which row stands for it. Filled by `appendFlowRows`. */
export const flowRole = {
  /** Not looked at, or no row: it has ended. */
  none: 0,
  /** One of its ends is a socket in sight: that socket is the row. */
  socket: 1,
  /** This host's own, and no socket of its own: UDP through an unconnected socket; a TCP entry that outlived its socket. */
  host: 2,
  /** The target is translated: a published port. */
  targetNat: 3,
  /** The source is translated: masquerade. */
  sourceNat: 4,
  /** Routed through this host as it is. */
  forward: 5,
} as const

/** Four words an address, as in `SocketTable`. */
const layout = {
  /** AF_INET or AF_INET6. */
  family: ["u8", 1],
  /** IPPROTO_TCP, IPPROTO_UDP or another. */
  protocol: ["u8", 1],
  /** enum tcp_conntrack (`flowStates`), or NO_STATE. */
  state: ["u8", 1],
  /** flowRole. */
  role: ["u8", 1],
  /** From whom to whom the first packet went, and from whom to whom the kernel expects the answers. */
  originalSource: ["u32", 4],
  originalTarget: ["u32", 4],
  replySource: ["u32", 4],
  replyTarget: ["u32", 4],
  /** Of ICMP the id stands in the source, type × 256 + code in the target. */
  originalSourcePort: ["u16", 1],
  originalTargetPort: ["u16", 1],
  replySourcePort: ["u16", 1],
  replyTargetPort: ["u16", 1],
  /** enum ip_conntrack_status, see `flowStatus`. */
  status: ["u32", 1],
  /** IP bytes, headers included; NaN where the kernel does not count. */
  originalBytes: ["f64", 1],
  replyBytes: ["f64", 1],
  /** Packets, of which the lowest 32 bits are enough for a difference; 0 where the kernel does not count. */
  originalPackets: ["u32", 1],
  replyPackets: ["u32", 1],
  /** CTA_ID; 0 is unknown. */
  id: ["u32", 1],
  mark: ["u32", 1],
  /** Conntrack zone of the flow, and of one direction where that has its own. */
  zone: ["u16", 1],
  originalZone: ["u16", 1],
  replyZone: ["u16", 1],
  /** Milliseconds since 1970; NaN unless nf_conntrack_timestamp is on. */
  startMs: ["f64", 1],
  /** The network namespace it was read in, by a number that is the same from look to look. */
  namespace: ["u16", 1],
  /** The row of the same flow in the previous table, or -1: begun since. Filled by `linkFlows`. */
  previousRow: ["i32", 1],
  /** The row of the `SocketTable` of this look that stands for the flow, or -1. Filled by `appendFlowRows`. */
  socketRow: ["i32", 1],
  /** The unconnected UDP socket that holds the local end, a row of the same `SocketTable`, or -1. As above. */
  holderRow: ["i32", 1],
} as const

export interface FlowTable extends ColumnTable<typeof layout> {}

export const createFlowTable = (capacity = 1024): FlowTable => createColumnTable(layout, capacity)
export const growFlowTable = (table: FlowTable, capacity: number): void => growColumnTable(table, layout, capacity)
export const copyFlow = (table: FlowTable, from: number, to: number): void => copyRow(table, layout, from, to)

const ATTRIBUTES = HEADER_SIZE + NFGENMSG_SIZE
/** ::ffff:0:0 as it lies in memory. */
const MAPPED_WORD = 0xffff0000
const TWO_32 = 0x1_0000_0000
const NS_PER_MS = 1e6
// linux/in.h, linux/in6.h
const IPPROTO_ICMP = 1
const IPPROTO_ICMPV6 = 58

const swap16 = (n: number) => ((n & 0xff) << 8) | (n >> 8)
const swap32 = (n: number) => (((n & 0xff) << 24) | ((n & 0xff00) << 8) | ((n >>> 8) & 0xff00) | (n >>> 24)) >>> 0
const counter = (words: Uint32Array, word: number) => swap32(words[word]!) * TWO_32 + swap32(words[word + 1]!)

/**
 * Appends the flow in `[at, end)` of the datagram. False when the bytes are not a whole flow of two tuples: such a row
 * is left out, for the caller to count. It refuses what `readFlow` refuses. Hot: runs once a flow a look.
 */
export function appendFlow(table: FlowTable, data: Datagram, at: number, end: number, namespace = 0): boolean {
  if (end - at < ATTRIBUTES) return false
  const family = data.bytes[at + HEADER_SIZE]!
  if (family !== AF_INET && family !== AF_INET6) return false
  const row = table.length
  if (row === table.capacity) growFlowTable(table, row + 1)
  table.family[row] = family
  table.state[row] = NO_STATE
  table.role[row] = flowRole.none
  table.status[row] = 0
  table.originalBytes[row] = Number.NaN
  table.replyBytes[row] = Number.NaN
  table.originalPackets[row] = 0
  table.replyPackets[row] = 0
  table.id[row] = 0
  table.mark[row] = 0
  table.zone[row] = 0
  table.startMs[row] = Number.NaN
  table.namespace[row] = namespace
  table.previousRow[row] = -1
  table.socketRow[row] = -1
  table.holderRow[row] = -1
  if (!readAttributes(table, row, data, at + ATTRIBUTES, end)) return false
  table.length = row + 1
  return true
}

function readAttributes(table: FlowTable, row: number, data: Datagram, from: number, end: number): boolean {
  const { halves, words } = data
  let tuples = 0
  for (let at = from; at + 4 <= end; ) {
    const length = halves[at >> 1]!
    if (length < 4 || at + length > end) return false
    const payload = at + 4
    const stop = at + length
    switch (halves[(at >> 1) + 1]! & NLA_TYPE_MASK) {
      case CTA_TUPLE_ORIG:
        tuples = readTuple(table, row, data, payload, stop, false) ? tuples | 1 : -1
        break
      case CTA_TUPLE_REPLY:
        tuples = readTuple(table, row, data, payload, stop, true) ? tuples | 2 : -1
        break
      case CTA_COUNTERS_ORIG:
        if (!readCounters(table.originalPackets, table.originalBytes, row, data, payload, stop)) return false
        break
      case CTA_COUNTERS_REPLY:
        if (!readCounters(table.replyPackets, table.replyBytes, row, data, payload, stop)) return false
        break
      case CTA_PROTOINFO:
        if (!readProtocolInfo(table, row, data, payload, stop)) return false
        break
      case CTA_TIMESTAMP:
        if (!readTimestamp(table, row, data, payload, stop)) return false
        break
      case CTA_STATUS:
        if (length !== 8) return false
        table.status[row] = swap32(words[payload >> 2]!)
        break
      case CTA_MARK:
        if (length !== 8) return false
        table.mark[row] = swap32(words[payload >> 2]!)
        break
      case CTA_ID:
        if (length !== 8) return false
        table.id[row] = swap32(words[payload >> 2]!)
        break
      case CTA_ZONE:
        if (length !== 6) return false
        table.zone[row] = swap16(halves[payload >> 1]!)
        break
      case CTA_TIMEOUT:
        if (length !== 8) return false
        break
    }
    if (tuples < 0) return false
    at += align4(length)
  }
  return tuples === 3
}

// What a tuple has told so far.
const V4 = 0b0011
const V6 = 0b1100
const NUMBER = 0b10000

/** False when it is broken, or lacks its addresses or its protocol. */
function readTuple(
  table: FlowTable,
  row: number,
  data: Datagram,
  from: number,
  end: number,
  isReply: boolean,
): boolean {
  const { halves } = data
  const source = isReply ? table.replySource : table.originalSource
  const target = isReply ? table.replyTarget : table.originalTarget
  const zone = isReply ? table.replyZone : table.originalZone
  zone[row] = 0
  let ip = 0
  let proto = 0
  for (let at = from; at + 4 <= end; ) {
    const length = halves[at >> 1]!
    if (length < 4 || at + length > end) return false
    switch (halves[(at >> 1) + 1]! & NLA_TYPE_MASK) {
      case CTA_TUPLE_IP:
        ip = readAddresses(source, target, row * 4, data, at + 4, at + length)
        break
      case CTA_TUPLE_PROTO:
        proto = readPorts(table, row, data, at + 4, at + length, isReply)
        break
      case CTA_TUPLE_ZONE:
        if (length !== 6) return false
        zone[row] = swap16(halves[(at + 4) >> 1]!)
        break
    }
    if (ip < 0 || proto < 0) return false
    at += align4(length)
  }
  return proto === NUMBER && (table.family[row] === AF_INET ? (ip & V4) === V4 : (ip & V6) === V6)
}

function setIpv4(column: Uint32Array, at: number, address: number): void {
  column[at] = 0
  column[at + 1] = 0
  column[at + 2] = MAPPED_WORD
  column[at + 3] = address
}

/** Which addresses were there, or -1. */
function readAddresses(
  source: Uint32Array,
  target: Uint32Array,
  address: number,
  { halves, words }: Datagram,
  from: number,
  end: number,
): number {
  let found = 0
  for (let at = from; at + 4 <= end; ) {
    const length = halves[at >> 1]!
    if (length < 4 || at + length > end) return -1
    const type = halves[(at >> 1) + 1]! & NLA_TYPE_MASK
    const word = (at + 4) >> 2
    if (type === CTA_IP_V4_SRC || type === CTA_IP_V4_DST) {
      if (length !== 8) return -1
      const column = type === CTA_IP_V4_SRC ? source : target
      setIpv4(column, address, words[word]!)
      found |= 1 << (type - 1)
    } else if (type === CTA_IP_V6_SRC || type === CTA_IP_V6_DST) {
      if (length !== 20) return -1
      const column = type === CTA_IP_V6_SRC ? source : target
      for (let i = 0; i < 4; i++) column[address + i] = words[word + i]!
      found |= 1 << (type - 1)
    }
    at += align4(length)
  }
  return found
}

/** NUMBER when the protocol was there, 0 when not, -1 when broken. */
function readPorts(
  table: FlowTable,
  row: number,
  { bytes, halves }: Datagram,
  from: number,
  end: number,
  isReply: boolean,
): number {
  let found = 0
  let number = 0
  let sourcePort = 0
  let targetPort = 0
  for (let at = from; at + 4 <= end; ) {
    const length = halves[at >> 1]!
    if (length < 4 || at + length > end) return -1
    switch (halves[(at >> 1) + 1]! & NLA_TYPE_MASK) {
      case CTA_PROTO_NUM:
        if (length !== 5) return -1
        number = bytes[at + 4]!
        found = NUMBER
        break
      case CTA_PROTO_SRC_PORT:
      case CTA_PROTO_ICMP_ID:
      case CTA_PROTO_ICMPV6_ID:
        if (length !== 6) return -1
        sourcePort = swap16(halves[(at + 4) >> 1]!)
        break
      case CTA_PROTO_DST_PORT:
        if (length !== 6) return -1
        targetPort = swap16(halves[(at + 4) >> 1]!)
        break
      case CTA_PROTO_ICMP_TYPE:
      case CTA_PROTO_ICMPV6_TYPE:
        if (length !== 5) return -1
        targetPort = (targetPort & 0xff) | (bytes[at + 4]! << 8)
        break
      case CTA_PROTO_ICMP_CODE:
      case CTA_PROTO_ICMPV6_CODE:
        if (length !== 5) return -1
        targetPort = (targetPort & 0xff00) | bytes[at + 4]!
        break
    }
    at += align4(length)
  }
  // Both tuples are of one protocol.
  if (!isReply) table.protocol[row] = number
  const sourcePorts = isReply ? table.replySourcePort : table.originalSourcePort
  const targetPorts = isReply ? table.replyTargetPort : table.originalTargetPort
  sourcePorts[row] = sourcePort
  targetPorts[row] = targetPort
  return found
}

function readCounters(
  packets: Uint32Array,
  flowBytes: Float64Array,
  row: number,
  { halves, words }: Datagram,
  from: number,
  end: number,
): boolean {
  packets[row] = 0
  flowBytes[row] = Number.NaN
  for (let at = from; at + 4 <= end; ) {
    const length = halves[at >> 1]!
    if (length < 4 || at + length > end) return false
    const type = halves[(at >> 1) + 1]! & NLA_TYPE_MASK
    const word = (at + 4) >> 2
    if (type === CTA_COUNTERS_PACKETS) {
      if (length !== 12) return false
      packets[row] = swap32(words[word + 1]!)
    } else if (type === CTA_COUNTERS_BYTES) {
      if (length !== 12) return false
      flowBytes[row] = counter(words, word)
    }
    at += align4(length)
  }
  return true
}

function readTimestamp(
  { startMs }: FlowTable,
  row: number,
  { halves, words }: Datagram,
  from: number,
  end: number,
): boolean {
  startMs[row] = Number.NaN
  for (let at = from; at + 4 <= end; ) {
    const length = halves[at >> 1]!
    if (length < 4 || at + length > end) return false
    const type = halves[(at >> 1) + 1]! & NLA_TYPE_MASK
    if (type === CTA_TIMESTAMP_START || type === CTA_TIMESTAMP_STOP) {
      if (length !== 12) return false
      if (type === CTA_TIMESTAMP_START) startMs[row] = counter(words, (at + 4) >> 2) / NS_PER_MS
    }
    at += align4(length)
  }
  return true
}

function readProtocolInfo(table: FlowTable, row: number, data: Datagram, from: number, end: number): boolean {
  const { halves } = data
  table.state[row] = NO_STATE
  for (let at = from; at + 4 <= end; ) {
    const length = halves[at >> 1]!
    if (length < 4 || at + length > end) return false
    if ((halves[(at >> 1) + 1]! & NLA_TYPE_MASK) === CTA_PROTOINFO_TCP) {
      if (!readTcpState(table, row, data, at + 4, at + length)) return false
    }
    at += align4(length)
  }
  return true
}

function readTcpState(
  { state }: FlowTable,
  row: number,
  { bytes, halves }: Datagram,
  from: number,
  end: number,
): boolean {
  state[row] = NO_STATE
  for (let at = from; at + 4 <= end; ) {
    const length = halves[at >> 1]!
    if (length < 4 || at + length > end) return false
    if ((halves[(at >> 1) + 1]! & NLA_TYPE_MASK) === CTA_PROTOINFO_TCP_STATE) {
      if (length !== 5) return false
      state[row] = bytes[at + 4]!
    }
    at += align4(length)
  }
  return true
}

/** enum tcp_conntrack up to ESTABLISHED, and SYN_SENT2: the states of a flow that has not begun to end. */
const ESTABLISHED = 3
const SYN_SENT2 = 9

/** False for a TCP flow that is closing or closed: it stays in the table for up to 120 s more. */
export const isLiveFlow = (table: FlowTable, row: number): boolean => {
  if (table.protocol[row] !== IPPROTO_TCP) return true
  const state = table.state[row]!
  return state <= ESTABLISHED || state === SYN_SENT2 || state === NO_STATE
}

/** What names the flow at `row` to the kernel, for `deleteFlow`. */
export function flowIdentity(table: FlowTable, row: number): FlowIdentity {
  const isIpv4 = table.family[row] === AF_INET
  const source = wireAddress(table.originalSource, row, isIpv4)
  const target = wireAddress(table.originalTarget, row, isIpv4)
  const originalZone = table.originalZone[row]!
  return {
    family: table.family[row]!,
    id: table.id[row]!,
    zone: table.zone[row]!,
    original: {
      ip: isIpv4 ? { v4Source: source, v4Target: target } : { v6Source: source, v6Target: target },
      proto: protocolOf(table, row),
      ...(originalZone !== 0 && { zone: originalZone }),
    },
  }
}

function protocolOf(table: FlowTable, row: number) {
  const number = table.protocol[row]!
  const source = table.originalSourcePort[row]!
  const target = table.originalTargetPort[row]!
  if (number === IPPROTO_ICMP) return { number, icmpId: source, icmpType: target >> 8, icmpCode: target & 0xff }
  if (number === IPPROTO_ICMPV6) return { number, icmpv6Id: source, icmpv6Type: target >> 8, icmpv6Code: target & 0xff }
  return { number, sourcePort: source, targetPort: target }
}

function wireAddress(column: Uint32Array, row: number, isIpv4: boolean): Uint8Array {
  const bytes = addressBytes(column, row)
  return isIpv4 ? bytes.slice(12) : bytes
}
