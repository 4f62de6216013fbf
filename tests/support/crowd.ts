/** Connections of the test's own over loopback, idle and in a known order: rows that a screen test can count on. */
import net from "node:net"

export interface Crowd {
  /** The port that is listened on. */
  readonly port: number
  /** The ports of the other ends, ascending: the order of rows that move nothing. */
  readonly peerPorts: readonly number[]
  [Symbol.dispose](): void
}

/** `size` connections to a port on 127.0.0.1. */
export async function gather(size: number): Promise<Crowd> {
  const accepted: net.Socket[] = []
  const server = net.createServer((socket) => void accepted.push(socket.on("error", () => {})))
  await new Promise<void>((ready) => server.listen({ port: 0, host: "127.0.0.1", backlog: size }, ready))
  const { port } = server.address() as net.AddressInfo
  const clients = await Promise.all(
    Array.from(
      { length: size },
      () =>
        new Promise<net.Socket>((ready, fail) => {
          const client = net.connect(port, "127.0.0.1", () => ready(client)).on("error", fail)
        }),
    ),
  )
  return {
    port,
    peerPorts: clients.map((client) => client.localPort!).sort((a, b) => a - b),
    [Symbol.dispose]() {
      for (const socket of [...clients, ...accepted]) socket.destroy()
      server.close()
    },
  }
}
