/**
 * Traffic that knows its own truth: `stream ADDRESS PORT SECONDS` sends one TCP flow as fast as it goes, `sink PORT`
 * receives it; `ask ADDRESS PORT FLOWS SEED` sends one datagram from each of so many UDP sockets to an echo and waits for
 * the answers. The senders print the payload that went each way, as JSON.
 */
import dgram from "node:dgram"
import net from "node:net"

export interface Payload {
  readonly sent: number
  readonly received: number
}

const CHUNK = new Uint8Array(1 << 18)
/** Sockets that wait for an answer at the same time. */
const AT_ONCE = 20

const [what = "", address = "", ...numbers] = process.argv.slice(2)
const [port = 0, amount = 0, seed = 1] = numbers.map(Number)
if (what === "sink") {
  net.createServer((socket) => socket.resume()).listen(Number(address), "::", () => console.log("ready"))
} else if (what === "stream") console.log(JSON.stringify(await stream()))
else if (what === "ask") console.log(JSON.stringify(await ask()))

async function stream(): Promise<Payload> {
  const socket = net.connect(port, address)
  await new Promise((resolve) => socket.once("connect", resolve))
  const end = performance.now() + amount * 1000
  let sent = 0
  while (performance.now() < end) {
    sent += CHUNK.length
    if (!socket.write(CHUNK)) await new Promise((resolve) => socket.once("drain", resolve))
  }
  socket.end()
  await new Promise((resolve) => socket.once("close", resolve))
  return { sent, received: 0 }
}

async function ask(): Promise<Payload> {
  let sent = 0
  let received = 0
  const kept: dgram.Socket[] = []
  for (let done = 0; done < amount; done += AT_ONCE) {
    const sizes = Array.from(
      { length: Math.min(AT_ONCE, amount - done) },
      (_, i) => 100 + ((seed * 7919 + (done + i) * 104_729) % 900),
    )
    const answers = sizes.map(async (size) => {
      const socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4")
      kept.push(socket)
      const answer = new Promise<number>((resolve) => socket.once("message", (message) => resolve(message.length)))
      socket.send(new Uint8Array(size), port, address)
      sent += size
      const answered = await answer
      received += answered
    })
    await Promise.all(answers)
  }
  for (const socket of kept) socket.close()
  return { sent, received }
}
