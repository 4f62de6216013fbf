/**
 * Traces that were made: one line of JSON each, in a file for each day, and two of them side by side.
 *
 * The keys are those of the files that operators have already. Addresses are stored as they are.
 */
import { timestamp } from "../text/timestamp.ts"
import { modeLabel, strategyLabel, type TraceForm } from "./filter.ts"
import type { Verdict } from "./judge.ts"
import { packetLine } from "./packet-text.ts"
import type { Trace } from "./trace.ts"

export type TraceStatus = "completed" | "completed-timeout" | "aborted" | "failed"

export interface TraceEntry {
  readonly captured_at: string
  readonly started_at?: string
  readonly ended_at?: string
  readonly interface: string
  readonly netns?: string
  readonly peer_ip: string
  /** 0: the peer only. */
  readonly port: number
  readonly mode?: string
  readonly scope: string
  readonly preset?: string
  readonly direction: string
  readonly duration_sec: number
  readonly packet_cap: number
  readonly filter: string
  readonly status: string
  readonly saved: boolean
  readonly pcap_path?: string
  /** -1 where it is not known, as for the next two. */
  readonly captured: number
  readonly captured_estimated?: boolean
  readonly received_by_filter: number
  readonly dropped_by_kernel: number
  readonly decoded_packets: number
  readonly syn_count: number
  readonly syn_ack_count: number
  readonly rst_count: number
  readonly severity: string
  readonly confidence: string
  readonly issue: string
  readonly signal: string
  readonly likely: string
  readonly check_next: string
  readonly capture_err?: string
  readonly read_err?: string
  readonly sample_packets?: readonly string[]
  /** Ids of all findings, the worst first. */
  readonly findings?: readonly string[]
}

export const RETENTION_HOURS = 168
export const LINE_SIZE_MAX = 1_048_576
const SAMPLE_PACKETS = 8

export interface TraceRun {
  readonly form: TraceForm
  readonly filter: string
  readonly netns?: string
  readonly startedAt: number
  readonly endedAt: number
  readonly offsetMinutes: number
  readonly status: TraceStatus
  readonly file?: string
  readonly captured?: number
  readonly received?: number
  readonly dropped?: number
  readonly error?: string
  readonly readError?: string
}

const confidenceBySize = (packets: number) => (packets >= 100 ? "HIGH" : packets >= 30 ? "MEDIUM" : "LOW")

/** The line of history for a trace that has ended. */
export function entryOf(run: TraceRun, trace: Trace, verdict: Verdict): TraceEntry {
  const { form } = run
  const [first] = verdict.findings
  const at = (ms: number) => timestamp({ at: ms, offsetMinutes: run.offsetMinutes })
  const label = strategyLabel(form.strategy)
  const isCustom = form.mode === "custom" && form.clause.trim() !== ""
  const { counts, table } = trace
  const rows = Array.from({ length: Math.min(SAMPLE_PACKETS, table.count) }, (_, row) => sampleLine(trace, row))
  return {
    captured_at: at(run.endedAt),
    started_at: at(run.startedAt),
    ended_at: at(run.endedAt),
    interface: form.interfaceName,
    ...(run.netns === undefined ? {} : { netns: run.netns }),
    peer_ip: form.peer,
    port: form.port ?? 0,
    mode: modeLabel(form.mode),
    scope: isCustom ? `Custom (${form.port === undefined ? "Peer" : "Peer+Port"})` : label,
    preset: isCustom ? "Custom" : label,
    direction: form.direction.toUpperCase(),
    duration_sec: form.seconds,
    packet_cap: form.packets,
    filter: run.filter,
    status: run.status,
    saved: run.file !== undefined,
    ...(run.file === undefined ? {} : { pcap_path: run.file }),
    captured: run.captured ?? trace.packetCount,
    ...(run.captured === undefined ? { captured_estimated: true } : {}),
    received_by_filter: run.received ?? -1,
    dropped_by_kernel: run.dropped ?? -1,
    decoded_packets: trace.packetCount,
    syn_count: counts.syn,
    syn_ack_count: counts.synAck,
    rst_count: counts.rst,
    severity: first === undefined ? "INFO" : first.severity.toUpperCase(),
    confidence: first === undefined ? confidenceBySize(trace.packetCount) : first.confidence.toUpperCase(),
    issue: first === undefined ? verdict.summary : first.title,
    signal: first === undefined ? signalOf(trace, run.dropped) : first.evidence.join("; "),
    likely: first === undefined ? "handshakes and resets look normal in this capture" : first.meaning,
    check_next:
      first === undefined ? "compare with states, interface and conntrack in System Health" : first.next.join("; "),
    ...(run.error === undefined ? {} : { capture_err: run.error }),
    ...(run.readError === undefined ? {} : { read_err: run.readError }),
    ...(rows.length === 0 ? {} : { sample_packets: rows }),
    ...(verdict.findings.length === 0 ? {} : { findings: verdict.findings.map(({ id }) => id) }),
  }
}

