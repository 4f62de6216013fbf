/**
 * The sockets of one look, in columns.
 *
 * Sockets come by the hundred thousand, so a row is an index and no object is made for it. The columns are reused from
 * look to look: two tables take turns, and the one that the state holds is never written to.
 */

import { formatAddress } from "../wire/address.ts"
import { align4, NLA_TYPE_MASK } from "../wire/codec.ts"
import {
  AF_INET,
  AF_INET6,
  DIAG_MESSAGE_SIZE,
  INET_DIAG_CGROUP_ID,
  INET_DIAG_INFO,
  INET_DIAG_SHUTDOWN,
  INET_DIAG_SKMEMINFO,
  INET_DIAG_SKV6ONLY,
  tcpStates,
} from "../wire/inet-diag.ts"
import { type Datagram, HEADER_SIZE } from "../wire/message.ts"

export { IPPROTO_TCP, IPPROTO_UDP } from "../wire/inet-diag.ts"

/** The column's array type by what it holds. `f64` holds 64-bit counters, exact to 2^53. */
const arrays = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, i32: Int32Array, f64: Float64Array } as const

/**
 * Every column and its type; `width` values a row. A counter that the kernel did not give (a TIME_WAIT socket has no
 * tcp_info) is NaN in an `f64` column; in a `u32` column look at `hasInfo` and `hasMemory`.
 */
const layout = {
  /** AF_INET or AF_INET6, as the socket was opened: a mapped address on a dual-stack socket is AF_INET6. */
  family: ["u8", 1],
  /** IPPROTO_TCP or IPPROTO_UDP. */
  protocol: ["u8", 1],
  /** net/tcp_states.h. */
  state: ["u8", 1],
  /** inet_diag's timer: 0 none, 1 retransmit, 2 keepalive, 3 TIME_WAIT, 4 zero-window probe. */
  timer: ["u8", 1],
  hasInfo: ["u8", 1],
  hasMemory: ["u8", 1],
  isV6Only: ["u8", 1],
  /** RCV_SHUTDOWN 1, SEND_SHUTDOWN 2. */
  shutdown: ["u8", 1],
  localPort: ["u16", 1],
  remotePort: ["u16", 1],
  /** Four words as they lie in memory (network order inside); IPv4 is ::ffff:a.b.c.d, so one host has one spelling. */
  localAddress: ["u32", 4],
  remoteAddress: ["u32", 4],
  /** Bound device (SO_BINDTODEVICE) or scope of a link-local address; 0 is any. */
  interface: ["u32", 1],
  cookieLow: ["u32", 1],
  cookieHigh: ["u32", 1],
  receiveQueue: ["u32", 1],
  sendQueue: ["u32", 1],
  uid: ["u32", 1],
  inode: ["u32", 1],
  /** Inode of the cgroup v2 directory; 0 is unknown. */
  cgroupId: ["f64", 1],
  /** As the kernel counts, SYN and FIN included, until `settlePayload` has run over the table; then payload. */
  bytesAcked: ["f64", 1],
  bytesReceived: ["f64", 1],
  /** Payload sent, retransmissions included, and the retransmissions alone; NaN on kernels before 4.19. */
  bytesSent: ["f64", 1],
  bytesRetransmitted: ["f64", 1],
  rttUs: ["u32", 1],
  retransTotal: ["u32", 1],
  receiveBuffer: ["u32", 1],
  sendBuffer: ["u32", 1],
  drops: ["u32", 1],
  // What the diagnosis reads of tcp_info; 0 where `hasInfo` is. Times and counts wrap around at the column's width.
  /** enum tcp_ca_state: 3 recovery, 4 loss. */
  congestionState: ["u8", 1],
  /** Retransmissions of the segment that is waited for, by timeout. */
  retransmits: ["u8", 1],
  /** Unanswered probes of a window of zero. */
  probes: ["u8", 1],
  backoff: ["u8", 1],
  /** 1: the last delivery rate was measured while the program had nothing more to send. */
  isAppLimited: ["u8", 1],
  /** Segments; both ends cut at 65,535. */
  sendCwnd: ["u16", 1],
  sendMss: ["u16", 1],
  pathMtu: ["u16", 1],
  duplicateSacks: ["u16", 1],
  reorderSeen: ["u16", 1],
  receiveOutOfOrder: ["u16", 1],
  rtoUs: ["u32", 1],
  unacked: ["u32", 1],
  lastAckReceivedMs: ["u32", 1],
  minRttUs: ["u32", 1],
  /** Of all the time there was something to send, the part in which the peer's window, or our buffer, was the limit. */
  busyTimeUs: ["u32", 1],
  receiveWindowLimitedUs: ["u32", 1],
  sendBufferLimitedUs: ["u32", 1],
  notSentBytes: ["u32", 1],
  /** Memory that what was received and not yet read takes. */
  receiveAllocated: ["u32", 1],
  /** The row of the same socket in the previous table, or -1: born since. Filled by `linkPrevious`. */
  previousRow: ["i32", 1],
  /** Payload that earlier looks have counted of a socket which the look before did not show; NaN: there is none. */
  countedAcked: ["f64", 1],
  countedReceived: ["f64", 1],
  /** As above of `bytesSent`. */
  countedSent: ["f64", 1],
  /** 1: this side opened the connection. Decided when it is first seen, and kept. */
  isOpener: ["u8", 1],
  /** The monotonic clock, in milliseconds, of the look that saw the socket first; of an event, of its arrival. */
  firstSeenMs: ["f64", 1],
  /** `rowSource`: what told us of this row. */
  source: ["u8", 1],
  /** Of a closed connection: it lived at least this long. */
  lifetimeMs: ["u32", 1],
  /** How many connections the row stands for: more than 1 only where closed ones were summed. */
  connectionCount: ["u32", 1],
  /** Index of the network namespace in the list that goes with the look; 0 is the one we were started in. */
  namespace: ["u16", 1],
  /** The conntrack flow of this connection: a row of the `FlowTable` of this look, or -1. Filled by `appendFlowRows`. */
  flow: ["i32", 1],
  /** Index into `OwnerTable`, or -1: unknown. Filled by the owner search. */
  owner: ["i32", 1],
} as const satisfies Record<string, readonly [keyof typeof arrays, number]>

