/**
 * What reading costs on top of receiving: the same socket dump, received only, and received, read into columns, joined
 * with the look before, with bytes and directions.
 *
 * The sockets live on loopback inside a network and process namespace of their own, which ends with the measurement,
 * however it ends. Needs root. `bun tests/bench/dump.ts 50000` prints the rows.
 */
import { alloc } from "../../ffi/memory.ts"
import { NetlinkSocket } from "../../ffi/netlink-socket.ts"
import { deriveDirections, findListeners } from "../../src/core/model/direction.ts"
import { createRateTable, deriveBytes } from "../../src/core/model/rates.ts"
import { linkPrevious } from "../../src/core/sample/link.ts"
import type { Sockets } from "../../src/core/sample/sample.ts"
import { createSocketTable } from "../../src/core/sample/socket-table.ts"
import { AF_INET, AF_INET6, IPPROTO_TCP, NETLINK_SOCK_DIAG, writeSocketDump } from "../../src/core/wire/inet-diag.ts"
import { datagram } from "../../src/core/wire/message.ts"
import { listSockets } from "../../src/shell/kernel/sockets.ts"

/** One line of the table that `bun run bench` prints. */
export interface BenchRow {
  readonly name: string
  readonly figure: number
  readonly unit: string
  /** The most it may be; absent where the figure only explains another. */
  readonly target?: number
}

const LOOKS = 10

/** Measures in a child inside its own namespaces. Throws when it cannot, with the child's words. */
export async function measureDump(socketCount = 100_000): Promise<BenchRow[]> {
  const inside = [process.execPath, import.meta.path, "measure", String(socketCount)]
  const script = 'ip link set lo up && ulimit -n "$(ulimit -Hn)" && exec "$@"'
  const child = Bun.spawn(
    ["unshare", "--net", "--pid", "--fork", "--kill-child", "sh", "-c", script, "sh", ...inside],
    { stdout: "pipe", stderr: "pipe" },
  )
  const end = () => child.kill("SIGKILL")
  process.once("exit", end)
  try {
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    if ((await child.exited) !== 0) throw new Error(`cannot measure ${socketCount} sockets: ${err.trim()}`)
    return JSON.parse(out) as BenchRow[]
  } finally {
    end()
    process.off("exit", end)
  }
}

/** Inside the namespace: other processes hold the sockets, so that they cost this one nothing. */
async function measure(socketCount: number): Promise<BenchRow[]> {
  const holders = await holdSockets(socketCount)
  const whole = wholeLook()
  // The first looks grow the columns and warm the code up; then they take turns, so that noise falls on both.
  for (let i = 0; i < 3; i++) {
    receiveOnly()
    await whole.look()
  }
  const received: number[] = []
  const read: number[] = []
  for (let i = 0; i < LOOKS; i++) {
    received.push(await timed(receiveOnly))
    read.push(await timed(whole.look))
  }
  for (const holder of holders) holder.kill("SIGKILL")
  const rows = whole.rows()
  if (rows < socketCount) throw new Error(`only ${rows} sockets were there`)
  const row = (name: string, figure: number, unit: string, target?: number): BenchRow => ({
    name,
    figure: Number(figure.toPrecision(4)),
    unit,
    ...(target !== undefined && { target }),
  })
  return [
    row(`dump of ${rows} sockets: receive only`, median(received), "ms"),
    row(`dump of ${rows} sockets: receive, read, link, bytes, directions`, median(read), "ms"),
    row(`dump of ${rows} sockets: reading against receive only`, median(read) / median(received), "x", 1.3),
  ]
}

const buffer = datagram(alloc(65_536))

/** The same requests, and nothing looked at but the end. */
function receiveOnly(): void {
  const NLMSG_DONE = 3
  const DONE_SIZE = 20
  using socket = NetlinkSocket.open(NETLINK_SOCK_DIAG, 2_000)
  for (const family of [AF_INET, AF_INET6]) {
    socket.send(writeSocketDump({ family, protocol: IPPROTO_TCP, sequence: 1 }))
    for (;;) {
      const length = socket.receive(buffer.bytes)
      if (length < DONE_SIZE) throw new Error("the dump did not end")
      const last = length - DONE_SIZE
      if (buffer.words[last >> 2] === DONE_SIZE && buffer.halves[(last + 4) >> 1] === NLMSG_DONE) break
    }
  }
}

function wholeLook() {
  const looks: [Sockets, Sockets] = [emptyLook(), emptyLook()]
  const rates = createRateTable()
  return {
    async look() {
      const [previous, current] = looks
      looks.reverse()
      await listSockets(current.table)
      linkPrevious(current.table, previous.table)
      deriveBytes(rates, current, { sockets: previous, elapsedMs: 1_000 })
      deriveDirections(rates.isIncoming, current.table, findListeners(current.table))
    },
    rows: () => looks[0].table.length,
  }
}

const emptyLook = (): Sockets => ({ table: createSocketTable(), owners: [], isComplete: true })

async function timed(act: () => void | Promise<void>): Promise<number> {
  const start = performance.now()
  await act()
  return performance.now() - start
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!

/** As many processes as the limit of descriptors asks for, once all their connections stand. */
export async function holdSockets(socketCount: number): Promise<Bun.Subprocess[]> {
  const limit = Number(/Max open files\s+(\d+)/.exec(await Bun.file("/proc/self/limits").text())?.[1])
  const each = Math.min(limit - 100, 40_000) // ephemeral ports suffice for 20,000 connections to one address
  const holders = Array.from({ length: Math.ceil(socketCount / each) }, (_, i) => {
    const connections = Math.ceil(Math.min(each, socketCount - i * each) / 2)
    const command = [process.execPath, import.meta.path, "hold", String(connections), `127.0.0.${i + 1}`]
    return Bun.spawn(command, { stdout: "pipe", stderr: "inherit" })
  })
  for (const { stdout } of holders) {
    const { done } = await stdout.getReader().read() // "ready"
    if (done) throw new Error("a process that should hold sockets ended")
  }
  return holders
}

/** Connections from this process to itself, two sockets each. */
async function hold(connections: number, hostname: string): Promise<void> {
  const port = 8000
  const BATCH = 200 // less than the listener's backlog
  let accepted = 0
  Bun.listen({ hostname, port, socket: { open: () => void accepted++, data() {} } })
  for (let made = 0; made < connections; made += BATCH) {
    const batch = Math.min(BATCH, connections - made)
    await Promise.all(Array.from({ length: batch }, () => Bun.connect({ hostname, port, socket: { data() {} } })))
  }
  while (accepted < connections) await Bun.sleep(5)
  console.log("ready")
  setInterval(() => {}, 60_000)
}

if (import.meta.main) {
  const [mode = "50000", count = "0", hostname = ""] = process.argv.slice(2)
  if (mode === "hold") await hold(Number(count), hostname)
  else if (mode === "measure") console.log(JSON.stringify(await measure(Number(count))))
  else console.table(await measureDump(Number(mode)))
}
