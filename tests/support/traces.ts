/** Builders: traces as the shell tells them, from captures made packet by packet. */
import type { Action } from "../../src/core/app/action.ts"
import type { State } from "../../src/core/app/state.ts"
import type { ShownTrace, TracePreparation } from "../../src/core/app/tracing.ts"
import { openForm, readForm, setMode, type TraceForm } from "../../src/core/trace/filter.ts"
import { entryOf, type TraceEntry, type TraceStatus } from "../../src/core/trace/history.ts"
import { judgeTrace } from "../../src/core/trace/judge.ts"
import { createTraceReader } from "../../src/core/trace/trace.ts"
import * as make from "./packets.ts"

export const US = "10.0.0.10"
export const PEER = "198.51.100.24"
const START_MS = Date.UTC(2026, 2, 8, 12, 56, 30)

export interface Step {
  /** Milliseconds since the beginning. */
  readonly at: number
  readonly bytes: Uint8Array
}

export const out = (at: number, spec: make.SegmentSpec): Step => ({
  at,
  bytes: make.segment({ from: US, to: PEER, fromPort: 443, toPort: 51_822, ...spec }),
})
export const into = (at: number, spec: make.SegmentSpec): Step => ({
  at,
  bytes: make.segment({ from: PEER, to: US, fromPort: 51_822, toPort: 443, ...spec }),
})

/** The peer opens, asks, is answered and closes. */
export const healthy: readonly Step[] = [
  into(0, { flags: "S", seq: 100, options: make.mss(1460) }),
  out(0.2, { flags: "S.", seq: 500, ack: 101, options: make.mss(1460) }),
  into(20.4, { flags: ".", seq: 101, ack: 501 }),
  into(21, { flags: "P.", seq: 101, ack: 501, payload: 300 }),
  out(25, { flags: "P.", seq: 501, ack: 401, payload: 1_200 }),
  into(45, { flags: ".", seq: 401, ack: 1_701 }),
  into(60, { flags: "F.", seq: 401, ack: 1_701 }),
  out(60.3, { flags: "F.", seq: 1_701, ack: 402 }),
  into(80, { flags: ".", seq: 402, ack: 1_702 }),
]

/** The peer asks three times and is never answered. */
export const unanswered: readonly Step[] = [0, 1_000, 3_000].map((at) => into(at, { flags: "S", seq: 100 }))

export const form = (change: Partial<TraceForm> = {}): TraceForm => ({
  ...setMode(openForm({ peer: PEER, port: 443, side: "in", protocol: "tcp" }, "eth0"), "general"),
  ...change,
})

export interface TraceSpec {
  readonly steps?: readonly Step[]
  readonly form?: Partial<TraceForm>
  readonly status?: TraceStatus
  readonly dropped?: number
  readonly file?: string
  /** Minutes after the first one. */
  readonly minutes?: number
}

export const FOLDER = "/var/lib/holyf-network/snapshots/traces"

/** A trace that ended at the time of `state`. */
export function trace(state: Pick<State, "now">, spec: TraceSpec = {}): ShownTrace & { readonly entry: TraceEntry } {
  const { steps = healthy, status = "completed-timeout", dropped = 0, minutes = 0 } = spec
  const file = spec.file ?? `${FOLDER}/trace-20260308-125630-peer-port-198_51_100_24-443-0badcafe0bad.pcap`
  const asked = form(spec.form)
  const startedAt = START_MS + minutes * 60_000
  const endedAt = startedAt + asked.seconds * 1000
  const reader = createTraceReader()
  reader.push(
    make.pcap(
      steps.map(({ at, bytes }) => ({ bytes: make.ethernet(bytes), atUs: Math.round((startedAt + at) * 1000) })),
    ),
  )
  reader.end()
  const reading = readForm(asked)
  if (!reading.ok) throw new Error(reading.reason)
  const { filter } = reading
  const counters = { captured: steps.length, received: steps.length, dropped }
  const verdict = judgeTrace(reader.trace, {
    peer: asked.peer,
    ...(asked.port === undefined ? {} : { port: asked.port }),
    interfaceName: asked.interfaceName,
    ...counters,
    hasBothDirections: asked.direction === "any",
    hasWholeConversations: asked.strategy !== "syn-rst",
    startUs: startedAt * 1000,
    endUs: endedAt * 1000,
  })
  const saved = asked.isSaved ? { file } : {}
  const entry = entryOf(
    { form: asked, filter, startedAt, endedAt, offsetMinutes: 0, status, ...saved, ...counters },
    reader.trace,
    verdict,
  )
  return {
    trace: reader.trace,
    verdict,
    entry,
    notes: [],
    at: state.now,
    about: {
      interfaceName: asked.interfaceName,
      peer: asked.peer,
      ...(asked.port === undefined ? {} : { port: asked.port }),
      filter,
      capturedAt: entry.captured_at,
      seconds: asked.seconds,
      ...counters,
      ...saved,
    },
  }
}

export const prepared = (change: Partial<TracePreparation> = {}): Action => ({
  type: "trace/prepared",
  preparation: {
    peer: PEER,
    isTranslated: false,
    way: { interfaceName: "eth0", gateway: "10.0.0.1" },
    interfaces: ["lo", "eth0", "eth1"],
    folder: FOLDER,
    free: 12_000_000_000,
    ...change,
  },
})
