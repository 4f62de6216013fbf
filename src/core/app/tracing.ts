/**
 * Traces, as the state machine sees them: the one that runs, the one that is shown, those that were made before.
 *
 * A trace belongs to no panel: it goes on, and is told in the status bar, whatever the operator looks at.
 */
import type { NamespaceName } from "../model/subject.ts"
import type { Reading } from "../sample/sample.ts"
import { duration } from "../text/units.ts"
import type { TraceForm } from "../trace/filter.ts"
import { isSameEntry, type TraceEntry } from "../trace/history.ts"
import type { TraceOutcome, Way } from "../trace/outcome.ts"
import type { Layer } from "../trace/packet-text.ts"
import type { Effect } from "./effect.ts"
import type { State } from "./state.ts"
import type { Step } from "./update.ts"

/** What must be known before a trace may begin. */
export interface TracePreparation {
  /** Whose way it is. */
  readonly peer: string
  readonly isTranslated: boolean
  readonly namespace?: NamespaceName
  readonly way: Way
  /** Why nothing can be captured here at all. */
  readonly refusal?: string
  /** Names of this host's interfaces; absent where the capture is made in another namespace. */
  readonly interfaces?: readonly string[]
  /** Where captures are kept. */
  readonly folder: string
  /** Bytes that may be written there; absent when that could not be told. */
  readonly free?: number
}

export interface TraceProgress {
  readonly packets: number
  readonly bytes: number
  /** Packets that the kernel had no room for; absent until it told. */
  readonly dropped?: number
  /** Since tcpdump listens; absent before. */
  readonly elapsedMs?: number
}

/** What a trace is about: the form, and where it is made. */
export interface TraceRequest {
  readonly form: TraceForm
  readonly isTranslated: boolean
  readonly namespace?: NamespaceName
}

export interface RunningTrace {
  readonly request: TraceRequest
  readonly isStopping: boolean
  readonly progress: TraceProgress
}

/** A trace that is over, when it ended or was opened (as `now`), and where its packets passed. */
export interface ShownTrace extends TraceOutcome {
  readonly at: number
  readonly namespace?: NamespaceName
}

export interface TraceHistoryView {
  readonly dataDir: string
  /** The latest first. */
  readonly entries: readonly TraceEntry[]
  readonly notes: readonly string[]
}

/** One packet, read again from its file. */
export interface ReadPacket {
  readonly file: string
  readonly number: number
  readonly layers: Reading<readonly Layer[]>
}

export interface Tracing {
  readonly preparation?: TracePreparation
  /** What tcpdump last said of a clause; without a refusal it takes it. */
  readonly checked?: { readonly clause: string; readonly refusal?: string }
  readonly running?: RunningTrace
  /** A request that could not be done, with the reason: what was filled in is not lost. */
  readonly failed?: { readonly request: TraceRequest; readonly reason: string }
  /** The last trace that was made here; it tells the diagnosis for a while. */
  readonly latest?: ShownTrace
  /** What the result panel shows: the latest, or a capture of before. */
  readonly shown?: ShownTrace
  /** The latest ended while the operator looked elsewhere, and was not looked at yet. */
  readonly isNews: boolean
  readonly history?: Reading<TraceHistoryView>
  readonly packet?: ReadPacket
}

export const noTraces: Tracing = { isNews: false }

export type TraceEffect = TraceReadEffect | TraceLiveEffect

/** What a replay can do too: the traces of before. */
export type TraceReadEffect =
  /** The traces made before. Answers `trace/listed`. */
  | { readonly type: "trace/list" }
  /** Reads and judges the capture of a trace of before. Answers `trace/opened`. */
  | { readonly type: "trace/open"; readonly entry: TraceEntry }
  /** One packet of a capture, in full. Answers `trace/packet-read`. */
  | { readonly type: "trace/read-packet"; readonly file: string; readonly number: number }

export type TraceLiveEffect =
  /** The way to a peer, permission and room. Answers `trace/prepared`. Changes nothing. */
  | {
      readonly type: "trace/prepare"
      readonly peer: string
      readonly isTranslated: boolean
      readonly namespace?: NamespaceName
    }
  /** Asks tcpdump whether it takes a clause. Answers `trace/checked`. */
  | { readonly type: "trace/check"; readonly clause: string }
  /** Captures and judges. Answers `trace/ended`, or `trace/failed` when no capture was made. */
  | { readonly type: "trace/start"; readonly request: TraceRequest }
  /** How far the running trace is. Answers `trace/progressed`. */
  | { readonly type: "trace/look" }
  /** Ends the running trace early: what was captured is judged. */
  | { readonly type: "trace/stop" }
  /** Forgets a trace, its capture too. Answers `trace/listed`. */
  | { readonly type: "trace/forget"; readonly entry: TraceEntry }

export type TraceAction =
  | { readonly type: "trace/prepared"; readonly preparation: TracePreparation }
  | { readonly type: "trace/checked"; readonly clause: string; readonly refusal?: string }
  /** The timer of the progress fired. */
  | { readonly type: "trace/due"; readonly at: number }
  | { readonly type: "trace/progressed"; readonly progress: TraceProgress }
  | { readonly type: "trace/ended"; readonly outcome: ShownTrace }
  | { readonly type: "trace/failed"; readonly request: TraceRequest; readonly reason: string; readonly at: number }
  | { readonly type: "trace/listed"; readonly history: Reading<TraceHistoryView> }
  | { readonly type: "trace/opened"; readonly outcome: ShownTrace }
  | { readonly type: "trace/packet-read"; readonly packet: ReadPacket }
  /** The operator wants to see traces: the one that runs, else the one that has just ended, else all of before. */
  | { readonly type: "trace/show" }

