/**
 * What reading the connection tracking table costs: on top of receiving it, against `conntrack -L`, and in memory.
 *
 * The entries are made through ctnetlink in a network and process namespace of their own, which ends with the
 * measurement, however it ends. Their maximum is one for the whole host: it is raised only where it must be, and put
 * back by a process that waits for us to end. Needs root and `conntrack`. `bun tests/bench/conntrack.ts 200000` prints the rows.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { alloc } from "../../ffi/memory.ts"
import { NetlinkSocket } from "../../ffi/netlink-socket.ts"
import { createFlowIndex } from "../../src/core/sample/flow-link.ts"
import { type FlowPace, initialPace, shareOfCore } from "../../src/core/sample/flow-pace.ts"
import { createFlowTable } from "../../src/core/sample/flow-table.ts"
import type { Flows } from "../../src/core/sample/flows.ts"
import { concat } from "../../src/core/wire/codec.ts"
import {
  FLOW_MESSAGE,
  flowAttributes,
  flowStatus,
  NETLINK_NETFILTER,
  nfgenmsg,
  writeFlowDump,
} from "../../src/core/wire/conntrack.ts"
import { AF_INET, IPPROTO_TCP, IPPROTO_UDP } from "../../src/core/wire/inet-diag.ts"
import { datagram, writeRequest } from "../../src/core/wire/message.ts"
import { enableAccounting, openConntrack, readConntrackSettings } from "../../src/shell/kernel/conntrack.ts"
import { lookAtFlows } from "../../src/shell/kernel/flow-look.ts"
import { tupleOf } from "../support/flows.ts"
import type { BenchRow } from "./bench.ts"

/** The targets are for this many. */
const ENTRIES = 200_000
/** Above that one look is enough: it shows that it works. */
const LOOKS = 7
const MAX_FILE = "/proc/sys/net/netfilter/nf_conntrack_max"

/** Measures in a child inside its own namespaces. Throws when it cannot, with the child's words. */
export async function measureConntrack(entryCount = ENTRIES): Promise<BenchRow[]> {
  const restore = raiseMaximum(entryCount)
  const inside = [process.execPath, import.meta.path, "measure", String(entryCount)]
  const child = Bun.spawn(["unshare", "--net", "--pid", "--fork", "--kill-child", ...inside], {
    stdout: "pipe",
    stderr: "pipe",
  })
  const end = () => child.kill("SIGKILL")
  process.once("exit", end)
  try {
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    if ((await child.exited) !== 0) throw new Error(`cannot measure ${entryCount} conntrack entries: ${err.trim()}`)
    return JSON.parse(out) as BenchRow[]
  } finally {
    end()
    process.off("exit", end)
    await restore()
  }
}

/** Answers how to put it back; if we die before, a process of its own session does it. */
function raiseMaximum(entryCount: number): () => Promise<void> {
  const before = readFileSync(MAX_FILE, "utf8").trim()
  const needed = Math.ceil(entryCount * 1.1)
  if (Number(before) === 0 || Number(before) >= needed) return async () => {}
  const guard = Bun.spawn(["setsid", "sh", "-c", `cat; echo ${before} > ${MAX_FILE}`], {
    stdio: ["pipe", "ignore", "inherit"],
  })
  writeFileSync(MAX_FILE, String(needed))
  return async () => {
    guard.stdin.end()
    await guard.exited
  }
}

async function measure(entryCount: number): Promise<BenchRow[]> {
  enableAccounting()
  makeEntries(entryCount)
  const baseline = residentMb()
  const looker = wholeLook()
  // The first looks make room and warm the code up; then they take turns, so that noise falls on all.
  for (let i = 0; i < 3; i++) await looker.look()
  Bun.gc(true)
  const onTop = residentMb() - baseline
  const looks = entryCount > ENTRIES ? 1 : LOOKS
  receiveOnly()
  const times = { received: [] as number[], read: [] as number[], narrow: [] as number[], tool: [] as number[] }
  for (let i = 0; i < looks; i++) {
    times.received.push(await timed(receiveOnly))
    times.read.push(await timed(looker.look))
    times.tool.push(await timed(conntrackTool))
  }
  const rows = looker.rows()
  if (rows !== entryCount) throw new Error(`${rows} rows instead of ${entryCount}`)
  for (let i = 0; i < looks; i++) times.narrow.push(await timed(looker.narrow))
  const [received, read, narrow, tool] = [times.received, times.read, times.narrow, times.tool].map(median) as [
    number,
    number,
    number,
    number,
  ]
  const row = (name: string, figure: number, unit: string, target?: number): BenchRow => ({
    name: `conntrack, ${entryCount} entries: ${name}`,
    figure: Number(figure.toPrecision(4)),
    unit,
    ...(target !== undefined && { target }),
  })
  return [
    row("receive only", received, "ms"),
    row("receive, read, link", read, "ms"),
    row("reading against receive only", read / received, "x", 1.3),
    row("conntrack -L > /dev/null", tool, "ms"),
    row("reading against conntrack -L", read / tool, "x", 0.5),
    row("memory on top", onTop, "MB", entryCount > ENTRIES ? undefined : 60),
    row("translated and UDP only, a tenth of them", narrow, "ms"),
  ]
}

