/**
 * One trace from beginning to end: where to listen, what to ask for, the capture, the file, the verdict, the history.
 *
 * Plain data goes in and comes out; the screen and the plain command tell it in their own ways.
 */
import { closeSync, constants, fstatSync, openSync, readSync, rmSync, statSync } from "node:fs"
import type { TracePreparation } from "../core/app/tracing.ts"
import type { NamespaceName } from "../core/model/subject.ts"
import { timestamp } from "../core/text/timestamp.ts"
import type { TraceContext } from "../core/trace/facts.ts"
import { largestFile, readForm, type TraceForm, takesWholeConversations } from "../core/trace/filter.ts"
import { entryOf, type TraceEntry } from "../core/trace/history.ts"
import { judgeTrace } from "../core/trace/judge.ts"
import type { TraceOutcome, Way } from "../core/trace/outcome.ts"
import { PACKETS_MAX } from "../core/trace/packet-table.ts"
import { type Layer, packetLayers } from "../core/trace/packet-text.ts"
import { createCaptureReader } from "../core/trace/pcap.ts"
import type { TraceDescription } from "../core/trace/report.ts"
import { createTraceReader } from "../core/trace/trace.ts"
import { parseAddress } from "../core/wire/address.ts"
import { Failure, usageFailure, worldFailure } from "./failure.ts"
import {
  appendEntry,
  type CaptureFile,
  freeBytes,
  openCaptureFile,
  openNamedFile,
  tracesFolder,
} from "./files/trace-files.ts"
import { listInterfaces } from "./interfaces.ts"
import { KernelError } from "./kernel/netlink.ts"
import { listAliases } from "./kernel/peer-aliases.ts"
import { findRoute } from "./kernel/routes.ts"
import {
  type CaptureProgress,
  capture,
  checkFilter,
  findTcpdump,
  ownCommand,
  requireCapturePermission,
} from "./tools/tcpdump.ts"

/**
 * Where packets of this peer can be seen. `any` where one interface would show half: behind address translation, inside
 * another namespace, and for link-local addresses, which exist on every link.
 */
export async function chooseWay(
  peer: Uint8Array,
  where: { readonly isTranslated?: boolean; readonly isInNamespace?: boolean } = {},
): Promise<Way> {
  const isLinkLocal = peer.length === 16 && peer[0] === 0xfe && (peer[1]! & 0xc0) === 0x80
  if (where.isInNamespace === true || isLinkLocal) return { interfaceName: "any" }
  const { isTranslated, list } = await listAliases(peer)
  const aliases = list.length === 0 ? {} : { aliases: list }
  try {
    const { interfaceName, gateway } = await findRoute(peer)
    return {
      interfaceName: isTranslated || where.isTranslated === true ? "any" : interfaceName,
      ...(gateway === undefined ? {} : { gateway }),
      ...aliases,
    }
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    // Without a route nothing leaves, and the peer's packets may arrive all the same.
    return { interfaceName: "any", ...aliases }
  }
}

export interface TraceOrder {
  readonly form: TraceForm
  /** A file that leads to the namespace, and its name. */
  readonly namespace?: { readonly path: string; readonly name: string }
  readonly dataDir: string
  /** Instead of the folder of captures; it must not exist yet. */
  readonly writeTo?: string
}

export interface TraceOptions {
  readonly onProgress?: (progress: CaptureProgress & { readonly packets: number }) => void
  readonly onListening?: () => void
  readonly stop?: AbortSignal
  readonly command?: readonly string[]
}

/** A capture that was made is always remembered by an entry. */
export type CaptureOutcome = TraceOutcome & { readonly entry: TraceEntry }

const offsetOf = (at: number) => -new Date(at).getTimezoneOffset()

