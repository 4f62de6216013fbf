/**
 * Short TCP connections of known sizes. As a program: `bun traffic.ts HOST PORT COUNT SEED [CONCURRENT]` prints the truth
 * as JSON when every connection is closed on both sides.
 */
import net from "node:net"

/** Bytes from the side that asked, and bytes from the side that served. */
export interface Truth {
  asked: number
  served: number
  connections: number
}

/** Numbers that look random and are the same for one seed. */
function* numbers(seed: number): Generator<number, never> {
  for (let x = seed | 1; ; ) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    yield x >>> 0
  }
}

const HEADER = 8

/**
 * Serves `host:port` and makes `count` connections to it; each sends up to 60 KB each way and lives 1 to 50 ms. Which
 * side closes first takes turns. Resolves when all are closed.
 */
export async function makeTraffic(ask: {
  host: string
  connectTo?: string
  port: number
  count: number
  seed: number
  concurrent?: number
}): Promise<Truth> {
  const { host, port, count, seed, concurrent = 8, connectTo = host === "::" ? "::1" : "127.0.0.1" } = ask
  const server = net.createServer({ allowHalfOpen: true }, serve)
  await new Promise<void>((resolve) => server.listen({ host, port, backlog: 1024 }, resolve))
  const random = numbers(seed)
  const truth: Truth = { asked: 0, served: 0, connections: 0 }
  let left = count
  const worker = async () => {
    while (left-- > 0) {
      const sizes = {
        asked: HEADER + (random.next().value % 60_000),
        served: random.next().value % 60_000,
        pauseMs: random.next().value % 50,
        serverFirst: random.next().value % 2 === 0,
      }
      await connectOnce(connectTo, port, sizes)
      truth.asked += sizes.asked
      truth.served += sizes.served
      truth.connections++
    }
  }
  await Promise.all(Array.from({ length: concurrent }, worker))
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return truth
}

/** The header says how much is asked, how much to answer, after how long, and who closes first. */
function serve(socket: net.Socket): void {
  let received = 0
  let header = Buffer.alloc(0)
  socket.on("error", () => {})
  socket.on("data", (chunk: Buffer) => {
    received += chunk.length
    if (header.length < HEADER) header = Buffer.concat([header, chunk.subarray(0, HEADER - header.length)])
    if (header.length < HEADER || received < header.readUInt16LE(0)) return
    const answer = Buffer.alloc(header.readUInt16LE(2), "y")
    const serverFirst = header.readUInt16LE(6) === 1
    setTimeout(() => {
      if (serverFirst) socket.end(answer)
      else socket.write(answer)
    }, header.readUInt16LE(4))
  })
  socket.on("end", () => socket.end())
}

function connectOnce(
  host: string,
  port: number,
  sizes: { asked: number; served: number; pauseMs: number; serverFirst: boolean },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, allowHalfOpen: true })
    let received = 0
    const done = () => {
      if (!sizes.serverFirst && received === sizes.served) socket.end()
    }
    socket.on("error", reject)
    socket.on("connect", () => {
      const request = Buffer.alloc(sizes.asked, "x")
      request.writeUInt16LE(sizes.asked, 0)
      request.writeUInt16LE(sizes.served, 2)
      request.writeUInt16LE(sizes.pauseMs, 4)
      request.writeUInt16LE(sizes.serverFirst ? 1 : 0, 6)
      socket.write(request)
      if (sizes.served === 0) setTimeout(done, sizes.pauseMs)
    })
    socket.on("data", (chunk: Buffer) => {
      received += chunk.length
      done()
    })
    socket.on("end", () => socket.end())
    socket.on("close", () => resolve())
  })
}

if (import.meta.main) {
  const [host = "0.0.0.0", port = "8000", count = "1", seed = "1", concurrent = "8"] = process.argv.slice(2)
  const truth = await makeTraffic({
    host,
    port: Number(port),
    count: Number(count),
    seed: Number(seed),
    concurrent: Number(concurrent),
  })
  console.log(JSON.stringify(truth))
}