const signalOf = ({ packetCount, counts }: Trace, dropped: number | undefined) =>
  `Decoded ${packetCount} | SYN ${counts.syn} | SYN-ACK ${counts.synAck} | RST ${counts.rst} | Drop ${dropped ?? "n/a"}`

function sampleLine(trace: Trace, row: number): string {
  const { from, to, what, payloadLength, sinceStartUs, remark } = packetLine(trace, row)
  const tail = remark === "" ? "" : ` (${remark})`
  return `+${(sinceStartUs / 1e6).toFixed(6)} ${from} > ${to}: ${what} length ${payloadLength}${tail}`
}

// ---- reading -------------------------------------------------------------------------------------------------------

const UNSET = /^0001-01-01T/

const text = (value: unknown, fallback = ""): string => (typeof value === "string" ? value : fallback)
const number = (value: unknown, fallback: number): number =>
  typeof value === "number" && Number.isFinite(value) ? value : fallback
const time = (value: unknown): string | undefined => {
  const given = text(value)
  return given === "" || UNSET.test(given) || Number.isNaN(Date.parse(given)) ? undefined : given
}
const some = <K extends string>(key: K, value: unknown) =>
  typeof value === "string" && value !== "" ? ({ [key]: value } as Record<K, string>) : {}

/** Reads one line; `undefined` when it is no entry. Whatever else a line holds is left alone. */
export function readEntry(line: string): TraceEntry | undefined {
  let given: unknown
  try {
    given = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof given !== "object" || given === null || Array.isArray(given)) return undefined
  const o = given as Readonly<Record<string, unknown>>
  const capturedAt = time(o.captured_at) ?? time(o.ended_at) ?? time(o.started_at)
  if (capturedAt === undefined || text(o.peer_ip) === "") return undefined
  const started = time(o.started_at)
  const ended = time(o.ended_at)
  const scope = text(o.scope, "Peer + Port")
  const samples = Array.isArray(o.sample_packets) ? o.sample_packets.filter((s) => typeof s === "string") : []
  const findings = Array.isArray(o.findings) ? o.findings.filter((s) => typeof s === "string") : []
  return {
    captured_at: capturedAt,
    ...(started === undefined ? {} : { started_at: started }),
    ...(ended === undefined ? {} : { ended_at: ended }),
    interface: text(o.interface),
    ...some("netns", o.netns),
    peer_ip: text(o.peer_ip).replace(/^::ffff:(?=\d+\.)/i, ""),
    port: Math.max(0, number(o.port, 0)),
    // Files of old call it `profile`.
    mode: text(o.mode) || text(o.profile) || "General triage",
    scope,
    preset: text(o.preset) || presetOf(scope),
    direction: text(o.direction, "ANY") || "ANY",
    duration_sec: number(o.duration_sec, 0),
    packet_cap: number(o.packet_cap, 0),
    filter: text(o.filter),
    status: text(o.status, "completed") || "completed",
    saved: o.saved === true,
    ...some("pcap_path", o.pcap_path),
    captured: number(o.captured, -1),
    ...(o.captured_estimated === true ? { captured_estimated: true } : {}),
    received_by_filter: number(o.received_by_filter, -1),
    dropped_by_kernel: number(o.dropped_by_kernel, -1),
    decoded_packets: number(o.decoded_packets, 0),
    syn_count: number(o.syn_count, 0),
    syn_ack_count: number(o.syn_ack_count, 0),
    rst_count: number(o.rst_count, 0),
    severity: text(o.severity, "INFO").toUpperCase() || "INFO",
    confidence: text(o.confidence, "LOW").toUpperCase() || "LOW",
    issue: text(o.issue),
    signal: text(o.signal),
    likely: text(o.likely),
    check_next: text(o.check_next),
    ...some("capture_err", o.capture_err),
    ...some("read_err", o.read_err),
    ...(samples.length === 0 ? {} : { sample_packets: samples.slice(0, SAMPLE_PACKETS) }),
    ...(findings.length === 0 ? {} : { findings }),
  }
}

function presetOf(scope: string): string {
  const lower = scope.toLowerCase()
  if (lower.includes("5-tuple")) return "5-tuple"
  if (lower.includes("syn/rst")) return "SYN/RST only"
  if (lower.includes("custom")) return "Custom"
  return lower.includes("peer only") ? "Peer only" : "Peer + Port"
}

const dayPattern = /^trace-history-(\d{4})(\d{2})(\d{2})\.jsonl$/

