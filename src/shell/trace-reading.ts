/** Captures that lie in files: judged as a whole, or one packet in full. A file of any size takes the memory of one piece. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs"
import { timestamp } from "../core/text/timestamp.ts"
import type { TraceContext } from "../core/trace/facts.ts"
import type { TraceEntry } from "../core/trace/history.ts"
import { judgeTrace } from "../core/trace/judge.ts"
import type { TraceOutcome } from "../core/trace/outcome.ts"
import { PACKETS_MAX } from "../core/trace/packet-table.ts"
import { type Layer, packetLayers } from "../core/trace/packet-text.ts"
import { createCaptureReader } from "../core/trace/pcap.ts"
import type { TraceDescription } from "../core/trace/report.ts"
import { createTraceReader } from "../core/trace/trace.ts"
import { hostZone } from "./daemon/caller.ts"
import { Failure, worldFailure } from "./failure.ts"

const PIECE_SIZE = 1_048_576
/** No packet of a capture takes less: its header of 16 bytes and the shortest Ethernet frame without its padding. */
const LEAST_RECORD = 16 + 28

/** How many packets a file may hold; of a pipe that is not known. */
function mostPackets(fd: number): number {
  const stats = fstatSync(fd)
  return stats.isFile() ? Math.ceil(stats.size / LEAST_RECORD) : PACKETS_MAX
}

const cannotRead = (path: string, reason: string) => worldFailure(`cannot read ${path}: ${reason}`)
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error)

/** Hands every piece of the file to `take`, which answers whether it wants more. Throws a `Failure`. */
async function readPieces(
  path: string,
  flags: number,
  begin: (fd: number) => (piece: Uint8Array) => boolean,
): Promise<void> {
  let fd: number
  try {
    fd = openSync(path, flags)
  } catch (error) {
    throw cannotRead(path, codeOf(error) === "ENOENT" ? "there is no such file" : codeOf(error))
  }
  try {
    const take = begin(fd)
    const piece = new Uint8Array(PIECE_SIZE)
    for (;;) {
      const length = readSync(fd, piece, 0, PIECE_SIZE, null)
      if (length === 0 || !take(piece.subarray(0, length))) return
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
  } catch (error) {
    if (error instanceof Failure) throw error
    throw cannotRead(path, codeOf(error) === "EISDIR" ? "it is a folder" : codeOf(error))
  } finally {
    closeSync(fd)
  }
}

/** What is known of a capture beside its packets. */
interface Origin {
  readonly context: TraceContext
  readonly about: Omit<TraceDescription, "seconds" | "file">
}

const unknownOrigin: Origin = { context: { hasBothDirections: true, hasWholeConversations: true }, about: {} }

async function judgeFile(
  path: string,
  { context, about }: Origin,
  open: { readonly flags: number; readonly check: (fd: number) => void },
): Promise<TraceOutcome> {
  let reader = createTraceReader()
  await readPieces(path, open.flags, (fd) => {
    open.check(fd)
    reader = createTraceReader(mostPackets(fd))
    return (piece) => {
      reader.push(piece)
      return reader.problem === undefined
    }
  })
  reader.end()
  const { trace, problem } = reader
  if (problem?.kind === "refused") throw cannotRead(path, `${problem.text}. Captures are pcap or pcapng files.`)
  const isEmpty = trace.packetCount === 0
  const endedAt = trace.lastUs / 1000
  return {
    trace,
    verdict: judgeTrace(trace, context, problem),
    notes: [],
    about: {
      ...(isEmpty ? {} : { capturedAt: timestamp({ at: endedAt, offsetMinutes: hostZone(endedAt) }) }),
      ...about,
      seconds: isEmpty ? 0 : Math.round((trace.lastUs - trace.firstUs) / 1000) / 1000,
      file: path,
    },
  }
}

/** Reads and judges a capture file of any size, in the memory of one piece. Throws a `Failure` when it is none. */
export const readTraceFile = (path: string): Promise<TraceOutcome> =>
  judgeFile(path, unknownOrigin, { flags: constants.O_RDONLY, check: () => {} })

/** A path that stands in the history is a file, or nothing: a pipe would hold the screen up. */
const ownCapture = (path: string) => ({
  flags: constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW,
  check: (fd: number) => {
    if (!fstatSync(fd).isFile()) throw cannotRead(path, "it is no regular file")
  },
})

/** Reads and judges the capture of a trace that was made before. Throws a `Failure`. */
export async function openTrace(entry: TraceEntry): Promise<TraceOutcome> {
  const { pcap_path: path, peer_ip: peer, port, netns, started_at: start, ended_at: end } = entry
  if (path === undefined) throw worldFailure(`cannot open the trace of ${peer}: its packets were not saved`)
  const counted = (name: "dropped" | "received", value: number) => (value < 0 ? {} : { [name]: value })
  const counters = {
    ...counted("dropped", entry.dropped_by_kernel),
    ...counted("received", entry.received_by_filter),
  }
  const isWhole =
    entry.preset !== "SYN/RST only" && entry.preset !== "Custom" && !/tcpflags|ip6\[53\]/.test(entry.filter)
  const outcome = await judgeFile(
    path,
    {
      context: {
        peer,
        ...(port === 0 ? {} : { port }),
        interfaceName: entry.interface,
        ...counters,
        hasBothDirections: entry.direction === "ANY",
        hasWholeConversations: isWhole,
        ...(entry.capture_err === undefined ? {} : { error: entry.capture_err }),
        ...(start === undefined ? {} : { startUs: Date.parse(start) * 1000 }),
        ...(end === undefined ? {} : { endUs: Date.parse(end) * 1000 }),
      },
      about: {
        interfaceName: entry.interface,
        ...(netns === undefined ? {} : { netns }),
        peer,
        ...(port === 0 ? {} : { port }),
        filter: entry.filter,
        capturedAt: entry.captured_at,
        ...counters,
      },
    },
    ownCapture(path),
  )
  return { ...outcome, entry }
}

/** Every layer of one packet of a capture, by its number. Throws a `Failure`. */
export async function readPacketLayers(path: string, number: number): Promise<readonly Layer[]> {
  let layers: readonly Layer[] | undefined
  const { flags, check } = ownCapture(path)
  const reader = createCaptureReader((bytes, start, end, frame) => {
    if (frame.number === number) layers = packetLayers(bytes.slice(start, end), frame)
  })
  await readPieces(path, flags, (fd) => {
    check(fd)
    return (piece) => {
      reader.push(piece)
      return layers === undefined && reader.problem === undefined
    }
  })
  if (layers === undefined) throw cannotRead(path, `it holds no packet ${number} any more`)
  return layers
}
