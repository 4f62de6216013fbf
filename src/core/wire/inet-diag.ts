/**
 * Socket dumps: NETLINK_SOCK_DIAG for IPv4 and IPv6 (linux/inet_diag.h).
 *
 * Headers are host order; ports and addresses inside them are network order.
 */
import { attributes, growing, type Infer, id64h, raw, struct, u8, u16be, u32h } from "./codec.ts"
import { HEADER_SIZE, NLM_F_DUMP, NLM_F_REQUEST, writeRequest } from "./message.ts"
import { tcpInfo } from "./tcp-info.ts"

// linux/netlink.h, linux/sock_diag.h, linux/socket.h, linux/in.h
export const NETLINK_SOCK_DIAG = 4
export const SOCK_DIAG_BY_FAMILY = 20
export const AF_INET = 2
export const AF_INET6 = 10
export const IPPROTO_TCP = 6
export const IPPROTO_UDP = 17

// linux/inet_diag.h, enum of response attributes
export const INET_DIAG_INFO = 2
export const INET_DIAG_SKMEMINFO = 7
export const INET_DIAG_SHUTDOWN = 8
export const INET_DIAG_SKV6ONLY = 11
export const INET_DIAG_CGROUP_ID = 21

/** net/tcp_states.h. NEW_SYN_RECV (12) is reported as SYN_RECV; BOUND_INACTIVE is a socket that is bound and idle. */
export const tcpStates = {
  1: "ESTABLISHED",
  2: "SYN_SENT",
  3: "SYN_RECV",
  4: "FIN_WAIT1",
  5: "FIN_WAIT2",
  6: "TIME_WAIT",
  7: "CLOSE",
  8: "CLOSE_WAIT",
  9: "LAST_ACK",
  10: "LISTEN",
  11: "CLOSING",
  12: "NEW_SYN_RECV",
  13: "BOUND_INACTIVE",
} as const satisfies Record<number, string>

/** States 1 to 12: every one but BOUND_INACTIVE, which belongs to no connection. */
const EVERY_STATE = 0x1ffe

/** The length of inet_diag_msg; attributes follow it. */
export const DIAG_MESSAGE_SIZE = 72

/** struct inet_diag_sockid, inside request and answer. */
const socketId = {
  localPort: u16be,
  remotePort: u16be,
  localAddress: raw(16),
  remoteAddress: raw(16),
  interface: u32h,
  cookie: id64h,
} as const

/** struct inet_diag_req_v2. */
const request = struct(56, {
  family: [0, u8],
  protocol: [1, u8],
  extensions: [2, u8],
  states: [4, u32h],
  localPort: [8, socketId.localPort],
  remotePort: [10, socketId.remotePort],
  localAddress: [12, socketId.localAddress],
  remoteAddress: [28, socketId.remoteAddress],
  interface: [44, socketId.interface],
  cookie: [48, socketId.cookie],
})

/** struct inet_diag_msg. An IPv4 address stands in the first four of its sixteen bytes. */
export const diagMessage = struct(DIAG_MESSAGE_SIZE, {
  family: [0, u8],
  state: [1, u8],
  timer: [2, u8],
  retransmits: [3, u8],
  localPort: [4, socketId.localPort],
  remotePort: [6, socketId.remotePort],
  localAddress: [8, socketId.localAddress],
  remoteAddress: [24, socketId.remoteAddress],
  interface: [40, socketId.interface],
  cookie: [44, socketId.cookie],
  expiresMs: [52, u32h],
  receiveQueue: [56, u32h],
  sendQueue: [60, u32h],
  uid: [64, u32h],
  inode: [68, u32h],
})

/** linux/sock_diag.h, enum sk_meminfo: bytes, and the number of datagrams dropped. */
const socketMemory = growing({
  receiveAllocated: [0, u32h],
  receiveBuffer: [4, u32h],
  sendAllocated: [8, u32h],
  sendBuffer: [12, u32h],
  forwardAllocated: [16, u32h],
  sendQueued: [20, u32h],
  optionMemory: [24, u32h],
  backlog: [28, u32h],
  drops: [32, u32h],
})

export const diagAttributes = attributes({
  info: [INET_DIAG_INFO, tcpInfo],
  memory: [INET_DIAG_SKMEMINFO, socketMemory],
  shutdown: [INET_DIAG_SHUTDOWN, u8],
  v6Only: [INET_DIAG_SKV6ONLY, u8],
  cgroupId: [INET_DIAG_CGROUP_ID, id64h],
})

export type SocketMessage = Infer<typeof diagMessage> & Infer<typeof diagAttributes>

/** Reads one answer without its netlink header. Throws `DecodeError`. */
export function readSocketMessage(bytes: Uint8Array): SocketMessage {
  return { ...diagMessage.read(bytes, "socket"), ...diagAttributes.read(bytes.subarray(DIAG_MESSAGE_SIZE), "socket") }
}

const bit = (extension: number) => 1 << (extension - 1)

/** Asks for every socket of one family and protocol with tcp_info and socket memory. As `ss -tanmi` does. */
export function writeSocketDump(ask: { family: number; protocol: number; sequence: number }): Uint8Array<ArrayBuffer> {
  const body = request.write({
    family: ask.family,
    protocol: ask.protocol,
    extensions: bit(INET_DIAG_INFO) | bit(INET_DIAG_SKMEMINFO),
    states: EVERY_STATE,
    localPort: 0,
    remotePort: 0,
    localAddress: new Uint8Array(16),
    remoteAddress: new Uint8Array(16),
    interface: 0,
    cookie: 0n,
  })
  return writeRequest({ type: SOCK_DIAG_BY_FAMILY, flags: NLM_F_REQUEST | NLM_F_DUMP, sequence: ask.sequence, body })
}

/** Where the answer's own bytes begin inside a datagram, given the offset of its netlink header. */
export const bodyAt = (at: number): number => at + HEADER_SIZE
