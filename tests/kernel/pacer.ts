/**
 * One end of a connection that moves bytes at a known pace.
 *
 * `bun pacer.ts listen|connect ADDRESS PORT RATE [TOTAL]`: sends RATE bytes a second, evenly, until TOTAL; with RATE 0 it
 * only takes what comes. Prints `ready` when it listens or is connected. For each line that it is told it prints how much
 * it has sent and when, as JSON.
 */
import net from "node:net"

const [role, address, port, rateText, totalText = "Infinity"] = process.argv.slice(2)
const bytesPerSecond = Number(rateText)
const total = Number(totalText)

const CHUNK = Buffer.alloc(1 << 20)
const EVERY_MS = 1
let sent = 0

/** Time decides how much is due, so a late timer is made up for. */
function send(socket: net.Socket): void {
  const start = performance.now()
  const timer = setInterval(() => {
    const due = Math.min(total, Math.floor((bytesPerSecond * (performance.now() - start)) / 1000))
    while (sent < due) {
      const chunk = CHUNK.subarray(0, Math.min(CHUNK.length, due - sent))
      socket.write(chunk)
      sent += chunk.length
    }
    if (sent === total) clearInterval(timer)
  }, EVERY_MS)
}

function use(socket: net.Socket): void {
  socket.on("error", () => process.exit(1)).setNoDelay(true)
  socket.resume()
  if (bytesPerSecond > 0) send(socket)
}

if (role === "listen") net.createServer(use).listen(Number(port), address, () => console.log("ready"))
else {
  const socket = net.connect(Number(port), address, () => {
    console.log("ready")
    use(socket)
  })
}

for await (const _ of console) console.log(JSON.stringify({ sent, at: performance.now() }))
process.exit(0)
