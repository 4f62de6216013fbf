/**
 * The other end of a test's traffic, run in another network namespace: `serve PORT…` echoes what it gets over TCP and UDP,
 * `send tcp|udp ADDRESS PORT BYTES` sends that much, waits until all of it came back, and stays until its input ends.
 */
import dgram from "node:dgram"
import net from "node:net"

const DATAGRAM = 1000
const [what, ...rest] = process.argv.slice(2)
if (what === "serve") {
  for (const port of rest.map(Number)) {
    await new Promise<void>((resolve) =>
      net.createServer({ allowHalfOpen: true }, (socket) => void socket.pipe(socket)).listen(port, "::", resolve),
    )
    const udp = dgram.createSocket({ type: "udp6" })
    udp.on("message", (message, from) => udp.send(message, from.port, from.address))
    await new Promise<void>((resolve) => udp.bind(port, "::", resolve))
  }
  console.log("ready")
} else {
  const [protocol = "", address = "", portText = "", bytesText = ""] = rest
  const port = Number(portText)
  const bytes = Number(bytesText)
  let echoed = 0
  const got = (chunk: Uint8Array) => {
    echoed += chunk.length
    if (echoed === bytes) console.log("done")
  }
  const end: () => void = protocol === "tcp" ? overTcp() : overUdp()
  for await (const _ of Bun.stdin.stream());
  end()

  function overTcp() {
    const socket = net.connect(port, address, () => socket.write(new Uint8Array(bytes)))
    socket.on("data", got)
    return () => void socket.end()
  }
  function overUdp() {
    const socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4")
    const more = () => {
      if (echoed < bytes) socket.send(new Uint8Array(Math.min(DATAGRAM, bytes - echoed)), port, address)
    }
    socket.on("message", (message) => {
      got(message)
      more()
    })
    more()
    return () => void socket.close()
  }
}
