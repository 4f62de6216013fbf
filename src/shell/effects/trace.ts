/**
 * Traces for the dashboard: one at a time, looked at while it runs, written down when it is over.
 *
 * A refusal becomes data here: the form keeps what was filled in, and a packet that cannot be read says so in its place.
 */

import type { ShownTrace, TraceHistoryView, TraceProgress, TraceRequest } from "../../core/app/tracing.ts"
import { isLatest } from "../../core/app/tracing.ts"
import type { NamespaceName } from "../../core/model/subject.ts"
import { missing, type Reading, reading } from "../../core/sample/sample.ts"
import { formatPeerPort, strategyLabel } from "../../core/trace/filter.ts"
import type { TraceEntry } from "../../core/trace/history.ts"
import { type ChosenDataDir, resolveDataDir } from "../daemon/data-dir.ts"
import { Failure, worldFailure } from "../failure.ts"
import { currentActor, logAction } from "../files/action-log.ts"
import { deleteEntry, readHistory } from "../files/trace-files.ts"
import { sinceBootMs } from "../kernel/clock.ts"
import { KernelError } from "../kernel/netlink.ts"
import { NamespaceList } from "../namespaces.ts"
import type { EffectHandlers } from "../program.ts"
import { checkFilter, findTcpdump } from "../tools/tcpdump.ts"
import { runTrace } from "../trace.ts"
import { prepareTrace } from "../trace-preparation.ts"
import { openTrace, readPacketLayers } from "../trace-reading.ts"

type Handlers = Pick<
  EffectHandlers,
  | "trace/prepare"
  | "trace/check"
  | "trace/start"
  | "trace/look"
  | "trace/stop"
  | "trace/list"
  | "trace/forget"
  | "trace/open"
  | "trace/read-packet"
>

interface Running {
  readonly stop: AbortController
  progress: TraceProgress
}

/**
 * What only reads: the traces of before, and their captures. A replay has these too.
 *
 * `dataDir`: named on the command line; else it is resolved anew each time.
 */
export function traceReadingEffects(
  dataDir?: string,
): Pick<Handlers, "trace/list" | "trace/open" | "trace/read-packet"> {
  return {
    "trace/list": async () => ({
      type: "trace/listed",
      history: await orReason(() => listTraces(resolveDataDir(dataDir))),
    }),
    // The latest is still in memory, saved or not.
    "trace/open": async ({ entry }, { tracing: { latest } }) => ({
      type: "trace/opened",
      outcome: isLatest(entry, latest) ? latest : { ...(await openTrace(entry)), at: sinceBootMs() },
    }),
    "trace/read-packet": async ({ file, number }) => ({
      type: "trace/packet-read",
      packet: { file, number, layers: await orReason(() => readPacketLayers(file, number)) },
    }),
  }
}

/** `dataDir`: named on the command line; else it is resolved anew each time, since a worker may have begun meanwhile. */
export function traceEffects(dataDir?: string): Handlers {
  let running: Running | undefined
  const whereKept = () => resolveDataDir(dataDir)

  const run = async (request: TraceRequest): Promise<ShownTrace> => {
    if (running !== undefined) throw worldFailure("cannot trace: another trace is running")
    const mine: Running = { stop: new AbortController(), progress: { packets: 0, bytes: 0 } }
    running = mine
    try {
      const { form, namespace } = request
      const outcome = await runTrace(
        {
          form,
          ...(namespace === undefined ? {} : { namespace: { path: pathOf(namespace), name: namespace.name } }),
          dataDir: whereKept().dataDir,
        },
        {
          stop: mine.stop.signal,
          onProgress: ({ packets, bytes, dropped, elapsedMs }) => {
            mine.progress = {
              packets,
              bytes,
              ...(dropped === undefined ? {} : { dropped }),
              ...(elapsedMs === undefined ? {} : { elapsedMs }),
            }
          },
        },
      )
      return { ...outcome, at: sinceBootMs(), ...(namespace === undefined ? {} : { namespace }) }
    } finally {
      running = undefined
    }
  }

  return {
    ...traceReadingEffects(dataDir),
    "trace/prepare": async ({ peer, isTranslated, namespace }) => ({
      type: "trace/prepared",
      preparation: await prepareTrace(
        peer,
        { isTranslated, ...(namespace === undefined ? {} : { namespace }) },
        whereKept().dataDir,
      ),
    }),
    "trace/check": async ({ clause }) => {
      const answer = await orReason(() => checkFilter(findTcpdump(), clause))
      const refusal = answer.ok ? answer.value : answer.reason
      return { type: "trace/checked", clause, ...(refusal === undefined ? {} : { refusal }) }
    },
    "trace/start": async ({ request }) => {
      try {
        const outcome = await run(request)
        const unlogged = log(request, endText(outcome.entry))
        const notes = unlogged === undefined ? outcome.notes : [...outcome.notes, unlogged]
        return { type: "trace/ended", outcome: { ...outcome, notes } }
      } catch (error) {
        if (!isRefusal(error)) throw error
        log(request, `failed: ${error.message}`)
        return { type: "trace/failed", request, reason: error.message, at: sinceBootMs() }
      }
    },
    "trace/look": () => (running === undefined ? undefined : { type: "trace/progressed", progress: running.progress }),
    "trace/stop": () => {
      running?.stop.abort()
      return undefined
    },
    "trace/forget": async ({ entry }) => {
      const kept = whereKept()
      deleteEntry(kept.dataDir, entry)
      return { type: "trace/listed", history: await orReason(() => listTraces(kept)) }
    },
  }
}

const isRefusal = (error: unknown): error is Error => error instanceof Failure || error instanceof KernelError

/** What `act` answers, or why not; what is a fault of ours is thrown on. */
async function orReason<T>(act: () => T | Promise<T>): Promise<Reading<T>> {
  try {
    return reading(await act())
  } catch (error) {
    if (isRefusal(error)) return missing(error.message)
    throw error
  }
}

function listTraces({ dataDir, note }: ChosenDataDir): TraceHistoryView {
  const { entries, notes } = readHistory(dataDir)
  return { dataDir, entries: entries.toReversed(), notes: [...(note === undefined ? [] : [note]), ...notes] }
}

/** A file that leads into the namespace now. Throws a `Failure` when nothing does. */
function pathOf({ id, name }: NamespaceName): string {
  const path = new NamespaceList().pathOf(id)
  if (path === undefined)
    throw worldFailure(`cannot enter network namespace ${JSON.stringify(name)}: it is gone, or may not be entered`)
  return path
}

// ---- the action log ------------------------------------------------------------------------------------------------

function log({ form, namespace }: TraceRequest, result: string): string | undefined {
  const place = namespace === undefined ? "" : ` in network namespace ${namespace.name}`
  const what =
    `trace ${formatPeerPort(form.peer, form.port)} on ${form.interfaceName}${place} ` +
    `for ${form.seconds} s, ${strategyLabel(form.strategy)}`
  return logAction({ what, result, at: Date.now(), actor: currentActor() })
}

const known = (value: number) => (value < 0 ? "n/a" : String(value))

const endText = (entry: TraceEntry | undefined): string =>
  entry === undefined
    ? "done"
    : `${entry.status}: ${entry.issue}; captured ${known(entry.captured)}, lost ${known(entry.dropped_by_kernel)}, ` +
      `resets ${entry.rst_count}; ${entry.pcap_path === undefined ? "not saved" : `saved as ${entry.pcap_path}`}`
