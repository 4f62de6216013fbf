/**
 * What one look costs, against what the kernel alone costs, and against `ss`.
 *
 * The same dump, by turns: received only; received, read into columns, joined with the look before, with bytes and
 * directions; and a whole steady look, down to the lines of the screen.
 */
import { alloc } from "../../ffi/memory.ts"
import { NetlinkSocket } from "../../ffi/netlink-socket.ts"
import { deriveDirections } from "../../src/core/model/direction.ts"
import { createRateTable, deriveBytes } from "../../src/core/model/rates.ts"
import { linkPrevious } from "../../src/core/sample/link.ts"
import { findListeners } from "../../src/core/sample/listeners.ts"
import type { Sockets } from "../../src/core/sample/sample.ts"
import { createSocketTable } from "../../src/core/sample/socket-table.ts"
import { AF_INET, AF_INET6, IPPROTO_TCP, NETLINK_SOCK_DIAG, writeSocketDump } from "../../src/core/wire/inet-diag.ts"
import { datagram } from "../../src/core/wire/message.ts"
import { listSockets } from "../../src/shell/kernel/sockets.ts"
import { type Bench, type BenchRow, cpuMs, median, wallMs } from "./bench.ts"
import { openCrowd } from "./crowd.ts"
import { Watcher } from "./watcher.ts"

const SOCKETS = 100_000
/** The first looks grow the columns, find the processes and warm the code up. */
const WARM_UP = 12
const TURNS = 15

export const looks: Bench = {
  name: "looks",
  about:
    "a look at 100,000 sockets against a receive-only loop over the same dump (median of 15 turns), and against ss",
  async measure(): Promise<readonly BenchRow[]> {
    await using _ = await openCrowd(SOCKETS)
    const reading = reader()
    using rows = new Watcher("connections")
    using groups = new Watcher("groups")
    const times = { receive: [] as number[], read: [] as number[], rows: [] as number[], groups: [] as number[] }
    const cpu: number[] = []
    for (let turn = -WARM_UP; turn < TURNS; turn++) {
      const receive = await wallMs(receiveOnly)
      const read = await wallMs(reading.look)
      let whole = 0
      const wholeCpu = await cpuMs(async () => {
        whole = await wallMs(() => rows.look())
      })
      const grouped = await wallMs(() => groups.look())
      if (turn < 0) continue
      times.receive.push(receive)
      times.read.push(read)
      times.rows.push(whole)
      times.groups.push(grouped)
      cpu.push(wholeCpu)
    }
    if (reading.rows() < SOCKETS || rows.shownRows() === 0) throw new Error("the sockets were not there")
    const ss = ssCpuMs()
    const base = median(times.receive)
    return [
      { name: "receive only", figure: base, unit: "ms" },
      {
        name: "receive + read + rates against receive only",
        figure: median(times.read) / base,
        unit: "x",
        target: 1.3,
      },
      {
        name: "a whole look, by connection, against receive only",
        figure: median(times.rows) / base,
        unit: "x",
        target: 2.5,
      },
      {
        name: "a whole look, by peer and process, against receive only",
        figure: median(times.groups) / base,
        unit: "x",
        target: 2.5,
      },
      { name: "a whole look, processor time of all threads", figure: median(cpu), unit: "ms" },
      { name: "ss -tinpH, processor time", figure: ss, unit: "ms" },
      { name: "ss -tinpH against a whole look, processor time", figure: ss / median(cpu), unit: "x", atLeast: 15 },
    ]
  },
}

/** User and system time of the one child. */
function ssCpuMs(): number {
  const { resourceUsage, exitCode } = Bun.spawnSync(["ss", "-tinpH"], { stdout: "ignore" })
  if (exitCode !== 0) throw new Error(`ss ended with ${exitCode}`)
  return Number(resourceUsage.cpuTime.total) / 1000
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

function reader() {
  const emptyLook = (): Sockets => ({ table: createSocketTable(), owners: [], isComplete: true })
  const shown: [Sockets, Sockets] = [emptyLook(), emptyLook()]
  const rates = createRateTable()
  return {
    async look() {
      const [previous, current] = shown
      shown.reverse()
      await listSockets(current.table)
      linkPrevious(current.table, previous.table)
      deriveBytes(rates, current, { sockets: previous, elapsedMs: 1_000 })
      deriveDirections(rates.isIncoming, current.table, findListeners(current.table))
    },
    rows: () => shown[0].table.length,
  }
}
