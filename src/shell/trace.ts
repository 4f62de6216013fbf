/**
 * One trace from beginning to end: the capture, the file, the verdict, the history.
 *
 * Plain data goes in and comes out; the screen and the plain command tell it in their own ways.
 */
import { rmSync, statSync } from "node:fs"
import { largestFile, readForm, type TraceForm, takesWholeConversations } from "../core/trace/filter.ts"
import { entryOf, type TraceEntry } from "../core/trace/history.ts"
import { judgeTrace } from "../core/trace/judge.ts"
import type { TraceOutcome } from "../core/trace/outcome.ts"
import { createTraceReader } from "../core/trace/trace.ts"
import { hostZone } from "./daemon/caller.ts"
import { usageFailure, worldFailure } from "./failure.ts"
import { appendEntry, type CaptureFile, openCaptureFile, openNamedFile } from "./files/trace-files.ts"
import {
  type CaptureProgress,
  capture,
  checkFilter,
  findTcpdump,
  ownCommand,
  requireCapturePermission,
} from "./tools/tcpdump.ts"

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
  const offsetMinutes = hostZone(end.endedAt)
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
        offsetMinutes: hostZone(at),
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