const withTracing = (state: State, change: Partial<Tracing>): State => ({
  ...state,
  tracing: { ...state.tracing, ...change },
})

const without = <K extends keyof Tracing>(state: State, ...keys: readonly K[]): State => {
  const tracing = { ...state.tracing }
  for (const key of keys) delete (tracing as Partial<Tracing>)[key]
  return { ...state, tracing }
}

/** How long what came of a trace stands in the status bar. */
const RESULT_MS = 10_000

export const isFront = ({ overlays }: State, panel: State["overlays"][number]): boolean => overlays.at(-1) === panel

type Reducers = {
  readonly [T in TraceAction["type"]]: (state: State, action: Extract<TraceAction, { type: T }>) => Step
}

/** What opens or closes with an answer is the state machine's; see `update.ts`. */
export const traceReducers: Omit<Reducers, "trace/show"> = {
  "trace/prepared": (state, { preparation }) => [withTracing(state, { preparation })],
  "trace/checked": (state, { type: _, ...checked }) => [withTracing(state, { checked })],
  "trace/due": (state) => (state.tracing.running === undefined ? [state] : [state, { type: "trace/look" }]),
  "trace/progressed": (state, { progress }) => {
    const { running } = state.tracing
    return [running === undefined ? state : withTracing(state, { running: { ...running, progress } })]
  },
  "trace/ended": (state, { outcome }) => {
    const ended = withTracing(without(state, "running", "failed", "packet"), {
      latest: outcome,
      shown: outcome,
      isNews: !isFront(state, "trace-progress"),
    })
    const list: Effect[] = state.overlays.includes("trace-history") ? [{ type: "trace/list" }] : []
    return isFront(state, "trace-progress") ? [ended, ...list] : [told(ended, outcome), ...list]
  },
  "trace/failed": (state, { request, reason, at }) => [
    {
      ...withTracing(without(state, "running"), { failed: { request, reason } }),
      notice: { text: reason, tone: "crit", until: at + RESULT_MS },
    },
  ],
  "trace/listed": (state, { history }) => [withTracing(state, { history })],
  "trace/opened": (state, { outcome }) => [withTracing(without(state, "packet"), { shown: outcome })],
  "trace/packet-read": (state, { packet }) => [withTracing(state, { packet })],
}

const told = (state: State, { verdict, at }: ShownTrace): State => {
  const [first] = verdict.findings
  return {
    ...state,
    notice: {
      text: `trace: ${verdict.summary}`,
      tone: first === undefined ? "ok" : first.severity,
      until: at + RESULT_MS,
    },
  }
}

/** What a question to the world means at once: a trace that was asked for runs, one that is stopped is stopping. */
export function whenAsked(state: State, effect: Effect): State {
  if (effect.type === "trace/start") {
    const running: RunningTrace = { request: effect.request, isStopping: false, progress: { packets: 0, bytes: 0 } }
    return withTracing(without(state, "failed"), { running })
  }
  const { running } = state.tracing
  if (effect.type === "trace/stop" && running !== undefined)
    return withTracing(state, { running: { ...running, isStopping: true } })
  return state
}

/** What `trace/show` opens. */
export const tracePanel = ({ running, isNews }: Tracing) =>
  running !== undefined ? "trace-progress" : isNews ? "trace-result" : "trace-history"

/** The last trace is looked at: the word about it has done its work. */
export function seen(state: State): State {
  if (!state.tracing.isNews) return state
  const { notice: _, ...rest } = withTracing(state, { isNews: false })
  return rest
}

/** A trace that could not be begun runs no more. */
export const afterTraceFailure = (state: State, effect: Effect): State =>
  effect.type === "trace/start" ? without(state, "running") : state

/** What is left of the running trace, as it was last told. Milliseconds. */
export function leftMs({ request, progress }: RunningTrace): number {
  const whole = request.form.seconds * 1000
  return progress.elapsedMs === undefined ? whole : Math.max(0, whole - progress.elapsedMs)
}

/** The chip of the status bar: a trace runs, or one has ended and was not looked at. */
export function traceChip({ tracing }: Pick<State, "tracing">): { text: string; isNews: boolean } | undefined {
  const { running, isNews } = tracing
  if (running !== undefined)
    return { text: running.isStopping ? "TRACE stopping" : `TRACE ${duration(leftMs(running) + 999)}`, isNews: false }
  return isNews ? { text: "TRACE done", isNews: true } : undefined
}

/** How long the findings of a trace tell of a peer. */
export const FRESH_MS = 300_000

/** The latest trace made here, while what it saw may still be so. */
export const freshTrace = ({ tracing, now }: Pick<State, "tracing" | "now">): ShownTrace | undefined =>
  tracing.latest !== undefined && now - tracing.latest.at <= FRESH_MS ? tracing.latest : undefined

export const isLatest = (entry: TraceEntry, latest: ShownTrace | undefined): latest is ShownTrace =>
  latest?.entry !== undefined && isSameEntry(entry, latest.entry)
