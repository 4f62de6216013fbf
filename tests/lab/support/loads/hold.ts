import { acceptFrom, bindTo, EAGAIN, EMFILE, listenOn, type SocketOptionName, tcpSocket } from "../libc.ts"

/**
 * A server that is stuck: it accepts and keeps what it accepted, or does not even accept. It never reads, answers or closes.
 */
export function hold(options: {
  readonly port: number
  readonly address?: string
  readonly backlog?: number
  readonly accepts: boolean
  readonly socket?: Readonly<Partial<Record<SocketOptionName, number>>>
}): void {
  const { port, address = "0.0.0.0", backlog = 128, accepts, socket = {} } = options
  const listener = tcpSocket(address, { options: socket })
  bindTo(listener, address, port)
  const errno = listenOn(listener, backlog)
  if (errno !== 0) throw new Error(`listen on port ${port}: errno ${errno}`)
  if (!accepts) return
  setInterval(() => {
    // A full descriptor table is met on every turn, as it is by a program with a bug.
    for (;;) {
      const fd = acceptFrom(listener)
      if (fd === -EAGAIN || fd === -EMFILE) return
      if (fd < 0) throw new Error(`accept on port ${port}: errno ${-fd}`)
    }
  }, 5)
}
