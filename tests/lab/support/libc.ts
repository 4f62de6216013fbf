/**
 * Sockets as programs in trouble use them: calls that answer an errno instead of throwing, since here failing is the point.
 *
 * An errno of 0 is success. Addresses are text, IPv4 or IPv6.
 */
import { dlopen, FFIType as T } from "bun:ffi"
import { constants } from "node:os"
import { bindSocket, lastErrno, openSocket, SystemError, sendTo, setSocketOption } from "../../../ffi/libc.ts"
import { alloc, type Bytes, cstr } from "../../../ffi/memory.ts"
import { parseAddress } from "../../../src/core/wire/address.ts"

const { symbols: c } = dlopen("libc.so.6", {
  connect: { args: [T.i32, T.ptr, T.u32], returns: T.i32 },
  listen: { args: [T.i32, T.i32], returns: T.i32 },
  accept4: { args: [T.i32, T.ptr, T.ptr, T.i32], returns: T.i32 },
  send: { args: [T.i32, T.ptr, T.u64, T.i32], returns: T.i64_fast },
  recv: { args: [T.i32, T.ptr, T.u64, T.i32], returns: T.i64_fast },
  open: { args: [T.ptr, T.i32, T.i32], returns: T.i32 },
  ioctl: { args: [T.i32, T.u64, T.ptr], returns: T.i32 },
  read: { args: [T.i32, T.ptr, T.u64], returns: T.i64_fast },
  write: { args: [T.i32, T.ptr, T.u64], returns: T.i64_fast },
})

export const { EAGAIN, EINPROGRESS, EMFILE, EADDRNOTAVAIL } = constants.errno

// bits/socket.h, bits/socket_type.h, asm-generic/socket.h, linux/in.h, linux/tcp.h, linux/udp.h
const AF_INET = 2
const AF_INET6 = 10
const SOCK_STREAM = 1
const SOCK_DGRAM = 2
const SOCK_RAW = 3
const SOCK_NONBLOCK = 0o4000
const IPPROTO_RAW = 255
const MSG_NOSIGNAL = 0x4000
const MSG_DONTWAIT = 0x40

/** Options of sockets: level and name, then how the value is written. */
export const socketOption = {
  reuseAddress: [1, 2],
  sendBuffer: [1, 7],
  receiveBuffer: [1, 8],
  /** SO_RCVBUFFORCE goes beyond net.core.rmem_max. */
  receiveBufferForce: [1, 33],
  /** Bytes a second; from then on the kernel spreads the segments over time. */
  maxPacingRate: [1, 47],
  ipMtuDiscover: [0, 10],
  ipTtl: [0, 2],
  ipMinTtl: [0, 21],
  tcpNoDelay: [6, 1],
  udpSegment: [17, 103],
} as const

/** IP_PMTUDISC_PROBE: set "do not fragment" and take no notice of what routers said about the path. */
export const IP_PMTUDISC_PROBE = 3

export type SocketOptionName = keyof typeof socketOption

/** The address as a `sockaddr_in` or `sockaddr_in6`. */
export function sockaddr(address: string, port: number): Bytes {
  const bytes = parseAddress(address)
  if (bytes === undefined) throw new Error(`${address} is no address`)
  const isIpv4 = !address.includes(":")
  const out = alloc(isIpv4 ? 16 : 28)
  const view = new DataView(out.buffer)
  view.setUint16(0, isIpv4 ? AF_INET : AF_INET6, true)
  view.setUint16(2, port)
  out.set(isIpv4 ? bytes.slice(-4) : bytes, isIpv4 ? 4 : 8)
  return out
}

const family = (address: string) => (address.includes(":") ? AF_INET6 : AF_INET)

export interface SocketSettings {
  readonly options?: Readonly<Partial<Record<SocketOptionName, number>>>
  /** A call that cannot go on waits in the kernel. Only for a program with nothing else to do. */
  readonly isBlocking?: boolean
}

const nonBlocking = ({ isBlocking }: SocketSettings) => (isBlocking === true ? 0 : SOCK_NONBLOCK)

