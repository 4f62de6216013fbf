/**
 * What it costs to listen to closing sockets: 5,000 of them a second are offered on loopback, inside a network and
 * process namespace of their own, until the listener lets go; and what it costs to settle a look with 5,000 events.
 *
 * Needs root. `bun tests/bench/closings.ts` prints the rows.
 */
import { createClosedLedger, settleLook } from "../../src/core/sample/closed.ts"
import { createSocketTable } from "../../src/core/sample/socket-table.ts"
import { ClosingsWatch } from "../../src/shell/kernel/closings.ts"
import { ownNamespaceId } from "../../src/shell/kernel/network-namespaces.ts"
import type { BenchRow } from "./bench.ts"

/** Each connection closes two sockets. */
const CONNECTIONS_PER_SECOND = 2_500
const CPU_PERCENT_MAX = 12
const PORT = 8000

/** Measures in a child inside its own namespaces. Throws when it cannot, with the child's words. */
export async function measureClosings(): Promise<BenchRow[]> {
  const inside = [process.execPath, import.meta.path, "measure"]
  const script = 'ip link set lo up && sysctl -qw net.ipv4.tcp_max_tw_buckets=1000 && exec "$@"'
  const child = Bun.spawn(
    ["unshare", "--net", "--pid", "--mount-proc", "--fork", "--kill-child", "sh", "-c", script, "sh", ...inside],
    { stdout: "pipe", stderr: "pipe" },
  )
  const end = () => child.kill("SIGKILL")
  process.once("exit", end)
  try {
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    if ((await child.exited) !== 0) throw new Error(`cannot measure closings: ${err.trim()}`)
    return JSON.parse(out) as BenchRow[]
  } finally {
    end()
    process.off("exit", end)
  }
}

const row = (name: string, figure: number, unit: string, target?: number): BenchRow => ({
  name,
  figure: Number(figure.toPrecision(4)),
  unit,
  ...(target !== undefined && { target }),
})

async function measure(): Promise<BenchRow[]> {
  const offering = Bun.spawn([process.execPath, import.meta.path, "offer"], { stdout: "pipe", stderr: "inherit" })
  const ready = offering.stdout.getReader()
  await ready.read()
  using watch = new ClosingsWatch({ monotonicMs: () => performance.now(), pathOf: () => undefined })
  watch.open([{ id: ownNamespaceId(), name: "host" }])
  const start = performance.now()
  const cpu = process.cpuUsage()
  let events = 0
  let gaps = 0
  let lettingGo = ""
  // As a live screen looks: the timer takes the events, a look hands them over.
  while (lettingGo === "" && performance.now() - start < 20_000) {
    await Bun.sleep(500)
    const closings = watch.take()
    events += closings.table.length
    gaps += closings.gaps
    lettingGo = closings.notes.find(({ text }) => text.includes("close a second"))?.text ?? ""
  }
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const percent = (user + system) / 10_000 / seconds
  offering.kill("SIGKILL")
  const perSecond = events / seconds
  return [
    row("closings heard", perSecond, "/s"),
    row("closings: CPU of the listener until it let go", percent, "% of a core", CPU_PERCENT_MAX),
    row("closings: the same for 5,000 a second", (percent / perSecond) * 5_000, "% of a core", CPU_PERCENT_MAX),
    row(lettingGo === "" ? "closings: never let go" : "closings: let go after", seconds, "s"),
    row("closings: gaps", gaps, "", 0),
    ...(await measureSettle()),
  ]
}

/** A look of 20,000 sockets of which 5,000 have closed, settled. */
async function measureSettle(): Promise<BenchRow[]> {
  const SOCKETS = 20_000
  const CLOSED = 5_000
  const times: number[] = []
  for (let round = 0; round < 12; round++) {
    const previous = made(0, SOCKETS)
    const table = made(CLOSED, SOCKETS)
    for (let i = 0; i < table.length; i++) table.previousRow[i] = i + CLOSED
    const events = made(0, CLOSED)
    const start = performance.now()
    settleLook(createClosedLedger(), {
      table,
      previous,
      events,
      isHeard: () => true,
      isComplete: () => true,
      wasComplete: () => true,
      nowMs: 1,
    })
    times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  return [row("settling a look of 20,000 sockets with 5,000 closings", times[times.length >> 1]!, "ms")]
}

function made(from: number, to: number) {
  const table = createSocketTable(to - from)
  table.length = to - from
  for (let i = 0; i < table.length; i++) {
    table.cookieLow[i] = from + i + 1
    table.hasInfo[i] = 1
    table.state[i] = 1
    table.remotePort[i] = 443
    table.localPort[i] = 1024 + ((from + i) % 60_000)
    table.previousRow[i] = -1
    table.owner[i] = -1
    table.connectionCount[i] = 1
    table.firstSeenMs[i] = 0
  }
  table.bytesAcked.fill(1000)
  table.bytesReceived.fill(1000)
  table.bytesSent.fill(1000)
  table.countedAcked.fill(Number.NaN)
  table.countedReceived.fill(Number.NaN)
  return table
}

/** Opens connections at a steady pace and closes each at once. */
async function offer(): Promise<void> {
  Bun.listen({ hostname: "127.0.0.1", port: PORT, socket: { data() {}, open: (socket) => void socket.end() } })
  console.log("ready")
  const start = performance.now()
  for (let made = 0; ; ) {
    const due = ((performance.now() - start) / 1000) * CONNECTIONS_PER_SECOND
    const batch: Promise<unknown>[] = []
    for (; made < due; made++)
      batch.push(Bun.connect({ hostname: "127.0.0.1", port: PORT, socket: { data() {}, end: (s) => void s.end() } }))
    await Promise.all(batch)
    await Bun.sleep(4)
  }
}

if (import.meta.main) {
  const [mode] = process.argv.slice(2)
  if (mode === "offer") await offer()
  else if (mode === "measure") console.log(JSON.stringify(await measure()))
  else console.table(await measureClosings())
}