/** The user of a row that no socket of this host is an end of: (uid_t) -1. */
export const NO_UID = 0xffffffff

/** What a row was learnt from: a living socket, the event of one that closed, a conntrack flow. */
export const rowSource = { socket: 0, closed: 1, conntrack: 2 } as const

type ColumnArray = { [K in keyof typeof arrays]: InstanceType<(typeof arrays)[K]> }
type Columns = { -readonly [K in keyof typeof layout]: ColumnArray[(typeof layout)[K][0]] }

export interface SocketTable extends Columns {
  length: number
  capacity: number
}

const columnNames = Object.keys(layout) as (keyof typeof layout)[]

export function createSocketTable(capacity = 1024): SocketTable {
  const columns = columnNames.map((name) => [name, new arrays[layout[name][0]](capacity * layout[name][1])])
  return { ...(Object.fromEntries(columns) as Columns), length: 0, capacity }
}

/**
 * Makes an empty table as large as `rows` sockets need, so that reading them leaves no outgrown columns behind. A table
 * that a rush has made far too large gives its memory back.
 */
export function fitSocketTable(table: SocketTable, rows: number): void {
  const wanted = Math.max(1024, Math.ceil(rows * 1.05))
  if (rows <= table.capacity && table.capacity <= wanted * 4) return
  Object.assign(table, createSocketTable(wanted))
}

/** Makes room for `capacity` rows, keeping what is there. Grows by half, so that columns are not mostly air. */
export function growSocketTable(table: SocketTable, capacity: number): void {
  if (capacity <= table.capacity) return
  const next = Math.max(capacity, Math.ceil(table.capacity * 1.5))
  for (const name of columnNames) {
    const grown = new arrays[layout[name][0]](next * layout[name][1])
    grown.set(table[name])
    // biome-ignore lint/suspicious/noExplicitAny: the name fixes the type; the compiler cannot follow that
    ;(table as any)[name] = grown
  }
  table.capacity = next
}

