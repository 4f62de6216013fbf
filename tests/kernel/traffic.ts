/**
 * Short TCP connections of known sizes. As a program: `bun traffic.ts HOST PORT COUNT SEED [CONCURRENT]` prints the truth
 * as JSON when every connection is closed on both sides; `serve HOST PORT` and
 * `ask HOST PORT COUNT SEED CONCURRENT BYTES_MAX PER_SECOND_MAX` do the two halves in two places.
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

const HEADER = 16

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
  const { host, port, connectTo = host === "::" ? "::1" : "127.0.0.1" } = ask
  const server = await serveTraffic(host, port)
  const truth = await askTraffic({ ...ask, connectTo })
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return truth
}

export async function serveTraffic(host: string, port: number): Promise<net.Server> {
  const server = net.createServer({ allowHalfOpen: true }, serve)
  await new Promise<void>((resolve) => server.listen({ host, port, backlog: 1024 }, resolve))
  return server
}

/** Makes the connections, at most so many a second; resolves when all are closed. */
export async function askTraffic(ask: {
  connectTo: string
  port: number
  count: number
  seed: number
  concurrent?: number
  bytesMax?: number
  perSecondMax?: number
}): Promise<Truth> {
  const { connectTo, port, count, seed, concurrent = 8, bytesMax = 60_000, perSecondMax = 100_000 } = ask
  const random = numbers(seed)
  const truth: Truth = { asked: 0, served: 0, connections: 0 }
  let left = count
  const started = performance.now()
  const worker = async () => {
    while (left > 0) {
      const dueMs = started + ((count - left--) * 1000) / perSecondMax
      if (dueMs > performance.now()) await Bun.sleep(dueMs - performance.now())
      const sizes = {
        asked: HEADER + (random.next().value % bytesMax),
        served: random.next().value % bytesMax,
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
  return truth
}

/** The header says how much is asked, how much to answer, after how long, and who closes first. */
function serve(socket: net.Socket): void {
  let received = 0
  let header = Buffer.alloc(0)
  let isAnswered = false
  socket.on("error", () => {})
  socket.on("data", (chunk: Buffer) => {
    received += chunk.length
    if (header.length < HEADER) header = Buffer.concat([header, chunk.subarray(0, HEADER - header.length)])
    if (isAnswered || header.length < HEADER || received < header.readUInt32LE(0)) return
    isAnswered = true
    const answer = Buffer.alloc(header.readUInt32LE(4), "y")
    const serverFirst = header.readUInt32LE(12) === 1
    setTimeout(() => {
      if (serverFirst) socket.end(answer)
      else socket.write(answer)
    }, header.readUInt32LE(8))
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
      request.writeUInt32LE(sizes.asked, 0)
      request.writeUInt32LE(sizes.served, 4)
      request.writeUInt32LE(sizes.pauseMs, 8)
      request.writeUInt32LE(sizes.serverFirst ? 1 : 0, 12)
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
  const [what = "", ...rest] = process.argv.slice(2)
  if (what === "serve") {
    await serveTraffic(rest[0]!, Number(rest[1]))
    console.log("ready")
  } else if (what === "ask") {
    const [port, count, seed, concurrent, bytesMax, perSecondMax] = rest.slice(1).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    console.log(
      JSON.stringify(await askTraffic({ connectTo: rest[0]!, port, count, seed, concurrent, bytesMax, perSecondMax })),
    )
  } else {
    const [port = 8000, count = 1, seed = 1, concurrent = 8] = rest.map(Number)
    console.log(JSON.stringify(await makeTraffic({ host: what, port, count, seed, concurrent })))
  }
}
