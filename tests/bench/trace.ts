/**
 * What reading and judging a capture costs, from the file to the verdict, and how much memory a large file takes.
 *
 * The captures are made here: connections that open, ask, answer and close, in turns, with a loss now and then. Each
 * measurement is a process of its own, since memory is measured by its peak. `bun tests/bench/trace.ts` prints the rows.
 */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { readTraceFile } from "../../src/shell/trace.ts"
import { ethernet, mss, pcap, type SegmentSpec, segment } from "../support/packets.ts"
import type { BenchRow } from "./bench.ts"

const PACKETS = 500_000
/** As many bytes of payload as make the large file a gigabyte. */
const LARGE_BYTES = 1_000_000_000
const CONNECTIONS_AT_ONCE = 2_000

/** Packets of one connection as they stand in the file; ports and address are put in for each. */
function connection(payload: number): { readonly record: Uint8Array; readonly isOut: boolean }[] {
  const out = (spec: SegmentSpec) => ({ bytes: segment({ to: "192.0.2.1", ...spec }), isOut: true })
  const back = (spec: SegmentSpec) => ({ bytes: segment({ from: "192.0.2.1", fromPort: 443, ...spec }), isOut: false })
  return [
    out({ flags: "S", seq: 100, options: mss(1460) }),
    back({ flags: "S.", seq: 500, ack: 101, options: mss(1460) }),
    out({ seq: 101, ack: 501 }),
    out({ flags: "P.", seq: 101, ack: 501, payload }),
    out({ flags: "P.", seq: 101, ack: 501, payload }),
    back({ flags: "P.", seq: 501, ack: 101 + payload, payload }),
    out({ flags: "F.", seq: 101 + payload, ack: 501 + payload }),
    back({ flags: "F.", seq: 501 + payload, ack: 102 + payload }),
    out({ seq: 102 + payload, ack: 502 + payload }),
  ].map(({ bytes, isOut }) => ({ record: pcap([ethernet(bytes)]).slice(FILE_HEADER), isOut }))
}

const FILE_HEADER = 24
/** From the beginning of a record to the IP header: record header and Ethernet. */
const TO_IP = 16 + 14
/** The step that is a segment sent again; only every eighth connection has it. */
const AGAIN = 4

/** Writes a capture of about `goal`, packet by packet of all connections in turn. */
function writeCapture(path: string, goal: { packets?: number; bytes?: number; payload: number }): void {
  const { packets: packetsMax = Number.POSITIVE_INFINITY, bytes: bytesMax = Number.POSITIVE_INFINITY, payload } = goal
  const fd = openSync(path, "w")
  writeSync(fd, pcap([]))
  const steps = connection(payload)
  let packets = 0
  let bytes = FILE_HEADER
  for (let turn = 0; packets < packetsMax && bytes < bytesMax; turn++) {
    for (const [step, { record, isOut }] of steps.entries()) {
      const piece = new Uint8Array(record.length * CONNECTIONS_AT_ONCE)
      const view = new DataView(piece.buffer)
      let at = 0
      for (let port = 0; port < CONNECTIONS_AT_ONCE && packets < packetsMax; port++) {
        if (step === AGAIN && port % 8 !== 0) continue
        piece.set(record, at)
        const ip = at + TO_IP
        view.setUint32(at + 4, ((turn * steps.length + step) * 1_000 + (port >> 1)) % 1_000_000, true)
        view.setUint32(ip + (isOut ? 12 : 16), (10 << 24) | ((turn & 255) << 16) | port)
        view.setUint16(ip + (isOut ? 20 : 22), 1024 + port)
        at += record.length
        packets++
      }
      writeSync(fd, piece, 0, at)
      bytes += at
    }
  }
  closeSync(fd)
}

export async function measureTrace(packetCount = PACKETS, largeBytes = LARGE_BYTES): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "holyf-bench-"))
  try {
    const small = join(folder, "small.pcap")
    const large = join(folder, "large.pcap")
    writeCapture(small, { packets: packetCount, payload: 100 })
    writeCapture(large, { bytes: largeBytes, payload: 1_400 })
    const [read, huge] = [await inChild(small), await inChild(large)]
    return [
      { name: `trace: read and judge ${read.packets} packets`, figure: read.ms, unit: "ms", target: 1_500 },
      { name: "trace: most memory with it", figure: read.peakMb, unit: "MB", target: 200 },
      { name: `trace: read and judge a file of ${Math.round(largeBytes / 1e6)} MB`, figure: huge.ms, unit: "ms" },
      { name: "trace: most memory with it (large file)", figure: huge.peakMb, unit: "MB", target: 200 },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Measured {
  readonly packets: number
  readonly ms: number
  readonly peakMb: number
}

async function inChild(path: string): Promise<Measured> {
  const child = Bun.spawn([process.execPath, import.meta.path, "measure", path], { stdout: "pipe", stderr: "pipe" })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  if ((await child.exited) !== 0) throw new Error(`cannot measure ${path}: ${err.trim()}`)
  return JSON.parse(out) as Measured
}

async function measure(path: string): Promise<Measured> {
  const start = performance.now()
  const { trace } = await readTraceFile(path)
  const ms = performance.now() - start
  return { packets: trace.packetCount, ms: Math.round(ms), peakMb: Math.round(process.resourceUsage().maxRSS / 1024) }
}

if (import.meta.main) {
  const [first, path] = process.argv.slice(2)
  if (first === "measure") console.log(JSON.stringify(await measure(path!)))
  else console.table(await measureTrace(first === undefined ? undefined : Number(first)))
}