/** Appends copies of `rows`, in their order; answers where the first stands. Goes by column: each is one tight loop. */
export function appendCopies(from: SocketTable, rows: Int32Array, to: SocketTable): number {
  const at = to.length
  growSocketTable(to, at + rows.length)
  for (const name of columnNames) copyColumn(from[name], rows, to[name], at, layout[name][1])
  to.length = at + rows.length
  return at
}

/** Keeps only `rows` of the table, which must rise: each is copied to a place at or before its own. */
export function keepRows(table: SocketTable, rows: Int32Array): void {
  for (const name of columnNames) copyColumn(table[name], rows, table[name], 0, layout[name][1])
  table.length = rows.length
}

type AnyColumn = SocketTable[(typeof columnNames)[number]]

function copyColumn(from: AnyColumn, rows: Int32Array, to: AnyColumn, at: number, width: number): void {
  if (width === 1) for (let i = 0; i < rows.length; i++) to[at + i] = from[rows[i]!]!
  else
    for (let i = 0; i < rows.length; i++)
      for (let word = 0; word < width; word++) to[(at + i) * width + word] = from[rows[i]! * width + word]!
}

/** Appends a row of which nothing is known: counters are NaN, indices -1, all else 0. Answers where it stands. */
export const appendBlankSocket = (table: SocketTable): number => appendBlankSockets(table, 1)

/** As above, so many at once. */
export function appendBlankSockets(table: SocketTable, count: number): number {
  const row = table.length
  const end = row + count
  growSocketTable(table, end)
  for (const name of columnNames) {
    const [type, width] = layout[name]
    table[name].fill(type === "f64" ? Number.NaN : type === "i32" ? -1 : 0, row * width, end * width)
  }
  table.cgroupId.fill(0, row, end)
  table.connectionCount.fill(1, row, end)
  table.length = end
  return row
}

// Offsets of words from the start of a netlink message that carries inet_diag_msg (linux/inet_diag.h).
const LOCAL_ADDRESS = (HEADER_SIZE + 8) >> 2
const REMOTE_ADDRESS = (HEADER_SIZE + 24) >> 2
const INTERFACE = (HEADER_SIZE + 40) >> 2
const COOKIE = (HEADER_SIZE + 44) >> 2
const RECEIVE_QUEUE = (HEADER_SIZE + 56) >> 2
/** Where the attributes begin, from the start of the message. */
export const ATTRIBUTES = HEADER_SIZE + DIAG_MESSAGE_SIZE

/** ::ffff:0:0 as it lies in memory. */
const MAPPED_WORD = 0xffff0000

const TWO_32 = 0x1_0000_0000
const swap16 = (n: number) => ((n & 0xff) << 8) | (n >> 8)

/**
 * Appends the socket in `[at, end)` of the datagram. False when the message is too short or an attribute runs past its
 * end: such a row is left out, for the caller to count. Hot: runs once a socket a look.
 */