/** `trace-history-20260322.jsonl`, by the day where the host is. */
export function historyFileName(at: number, offsetMinutes: number): string {
  const day = new Date(at + offsetMinutes * 60_000).toISOString().slice(0, 10).replaceAll("-", "")
  return `trace-history-${day}.jsonl`
}

export const isHistoryFile = (name: string): boolean => dayPattern.test(name)

/** Files whose day ended longer ago than traces are kept; never today's. */
export function expiredFiles(
  names: readonly string[],
  at: number,
  offsetMinutes: number,
  hours = RETENTION_HOURS,
): string[] {
  return names.filter((name) => {
    const [, year, month, day] = dayPattern.exec(name) ?? []
    if (year === undefined) return false
    const dayEnd = Date.UTC(Number(year), Number(month) - 1, Number(day) + 1) - offsetMinutes * 60_000
    return dayEnd <= at && at - dayEnd > hours * 3_600_000
  })
}

export const sortEntries = (entries: readonly TraceEntry[]): readonly TraceEntry[] =>
  entries.toSorted((a, b) => Date.parse(a.captured_at) - Date.parse(b.captured_at))

/** Whether two lines are of one trace. */
export const isSameEntry = (a: TraceEntry, b: TraceEntry): boolean =>
  a.captured_at === b.captured_at &&
  a.peer_ip === b.peer_ip &&
  a.port === b.port &&
  a.filter === b.filter &&
  a.pcap_path === b.pcap_path

// ---- two runs ------------------------------------------------------------------------------------------------------

export interface ComparedValue {
  readonly name: string
  /** Shares of 1; `undefined`: not known. */
  readonly baseline?: number
  readonly incident?: number
  readonly delta?: number
}

export interface Comparison {
  readonly ratios: readonly ComparedValue[]
  /** By how much they changed, the most first; what is not known last. */
  readonly flags: readonly ComparedValue[]
  /** In what the two are not alike, so that a difference may come from that. */
  readonly warnings: readonly string[]
}

const share = (part: number, whole: number | undefined): number | undefined =>
  whole === undefined || part < 0 ? undefined : part / whole
const positive = (...values: readonly number[]) => values.find((value) => value > 0)

const dropRatio = (e: TraceEntry) =>
  share(e.dropped_by_kernel, positive(e.received_by_filter, e.captured, e.decoded_packets))
const resetRatio = (e: TraceEntry) => share(e.rst_count, positive(e.decoded_packets, e.captured))
const answerRatio = (e: TraceEntry) => share(e.syn_ack_count, positive(e.syn_count))

function flagShares(e: TraceEntry): Readonly<Record<string, number | undefined>> {
  const known = e.syn_count + e.syn_ack_count + e.rst_count
  const whole = positive(e.decoded_packets, known)
  return {
    RST: share(e.rst_count, whole),
    "SYN-ACK": share(e.syn_ack_count, whole),
    SYN: share(e.syn_count, whole),
    OTHER: share(Math.max(0, e.decoded_packets - known), whole),
  }
}

const compared = (name: string, baseline: number | undefined, incident: number | undefined): ComparedValue => ({
  name,
  ...(baseline === undefined ? {} : { baseline }),
  ...(incident === undefined ? {} : { incident }),
  ...(baseline === undefined || incident === undefined ? {} : { delta: incident - baseline }),
})

export function compareRuns(baseline: TraceEntry, incident: TraceEntry): Comparison {
  const before = flagShares(baseline)
  const after = flagShares(incident)
  const flags = Object.keys(before).map((name) => compared(name, before[name], after[name]))
  const size = ({ delta }: ComparedValue) => (delta === undefined ? -1 : Math.abs(delta))
  return {
    ratios: [
      compared("Drop ratio", dropRatio(baseline), dropRatio(incident)),
      compared("RST ratio", resetRatio(baseline), resetRatio(incident)),
      compared("SYN-ACK ratio", answerRatio(baseline), answerRatio(incident)),
    ],
    flags: flags.toSorted((a, b) => size(b) - size(a) || (a.name < b.name ? -1 : 1)),
    warnings: differences(baseline, incident),
  }
}

const likeness: readonly (readonly [
  key: "peer_ip" | "port" | "direction" | "preset" | "interface" | "filter",
  word: string,
])[] = [
  ["peer_ip", "peers"],
  ["port", "ports"],
  ["direction", "directions"],
  ["preset", "kinds of filter"],
  ["interface", "interfaces"],
  ["filter", "filters"],
]

function differences(a: TraceEntry, b: TraceEntry): string[] {
  const unlike = likeness.filter(([key]) => a[key] !== b[key]).map(([, word]) => word)
  const aborted = [a, b].filter(({ status }) => status === "aborted").length
  return [
    ...(unlike.length === 0 ? [] : [`the two have different ${unlike.join(", ")}`]),
    ...(aborted === 0 ? [] : ["one of them was stopped early"]),
  ]
}