function makeEntries(entryCount: number): void {
  const BATCH = 200
  using socket = NetlinkSocket.open(NETLINK_NETFILTER, 2_000)
  for (let from = 0; from < entryCount; from += BATCH) {
    const batch: Uint8Array[] = []
    for (let i = from; i < Math.min(entryCount, from + BATCH); i++) batch.push(entry(i))
    socket.send(concat(batch))
  }
  const { table } = readConntrackSettings()
  if (table?.count !== entryCount) throw new Error(`only ${table?.count} of ${entryCount} entries could be made`)
}

const templates = [IPPROTO_TCP, IPPROTO_UDP].map((protocol) => {
  const NLM_F_CREATE = 0x400
  const body = flowAttributes.write({
    original: tupleOf("10.0.0.0:0 > 10.200.0.1:80", protocol),
    reply: tupleOf("10.200.0.1:80 > 10.0.0.0:0", protocol),
    status: flowStatus.seenReply | flowStatus.assured | flowStatus.confirmed,
    ...(protocol === IPPROTO_TCP && { protocolInfo: { tcp: { state: 3 } } }),
    timeoutSeconds: 3_600,
  })
  const head = nfgenmsg.write({ family: AF_INET, version: 0, resource: 0 })
  return writeRequest({ type: FLOW_MESSAGE, flags: 1 | NLM_F_CREATE, sequence: 1, body: concat([head, body]) })
})

/** Where the sender's address and port stand in a template: in the original tuple, and as target of the reply. */
const ADDRESSES = [20 + 12, 20 + 52 + 20]
const PORTS = [20 + 40, 20 + 52 + 48]

function entry(i: number): Uint8Array {
  const bytes = templates[i % 10 === 0 ? 1 : 0]!.slice()
  const view = new DataView(bytes.buffer)
  for (const at of ADDRESSES) view.setUint32(at, 0x0a000000 + Math.floor(i / 50_000) + 1)
  for (const at of PORTS) view.setUint16(at, (i % 50_000) + 1_024)
  return bytes
}

const buffer = datagram(alloc(65_536))

/** The same request, and nothing looked at but the end. */
function receiveOnly(): void {
  const NLMSG_DONE = 3
  const DONE_SIZE = 20
  using socket = NetlinkSocket.open(NETLINK_NETFILTER, 2_000)
  socket.send(writeFlowDump({ sequence: 1 }))
  for (;;) {
    const length = socket.receive(buffer.bytes)
    if (length < DONE_SIZE) throw new Error("the dump did not end")
    const last = length - DONE_SIZE
    if (buffer.words[last >> 2] === DONE_SIZE && buffer.halves[(last + 4) >> 1] === NLMSG_DONE) return
  }
}

function wholeLook() {
  const rooms = [0, 1].map(() => ({ table: createFlowTable(), index: createFlowIndex() }))
  let shown: Flows | undefined
  let turn = 0
  const lookWith = async (pace: FlowPace, share: number) => {
    const place = {
      index: 0,
      count: readConntrackSettings().table?.count,
      accounting: () => "on" as const,
      open: openConntrack,
    } as const
    const look = await lookAtFlows([place], rooms[turn++ % 2]!, shown, pace, {
      nowMs: 0,
      intervalMs: 60_000,
      share,
    })
    if (look.kind === "read") shown = look.flows
  }
  return {
    look: () => lookWith(initialPace, 1),
    narrow: () => lookWith({ ...initialPace, narrowPart: 0.1, sentUs: 1_000 }, shareOfCore.live),
    rows: () => shown!.table.length,
  }
}

async function conntrackTool(): Promise<void> {
  const child = Bun.spawn(["conntrack", "-L"], { stdio: ["ignore", "ignore", "ignore"] })
  await child.exited
}

async function timed(act: () => void | Promise<void>): Promise<number> {
  const start = performance.now()
  await act()
  return performance.now() - start
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

const residentMb = () => process.memoryUsage.rss() / 1e6

if (import.meta.main) {
  const [first, count] = process.argv.slice(2)
  if (first === "measure") console.log(JSON.stringify(await measure(Number(count))))
  else console.table(await measureConntrack(first === undefined ? undefined : Number(first)))
}