export function appendSocket(
  table: SocketTable,
  data: Datagram,
  at: number,
  end: number,
  protocol: number,
  namespace = 0,
): boolean {
  if (end - at < ATTRIBUTES) return false
  const { bytes, halves, words } = data
  const word = at >> 2
  const row = table.length
  if (row === table.capacity) growSocketTable(table, row + 1)
  const family = bytes[at + HEADER_SIZE]!
  if (family !== AF_INET && family !== AF_INET6) return false
  table.family[row] = family
  table.protocol[row] = protocol
  table.state[row] = bytes[at + HEADER_SIZE + 1]!
  table.timer[row] = bytes[at + HEADER_SIZE + 2]!
  table.localPort[row] = swap16(halves[(at + HEADER_SIZE + 4) >> 1]!)
  table.remotePort[row] = swap16(halves[(at + HEADER_SIZE + 6) >> 1]!)
  const address = row * 4
  if (family === AF_INET) {
    setIpv4(table.localAddress, address, words[word + LOCAL_ADDRESS]!)
    setIpv4(table.remoteAddress, address, words[word + REMOTE_ADDRESS]!)
  } else {
    for (let i = 0; i < 4; i++) {
      table.localAddress[address + i] = words[word + LOCAL_ADDRESS + i]!
      table.remoteAddress[address + i] = words[word + REMOTE_ADDRESS + i]!
    }
  }
  table.interface[row] = words[word + INTERFACE]!
  table.cookieLow[row] = words[word + COOKIE]!
  table.cookieHigh[row] = words[word + COOKIE + 1]!
  table.receiveQueue[row] = words[word + RECEIVE_QUEUE]!
  table.sendQueue[row] = words[word + RECEIVE_QUEUE + 1]!
  table.uid[row] = words[word + RECEIVE_QUEUE + 2]!
  table.inode[row] = words[word + RECEIVE_QUEUE + 3]!
  table.hasInfo[row] = 0
  table.hasMemory[row] = 0
  table.isV6Only[row] = 0
  table.shutdown[row] = 0
  table.cgroupId[row] = 0
  table.bytesAcked[row] = Number.NaN
  table.bytesReceived[row] = Number.NaN
  table.bytesSent[row] = Number.NaN
  table.bytesRetransmitted[row] = Number.NaN
  table.rttUs[row] = 0
  table.retransTotal[row] = 0
  table.receiveBuffer[row] = 0
  table.sendBuffer[row] = 0
  table.drops[row] = 0
  table.receiveAllocated[row] = 0
  table.previousRow[row] = -1
  table.countedAcked[row] = Number.NaN
  table.countedReceived[row] = Number.NaN
  table.countedSent[row] = Number.NaN
  table.isOpener[row] = 0
  table.firstSeenMs[row] = Number.NaN
  table.source[row] = rowSource.socket
  table.lifetimeMs[row] = 0
  table.connectionCount[row] = 1
  table.namespace[row] = namespace
  table.flow[row] = -1
  table.owner[row] = -1
  clearProgress(table, row)
  if (!readAttributes(table, row, data, at + ATTRIBUTES, end)) return false
  table.length = row + 1
  return true
}

function setIpv4(column: Uint32Array, at: number, address: number): void {
  column[at] = 0
  column[at + 1] = 0
  column[at + 2] = MAPPED_WORD
  column[at + 3] = address
}

function readAttributes(table: SocketTable, row: number, data: Datagram, from: number, end: number): boolean {
  const { bytes, halves, words } = data
  for (let at = from; at + 4 <= end; ) {
    const length = halves[at >> 1]!
    if (length < 4 || at + length > end) return false
    const type = halves[(at >> 1) + 1]! & NLA_TYPE_MASK
    const word = (at + 4) >> 2
    const size = length - 4
    if (type === INET_DIAG_INFO) {
      // struct tcp_info (linux/tcp.h): what the length covers is there.
      table.hasInfo[row] = 1
      // The header's state was read a moment before and without the lock; this one belongs to the counters.
      if (size >= 1 && bytes[at + 4]! !== 0) table.state[row] = bytes[at + 4]!
      readProgress(table, row, data, at + 4, size)
      if (size >= 72) table.rttUs[row] = words[word + 17]!
      if (size >= 104) table.retransTotal[row] = words[word + 25]!
      if (size >= 128) table.bytesAcked[row] = words[word + 30]! + words[word + 31]! * TWO_32
      if (size >= 136) table.bytesReceived[row] = words[word + 32]! + words[word + 33]! * TWO_32
      if (size >= 216) {
        table.bytesSent[row] = words[word + 50]! + words[word + 51]! * TWO_32
        table.bytesRetransmitted[row] = words[word + 52]! + words[word + 53]! * TWO_32
      }
    } else if (type === INET_DIAG_SKMEMINFO) {
      // enum sk_meminfo (linux/sock_diag.h)
      table.hasMemory[row] = 1
      if (size >= 4) table.receiveAllocated[row] = words[word]!
      if (size >= 8) table.receiveBuffer[row] = words[word + 1]!
      if (size >= 16) table.sendBuffer[row] = words[word + 3]!
      if (size >= 36) table.drops[row] = words[word + 8]!
    } else if (type === INET_DIAG_CGROUP_ID) {
      if (size === 8) table.cgroupId[row] = words[word]! + words[word + 1]! * TWO_32
    } else if (type === INET_DIAG_SHUTDOWN) {
      if (size === 1) table.shutdown[row] = bytes[at + 4]!
    } else if (type === INET_DIAG_SKV6ONLY) {
      if (size === 1) table.isV6Only[row] = bytes[at + 4]!
    }
    at += align4(length)
  }
  return true
}

