import { alloc } from "../../../../ffi/memory.ts"
import { connectTo, type SocketOptionName, sendBytes, sockaddr, tcpSocket } from "../libc.ts"

/** One connection that sends as fast as its own send buffer lets it, waiting in the kernel as a simple program does. */
export function sendBlocking(options: {
  readonly to: string
  readonly port: number
  readonly seconds: number
  /** How much each call hands over. */
  readonly writeBytes?: number
  readonly socket?: Readonly<Partial<Record<SocketOptionName, number>>>
}): void {
  const { to, port, seconds, writeBytes = 65_536, socket = {} } = options
  const fd = tcpSocket(to, { isBlocking: true, options: socket })
  const errno = connectTo(fd, sockaddr(to, port))
  if (errno !== 0) throw new Error(`connect to ${to}:${port}: errno ${errno}`)
  const end = performance.now() + seconds * 1000
  const bytes = alloc(writeBytes)
  // The line that says we are under way goes out first.
  setTimeout(() => {
    while (performance.now() < end && sendBytes(fd, bytes) >= 0);
    process.exit(0)
  }, 50)
}