function withOptions(fd: number, { options = {} }: SocketSettings): number {
  for (const [name, value] of Object.entries(options)) setOption(fd, name as SocketOptionName, value)
  return fd
}

export function setOption(fd: number, name: SocketOptionName, value: number): void {
  const [level, option] = socketOption[name]
  const bytes = alloc(4)
  new DataView(bytes.buffer).setInt32(0, value, true)
  setSocketOption(fd, level, option, bytes)
}

/** SO_LINGER with no time: `close` sends a reset instead of a FIN. */
export function resetOnClose(fd: number): void {
  const linger = alloc(8)
  new DataView(linger.buffer).setInt32(0, 1, true)
  setSocketOption(fd, 1, 13, linger)
}

export const tcpSocket = (address: string, settings: SocketSettings = {}): number =>
  withOptions(openSocket(family(address), SOCK_STREAM | nonBlocking(settings), 0), settings)

export const udpSocket = (address: string, settings: SocketSettings = {}): number =>
  withOptions(openSocket(family(address), SOCK_DGRAM | nonBlocking(settings), 0), settings)

/** Sends whole IPv4 packets, header included; the kernel writes the header's own checksum. */
export const rawSocket = (): number => openSocket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_RAW)

export function bindTo(fd: number, address: string, port: number): void {
  setOption(fd, "reuseAddress", 1)
  bindSocket(fd, sockaddr(address, port))
}

export const listenOn = (fd: number, backlog: number): number => (c.listen(fd, backlog) === 0 ? 0 : lastErrno())

/** 0, or the errno; a connection under way is `EINPROGRESS`. */
export const connectTo = (fd: number, to: Bytes): number => (c.connect(fd, to, to.length) === 0 ? 0 : lastErrno())

/** The accepted descriptor, or the errno as a negative number. */
export function acceptFrom(fd: number): number {
  const accepted = c.accept4(fd, null, null, SOCK_NONBLOCK)
  return accepted >= 0 ? accepted : -lastErrno()
}

/** How many bytes the kernel took, or the errno as a negative number. */
export function sendBytes(fd: number, bytes: Bytes): number {
  const sent = Number(c.send(fd, bytes, bytes.length, MSG_NOSIGNAL))
  return sent >= 0 ? sent : -lastErrno()
}

/** How many bytes came, 0 at the end, or the errno as a negative number. Never waits. */
export function receiveBytes(fd: number, into: Bytes): number {
  const received = Number(c.recv(fd, into, into.length, MSG_DONTWAIT))
  return received >= 0 ? received : -lastErrno()
}

/** Sends one datagram or raw packet; what the kernel refuses is answered as its errno. */
export function sendPacket(fd: number, packet: Bytes, to: Bytes): number {
  try {
    sendTo(fd, packet, to)
    return 0
  } catch {
    return lastErrno()
  }
}

// linux/if_tun.h
const TUNSETIFF = 0x400454ca
const IFF_TUN = 1
const IFF_NO_PI = 0x1000
const IFNAMSIZ = 16

/** A device whose packets we read and write ourselves. Reading never waits. */
export function openTunnel(name: string): number {
  const O_RDWR_NONBLOCK = 2 | SOCK_NONBLOCK
  const fd = c.open(cstr("/dev/net/tun"), O_RDWR_NONBLOCK, 0)
  if (fd < 0) throw new SystemError("open /dev/net/tun", lastErrno())
  const request = alloc(40)
  request.set(new TextEncoder().encode(name).subarray(0, IFNAMSIZ - 1))
  new DataView(request.buffer).setUint16(IFNAMSIZ, IFF_TUN | IFF_NO_PI, true)
  if (c.ioctl(fd, TUNSETIFF, request) < 0) throw new SystemError("ioctl TUNSETIFF", lastErrno())
  return fd
}

/** The length of the next packet, or the errno as a negative number. */
export function readPacket(fd: number, into: Bytes): number {
  const length = Number(c.read(fd, into, into.length))
  return length >= 0 ? length : -lastErrno()
}

export const writePacket = (fd: number, packet: Bytes): void => void c.write(fd, packet, packet.length)
