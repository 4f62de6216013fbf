/** One datagram to a UNIX socket. */
import { closeFd, openSocket, sendTo } from "./libc.ts"
import { alloc } from "./memory.ts"

// bits/socket.h, sys/un.h
const AF_UNIX = 1
const SOCK_DGRAM = 2
const SUN_PATH_MAX = 108

/** `path` may begin with `@`, for the abstract namespace. Throws `SystemError`, or `RangeError` for a path too long. */
export function sendUnixDatagram(path: string, message: string): void {
  const name = new TextEncoder().encode(path)
  if (name.length >= SUN_PATH_MAX) throw new RangeError(`a socket path of ${name.length} bytes`)
  const sockaddr = alloc(2 + name.length)
  new DataView(sockaddr.buffer).setUint16(0, AF_UNIX, true)
  sockaddr.set(name, 2)
  if (path.startsWith("@")) sockaddr[2] = 0
  const bytes = new TextEncoder().encode(message)
  const body = alloc(bytes.length)
  body.set(bytes)
  const fd = openSocket(AF_UNIX, SOCK_DGRAM, 0)
  try {
    sendTo(fd, body, sockaddr)
  } finally {
    closeFd(fd)
  }
}
