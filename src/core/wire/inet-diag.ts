/**
 * Socket dumps: NETLINK_SOCK_DIAG for IPv4 and IPv6 (linux/inet_diag.h).
 *
 * Headers are host order; ports and addresses inside them are network order.
 */
import {
  attributes,
  concat,
  growing,
  type Infer,
  i32h,
  id64h,
  raw,
  struct,
  u8,
  u16be,
  u16h,
  u32h,
  writeAttribute,
} from "./codec.ts"
import { HEADER_SIZE, NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, writeRequest } from "./message.ts"
import { tcpInfo } from "./tcp-info.ts"

// linux/netlink.h, linux/sock_diag.h, linux/socket.h, linux/in.h
export const NETLINK_SOCK_DIAG = 4
export const SOCK_DIAG_BY_FAMILY = 20
const SOCK_DESTROY = 21
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

// linux/inet_diag.h, the request's attribute and the operations of its bytecode
const INET_DIAG_REQ_BYTECODE = 1
const INET_DIAG_BC_JMP = 1
const INET_DIAG_BC_D_COND = 8
const INET_DIAG_BC_S_EQ = 11
const INET_DIAG_BC_D_EQ = 12

/** Sockets that the kernel itself is to leave out of a dump, so that a busy host does not hand over all it has. */
export interface SocketFilter {
  /** Absent: every local port. */
  readonly localPort?: number
  /** A port at either end; goes alone. */
  readonly eitherPort?: number
  /** 4 or 16 bytes of which the first `prefixLength` bits count. An IPv4 peer is found behind IPv6 sockets too. */
  readonly peer?: { readonly address: Uint8Array; readonly prefixLength: number }
}

/** struct inet_diag_bc_op: how far to go on for yes and for no; no leads past the end, which is a refusal. */
const operation = struct(4, { code: [0, u8], yes: [1, u8], no: [2, u16h] })
/** struct inet_diag_hostcond, without the address behind it. A port of -1 is any. */
const hostCondition = struct(8, { family: [0, u8], prefixLength: [1, u8], port: [4, i32h] })

/** As `ss dst PEER sport = :PORT`. Kernels before 4.4 know no S_EQ and answer EINVAL. */
function writeFilter({ localPort, eitherPort, peer }: SocketFilter): Uint8Array<ArrayBuffer> {
  if (eitherPort !== undefined) return writeEitherPort(eitherPort)
  const steps: { readonly code: number; readonly argument: Uint8Array }[] = []
  if (localPort !== undefined) steps.push({ code: INET_DIAG_BC_S_EQ, argument: portCondition(localPort) })
  if (peer !== undefined) {
    const family = peer.address.length === 4 ? AF_INET : AF_INET6
    const { prefixLength } = peer
    const argument = concat([hostCondition.write({ family, prefixLength, port: -1 }), peer.address])
    steps.push({ code: INET_DIAG_BC_D_COND, argument })
  }
  const length = steps.reduce((sum, { argument }) => sum + operation.size + argument.length, 0)
  let at = 0
  const parts = steps.map(({ code, argument }) => {
    const size = operation.size + argument.length
    const step = operation.write({ code, yes: size, no: length - at + 4 })
    at += size
    return concat([step, argument])
  })
  return concat(parts)
}

const portCondition = (port: number) => operation.write({ code: 0, yes: 0, no: port })

/**
 * As `ss sport = :PORT or dport = :PORT`: 20 bytes. The kernel wants every target of a "no" on the way of the "yes", so the
 * first condition is followed by a jump to the end (net/ipv4/inet_diag.c, inet_diag_bc_audit).
 */
const writeEitherPort = (port: number): Uint8Array<ArrayBuffer> =>
  concat([
    operation.write({ code: INET_DIAG_BC_S_EQ, yes: 8, no: 12 }),
    portCondition(port),
    operation.write({ code: INET_DIAG_BC_JMP, yes: 4, no: 12 }),
    operation.write({ code: INET_DIAG_BC_D_EQ, yes: 8, no: 12 }),
    portCondition(port),
  ])

/**
 * Asks for the sockets of one family and protocol with tcp_info and socket memory: every one, or those that pass
 * `filter`. As `ss -tanmi` does.
 */
export function writeSocketDump(ask: {
  family: number
  protocol: number
  sequence: number
  filter?: SocketFilter
  /** A bit for each state, as in net/tcp_states.h. */
  states?: number
  /** Without tcp_info and memory: who is there and no more. */
  isBare?: boolean
}): Uint8Array<ArrayBuffer> {
  const body = request.write({
    family: ask.family,
    protocol: ask.protocol,
    extensions: ask.isBare === true ? 0 : bit(INET_DIAG_INFO) | bit(INET_DIAG_SKMEMINFO),
    states: ask.states ?? EVERY_STATE,
    localPort: 0,
    remotePort: 0,
    localAddress: new Uint8Array(16),
    remoteAddress: new Uint8Array(16),
    interface: 0,
    cookie: 0n,
  })
  const filter = ask.filter === undefined ? new Uint8Array(0) : writeFilter(ask.filter)
  return writeRequest({
    type: SOCK_DIAG_BY_FAMILY,
    flags: NLM_F_REQUEST | NLM_F_DUMP,
    sequence: ask.sequence,
    body: filter.length === 0 ? body : concat([body, writeAttribute(INET_DIAG_REQ_BYTECODE, filter)]),
  })
}

/** One socket as a request names it. Addresses are 16 bytes, an IPv4 one in the first four when the family is AF_INET. */
export interface SocketName {
  readonly family: number
  readonly protocol: number
  readonly localPort: number
  readonly remotePort: number
  readonly localAddress: Uint8Array
  readonly remoteAddress: Uint8Array
  readonly interface: number
  readonly cookie: bigint
}

/** INET_DIAG_NOCOOKIE twice. */
const NO_COOKIE = 0xffff_ffff_ffff_ffffn

/**
 * Asks the kernel to destroy one socket, and to say what became of it. As `ss -K` does.
 *
 * Never without the cookie of a dump: asked with "no cookie" for a connection that is gone, the kernel falls through to
 * the listener of that port and destroys *it*. So that value throws, and zero does too.
 */
export function writeSocketDestroy(ask: SocketName & { readonly sequence: number }): Uint8Array<ArrayBuffer> {
  const { sequence, ...name } = ask
  if (name.cookie === NO_COOKIE || name.cookie === 0n) throw new Error("a socket is destroyed by its cookie only")
  const body = request.write({ ...name, extensions: 0, states: 0 })
  return writeRequest({ type: SOCK_DESTROY, flags: NLM_F_REQUEST | NLM_F_ACK, sequence, body })
}

/**
 * A request to destroy a socket that cannot be there: no address, no port, and a cookie that the kernel never gives
 * first. ENOENT says that this kernel can destroy sockets, EOPNOTSUPP that it was built without.
 */
export const writeDestroyProbe = (sequence: number): Uint8Array<ArrayBuffer> =>
  writeRequest({
    type: SOCK_DESTROY,
    flags: NLM_F_REQUEST | NLM_F_ACK,
    sequence,
    body: request.write({
      family: AF_INET,
      protocol: IPPROTO_TCP,
      extensions: 0,
      states: 0,
      localPort: 0,
      remotePort: 0,
      localAddress: new Uint8Array(16),
      remoteAddress: new Uint8Array(16),
      interface: 0,
      cookie: 0n,
    }),
  })

/** Where the answer's own bytes begin inside a datagram, given the offset of its netlink header. */
export const bodyAt = (at: number): number => at + HEADER_SIZE
