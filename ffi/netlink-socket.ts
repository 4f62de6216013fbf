/**
 * A netlink socket: bytes out, bytes in, and a deadline on every receive.
 *
 * It knows nothing of what the bytes mean.
 */
import { bindSocket, closeFd, openSocket, receive, receiveNow, sendTo, setSocketOption, socketName } from "./libc.ts"
import { alloc } from "./memory.ts"
import { type NamespacePlace, openSocketIn } from "./namespace.ts"

// linux/socket.h, linux/netlink.h, asm-generic/socket.h
const AF_NETLINK = 16
const SOCK_RAW = 3
const SOL_SOCKET = 1
const SO_RCVBUF = 8
const SO_RCVTIMEO = 20
const SO_RCVBUFFORCE = 33
const SOL_NETLINK = 270
const NETLINK_EXT_ACK = 11

/** struct sockaddr_nl: family, pad, port id, groups (a bit each, group 1 is the lowest). */
function sockaddr(groups = 0): Uint8Array<ArrayBuffer> {
  const bytes = alloc(12)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, AF_NETLINK, true)
  view.setUint32(8, groups, true)
  return bytes
}

function word(value: number): Uint8Array<ArrayBuffer> {
  const bytes = alloc(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

export class NetlinkSocket {
  /** The port id the kernel gave us; every answer to us carries it. */
  readonly portId: number
  private open = true

  private constructor(private readonly fd: number) {
    const own = sockaddr()
    socketName(fd, own)
    this.portId = new DataView(own.buffer).getUint32(4, true)
  }

  /**
   * Opens a socket of one netlink family (linux/netlink.h: NETLINK_ROUTE 0, NETLINK_SOCK_DIAG 4, NETLINK_NETFILTER 12),
   * in our own network namespace or in `namespace`, where it stays. A receive that gets nothing for `deadlineMs`
   * answers -1. Throws `SystemError`.
   */
  static open(protocol: number, deadlineMs: number, namespace?: NamespacePlace): NetlinkSocket {
    // The kernel takes zero for "wait for ever".
    if (!(deadlineMs >= 1)) throw new RangeError(`a deadline of ${deadlineMs} ms is none`)
    return NetlinkSocket.make(protocol, namespace, (fd) => {
      bindSocket(fd, sockaddr())
      const timeout = alloc(16) // struct timeval, two 64-bit words
      const view = new DataView(timeout.buffer)
      view.setBigInt64(0, BigInt(Math.floor(deadlineMs / 1000)), true)
      view.setBigInt64(8, BigInt(Math.floor(deadlineMs % 1000) * 1000), true)
      setSocketOption(fd, SOL_SOCKET, SO_RCVTIMEO, timeout)
      try {
        setSocketOption(fd, SOL_NETLINK, NETLINK_EXT_ACK, word(1))
      } catch {
        // Kernels before 4.12: errors then come without a sentence.
      }
    })
  }

  /**
   * Opens a socket that hears the multicast `groups` of one family; take what waits with `receiveNow`. Above
   * `bufferBytes` of waiting events (the kernel counts about three times their length) the kernel drops and says
   * ENOBUFS. Throws `SystemError`: EPERM without CAP_NET_ADMIN.
   */
  static listen(ask: {
    protocol: number
    groups: readonly number[]
    bufferBytes: number
    namespace?: NamespacePlace
  }): NetlinkSocket {
    return NetlinkSocket.make(ask.protocol, ask.namespace, (fd) => {
      try {
        setSocketOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, word(ask.bufferBytes))
      } catch {
        // Without CAP_NET_ADMIN as much as net.core.rmem_max allows.
        setSocketOption(fd, SOL_SOCKET, SO_RCVBUF, word(ask.bufferBytes))
      }
      bindSocket(fd, sockaddr(ask.groups.reduce((bits, group) => bits | (1 << (group - 1)), 0)))
    })
  }

  private static make(
    protocol: number,
    namespace: NamespacePlace | undefined,
    prepare: (fd: number) => void,
  ): NetlinkSocket {
    const fd =
      namespace === undefined
        ? openSocket(AF_NETLINK, SOCK_RAW, protocol)
        : openSocketIn(namespace, AF_NETLINK, SOCK_RAW, protocol)
    try {
      prepare(fd)
      return new NetlinkSocket(fd)
    } catch (error) {
      closeFd(fd)
      throw error
    }
  }

  send(message: Uint8Array): void {
    sendTo(this.fd, message, sockaddr())
  }

  /** One datagram into `buffer`: its real length (larger than the buffer when cut), or -1 at the deadline. */
  receive(buffer: Uint8Array): number {
    return receive(this.fd, buffer)
  }

  /** As `receive`, without waiting: -1 when nothing is there. Throws `SystemError`; ENOBUFS says that events were lost. */
  receiveNow(buffer: Uint8Array): number {
    return receiveNow(this.fd, buffer)
  }

  close(): void {
    if (this.open) closeFd(this.fd)
    this.open = false
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
