/**
 * A netlink socket: bytes out, bytes in, and a deadline on every receive.
 *
 * It knows nothing of what the bytes mean.
 */
import { bindSocket, closeFd, openSocket, receive, sendTo, setSocketOption, socketName } from "./libc.ts"
import { alloc } from "./memory.ts"

// linux/socket.h, linux/netlink.h, asm-generic/socket.h
const AF_NETLINK = 16
const SOCK_RAW = 3
const SOL_SOCKET = 1
const SO_RCVTIMEO = 20
const SOL_NETLINK = 270
const NETLINK_EXT_ACK = 11

/** struct sockaddr_nl: family, pad, port id, groups. */
function sockaddr(portId = 0): Uint8Array<ArrayBuffer> {
  const bytes = alloc(12)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, AF_NETLINK, true)
  view.setUint32(4, portId, true)
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
   * Opens a socket of one netlink family (linux/netlink.h: NETLINK_ROUTE 0, NETLINK_SOCK_DIAG 4, NETLINK_NETFILTER 12).
   * A receive that gets nothing for `deadlineMs` answers -1. Throws `SystemError`.
   */
  static open(protocol: number, deadlineMs: number): NetlinkSocket {
    // The kernel takes zero for "wait for ever".
    if (!(deadlineMs >= 1)) throw new RangeError(`a deadline of ${deadlineMs} ms is none`)
    const fd = openSocket(AF_NETLINK, SOCK_RAW, protocol)
    try {
      bindSocket(fd, sockaddr())
      const timeout = alloc(16) // struct timeval, two 64-bit words
      const view = new DataView(timeout.buffer)
      view.setBigInt64(0, BigInt(Math.floor(deadlineMs / 1000)), true)
      view.setBigInt64(8, BigInt(Math.floor(deadlineMs % 1000) * 1000), true)
      setSocketOption(fd, SOL_SOCKET, SO_RCVTIMEO, timeout)
      const on = alloc(4)
      on[0] = 1
      try {
        setSocketOption(fd, SOL_NETLINK, NETLINK_EXT_ACK, on)
      } catch {
        // Kernels before 4.12: errors then come without a sentence.
      }
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

  close(): void {
    if (this.open) closeFd(this.fd)
    this.open = false
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