/** Throws a `Failure` when no capture was made. */
export async function runTrace(order: TraceOrder, options: TraceOptions = {}): Promise<CaptureOutcome> {
  const { form, namespace, dataDir } = order
  const reading = readForm(form)
  if (!reading.ok) throw usageFailure(`cannot trace: ${reading.field} ${reading.reason}`)
  requireCapturePermission()
  const program = findTcpdump()
  const command = options.command ?? ownCommand()
  if (form.mode === "custom" && form.clause.trim() !== "") {
    const refusal = await checkFilter(program, form.clause.trim(), command)
    if (refusal !== undefined)
      throw usageFailure(`tcpdump does not take the filter ${JSON.stringify(form.clause)}: ${refusal}`)
  }

  const notes: string[] = []
  let file = openFile(order, notes)
  const path = file?.path
  const reader = createTraceReader(form.packets)
  const end = await capture(
    {
      program,
      interfaceName: form.interfaceName,
      filter: reading.filter,
      direction: form.direction,
      seconds: form.seconds,
      packets: form.packets,
      snapLength: form.snapLength,
      ...(namespace === undefined ? {} : { namespace: namespace.path }),
    },
    {
      command,
      onBytes(bytes) {
        reader.push(bytes)
        try {
          file?.write(bytes)
        } catch (error) {
          // The verdict needs no file: what was written stays, and the trace goes on.
          const reason = (error as NodeJS.ErrnoException).code ?? String(error)
          notes.push(`the capture in ${file!.path} ends early: ${reason === "ENOSPC" ? "the disk is full" : reason}`)
          file?.close()
          file = undefined
        }
      },
      ...(options.onListening === undefined ? {} : { onListening: options.onListening }),
      ...(options.stop === undefined ? {} : { stop: options.stop }),
      onProgress: (progress) => options.onProgress?.({ ...progress, packets: reader.trace.packetCount }),
    },
  )
  file?.close()
  reader.end()
  const { trace } = reader
  // Nothing came out at all: there is no capture to judge.
  if (end.status === "failed" && reader.format === undefined) {
    if (path !== undefined) discard(path)
    throw worldFailure(captureRefusal(form.interfaceName, end.error ?? "", namespace?.name))
  }

  const problem = reader.problem?.kind === "refused" ? undefined : reader.problem
  const verdict = judgeTrace(
    trace,
    {
      peer: form.peer,
      ...(form.port === undefined ? {} : { port: form.port }),
      interfaceName: form.interfaceName,
      ...(end.dropped === undefined ? {} : { dropped: end.dropped }),
      ...(end.received === undefined ? {} : { received: end.received }),
      hasBothDirections: form.direction === "any",
      hasWholeConversations: takesWholeConversations(form),
      ...(end.status === "failed" ? { error: end.error ?? "tcpdump ended" } : {}),
      startUs: end.startedAt * 1000,
      endUs: end.endedAt * 1000,
    },
    problem,
  )
  const offsetMinutes = offsetOf(end.endedAt)
  const entry = entryOf(
    {
      form,
      filter: reading.filter,
      ...(namespace === undefined ? {} : { netns: namespace.name }),
      startedAt: end.startedAt,
      endedAt: end.endedAt,
      offsetMinutes,
      status: end.status,
      ...(path === undefined ? {} : { file: path }),
      ...(end.captured === undefined ? {} : { captured: end.captured }),
      ...(end.received === undefined ? {} : { received: end.received }),
      ...(end.dropped === undefined ? {} : { dropped: end.dropped }),
      ...(end.error === undefined ? {} : { error: end.error }),
      ...(problem === undefined ? {} : { readError: problem.text }),
    },
    trace,
    verdict,
  )
  try {
    appendEntry(dataDir, entry, end.endedAt, offsetMinutes)
  } catch (error) {
    notes.push((error as Error).message)
  }
  return {
    trace,
    verdict,
    entry,
    notes,
    about: {
      interfaceName: form.interfaceName,
      ...(namespace === undefined ? {} : { netns: namespace.name }),
      peer: form.peer,
      ...(form.port === undefined ? {} : { port: form.port }),
      filter: reading.filter,
      capturedAt: entry.captured_at,
      seconds: Math.round((end.endedAt - end.startedAt) / 100) / 10,
      ...(end.received === undefined ? {} : { received: end.received }),
      ...(end.dropped === undefined ? {} : { dropped: end.dropped }),
      ...(path === undefined ? {} : { file: path }),
    },
  }
}

/** The file that was asked for must be there; one of our own may be missing, and a note says why. */
function openFile({ form, dataDir, writeTo }: TraceOrder, notes: string[]): CaptureFile | undefined {
  const needed = largestFile(form)
  if (writeTo !== undefined) return openNamedFile(writeTo, needed)
  if (!form.isSaved) return undefined
  const at = Date.now()
  try {
    return openCaptureFile(
      dataDir,
      {
        at,
        offsetMinutes: offsetOf(at),
        slug: form.strategy,
        peer: form.peer,
        ...(form.port === undefined ? {} : { port: form.port }),
      },
      needed,
    )
  } catch (error) {
    notes.push(`${(error as Error).message}; the trace goes on without a file`)
    return undefined
  }
}

function discard(path: string): void {
  try {
    if (statSync(path).size === 0) rmSync(path, { force: true })
  } catch {
    // It is gone already.
  }
}

function captureRefusal(interfaceName: string, reason: string, netns: string | undefined): string {
  const where = netns === undefined ? interfaceName : `${interfaceName} in network namespace ${netns}`
  const hint = /permission|not permitted|EPERM/i.test(reason)
    ? " Run with sudo, or give CAP_NET_RAW (CAP_SYS_ADMIN too for another namespace)."
    : /no such device|doesn't exist|not found|SIOCGIFHWADDR/i.test(reason)
      ? " Choose one of holyf-network --list-interfaces, or any."
      : ""
  return `cannot capture on ${where}: ${reason === "" ? "tcpdump ended without a word" : reason}.${hint}`
}

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
      ...(isEmpty ? {} : { capturedAt: timestamp({ at: endedAt, offsetMinutes: offsetOf(endedAt) }) }),
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

// ---- before it begins ----------------------------------------------------------------------------------------------

/** What must hold before a trace may begin, and where its packets pass. Answers why not where it cannot. */
export async function prepareTrace(
  peer: string,
  where: { readonly isTranslated: boolean; readonly namespace?: NamespaceName },
  dataDir: string,
): Promise<TracePreparation> {
  const { isTranslated, namespace } = where
  const way = await chooseWay(parseAddress(peer)!, { isTranslated, isInNamespace: namespace !== undefined })
  const refusal = whyNotCapture()
  const names = namespace === undefined ? await listInterfaces() : undefined
  const folder = tracesFolder(dataDir)
  const free = freeBytes(folder)
  return {
    peer,
    isTranslated,
    ...(namespace === undefined ? {} : { namespace }),
    way,
    ...(refusal === undefined ? {} : { refusal }),
    ...(names?.ok === true ? { interfaces: names.value } : {}),
    folder,
    ...(free === undefined ? {} : { free }),
  }
}

function whyNotCapture(): string | undefined {
  try {
    requireCapturePermission()
    findTcpdump()
    return undefined
  } catch (error) {
    if (error instanceof Failure) return error.message
    throw error
  }
}