/** A socket without tcp_info has made no progress. */
function clearProgress(table: SocketTable, row: number): void {
  table.congestionState[row] = 0
  table.retransmits[row] = 0
  table.probes[row] = 0
  table.backoff[row] = 0
  table.isAppLimited[row] = 0
  table.sendCwnd[row] = 0
  table.sendMss[row] = 0
  table.pathMtu[row] = 0
  table.duplicateSacks[row] = 0
  table.reorderSeen[row] = 0
  table.receiveOutOfOrder[row] = 0
  table.rtoUs[row] = 0
  table.unacked[row] = 0
  table.lastAckReceivedMs[row] = 0
  table.minRttUs[row] = 0
  table.busyTimeUs[row] = 0
  table.receiveWindowLimitedUs[row] = 0
  table.sendBufferLimitedUs[row] = 0
  table.notSentBytes[row] = 0
}

const U16_MAX = 0xffff
const upTo16 = (n: number) => Math.min(n, U16_MAX)

/** The columns that the diagnosis reads, from a tcp_info of `size` bytes at `at` (linux/tcp.h). Hot. */
function readProgress(table: SocketTable, row: number, { bytes, words }: Datagram, at: number, size: number): void {
  const word = at >> 2
  if (size < 104) return
  table.congestionState[row] = bytes[at + 1]!
  table.retransmits[row] = bytes[at + 2]!
  table.probes[row] = bytes[at + 3]!
  table.backoff[row] = bytes[at + 4]!
  table.isAppLimited[row] = bytes[at + 7]! & 1
  table.rtoUs[row] = words[word + 2]!
  table.sendMss[row] = upTo16(words[word + 4]!)
  table.unacked[row] = words[word + 6]!
  table.lastAckReceivedMs[row] = words[word + 14]!
  table.pathMtu[row] = upTo16(words[word + 15]!)
  table.sendCwnd[row] = upTo16(words[word + 20]!)
  if (size < 152) return
  table.notSentBytes[row] = words[word + 36]!
  table.minRttUs[row] = words[word + 37]!
  if (size < 192) return
  table.busyTimeUs[row] = words[word + 42]!
  table.receiveWindowLimitedUs[row] = words[word + 44]!
  table.sendBufferLimitedUs[row] = words[word + 46]!
  if (size < 224) return
  table.duplicateSacks[row] = words[word + 54]!
  table.reorderSeen[row] = words[word + 55]!
  if (size >= 228) table.receiveOutOfOrder[row] = words[word + 56]!
}

/** Sixteen network-order bytes of one address column at `row`, copied. */
export function addressBytes(column: Uint32Array, row: number): Uint8Array {
  const bytes = new Uint8Array(16)
  new Uint32Array(bytes.buffer).set(column.subarray(row * 4, row * 4 + 4))
  return bytes
}

/** True where the column holds an IPv4 address (as ::ffff:a.b.c.d). */
export const isIpv4At = (column: Uint32Array, row: number): boolean =>
  column[row * 4 + 2] === MAPPED_WORD && column[row * 4] === 0 && column[row * 4 + 1] === 0

/** Canonical text of one address column at `row`. */
export const addressText = (column: Uint32Array, row: number): string => formatAddress(addressBytes(column, row))

/** The name of a state number; one without a name shows its number. */
export const stateName = (state: number): string => (tcpStates as Record<number, string>)[state] ?? `STATE_${state}`

const stateNumbers: ReadonlyMap<string, number> = new Map(
  Object.entries(tcpStates).map(([number, name]) => [name, Number(number)]),
)

/** The number of a state by its name; 0 for one that TCP has not. */
export const stateNumber = (name: string): number => stateNumbers.get(name) ?? 0

/** The socket's identity for life; never reused while the host is up (net/core/sock_diag.c, sock_gen_cookie). */
export const cookieOf = (table: SocketTable, row: number): bigint =>
  (BigInt(table.cookieHigh[row]!) << 32n) | BigInt(table.cookieLow[row]!)
