import { closeFd } from "../../../../ffi/libc.ts"
import { alloc } from "../../../../ffi/memory.ts"
import { connectTo, EAGAIN, EINPROGRESS, sendBytes, sockaddr, tcpSocket } from "../libc.ts"
import { pace } from "./pace.ts"

const ENOTCONN_YET = 107

/**
 * Sends over TCP: to each target `connections` connections, each with `bytesPerSecond`, as far as the kernel takes them.
 * With `renewMs` a connection is closed at that age and a new one takes its place.
 */
export function send(options: {
  readonly to: readonly string[]
  readonly port: number
  readonly connections: number
  readonly bytesPerSecond: number
  /** In how many writes a second; fewer make longer bursts. */
  readonly burstsPerSecond?: number
  readonly seconds?: number
  readonly renewMs?: number
}): void {
  const { to, port, connections, bytesPerSecond, burstsPerSecond = 100, seconds = 60 } = options
  const { renewMs = Number.POSITIVE_INFINITY } = options
  const budget = Math.max(1, Math.round(bytesPerSecond / burstsPerSecond))
  const bytes = alloc(Math.min(budget, 65_536))
  const open = (address: string) => {
    const fd = tcpSocket(address)
    const errno = connectTo(fd, sockaddr(address, port))
    if (errno !== 0 && errno !== EINPROGRESS) throw new Error(`connect to ${address}:${port}: errno ${errno}`)
    return { fd, address, since: performance.now() }
  }
  const streams = to.flatMap((address) => Array.from({ length: connections }, () => open(address)))
  void pace({ perSecond: burstsPerSecond, seconds }, () => {
    for (const [at, { fd, address, since }] of streams.entries()) {
      for (let left = budget; left > 0; ) {
        const sent = sendBytes(fd, left < bytes.length ? bytes.subarray(0, left) : bytes)
        if (sent === -EAGAIN || sent === -ENOTCONN_YET) break
        if (sent < 0) break
        left -= sent
      }
      if (performance.now() - since < renewMs) continue
      closeFd(fd)
      streams[at] = open(address)
    }
  })
  setInterval(() => {}, 60_000)
}
