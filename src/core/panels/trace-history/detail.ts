/** One trace of before as lines, and two of them side by side: from what history remembers, without the capture. */
import { type Facts, maskOf } from "../../app/facts.ts"
import { type Line, line, span, type Tone } from "../../text/line.ts"
import { maskAddresses } from "../../text/mask.ts"
import { harmless, wrap } from "../../text/width.ts"
import { formatPeerPort } from "../../trace/filter.ts"
import { type ComparedValue, compareRuns, type TraceEntry } from "../../trace/history.ts"

const LABEL = 13

export const severityTone = (severity: string): Tone =>
  severity === "CRIT" ? "crit" : severity === "WARN" ? "warn" : "ok"

export const masker =
  (facts: Pick<Facts, "isMasked" | "settings">) =>
  (text: string): string =>
    harmless(maskAddresses(text, maskOf(facts)))

export const targetText = ({ peer_ip: peer, port }: TraceEntry): string =>
  port === 0 ? peer : formatPeerPort(peer, port)

/** `2026-03-22 01:33:57`, where the trace was made. */
export const timeText = ({ captured_at: at }: TraceEntry): string => at.slice(0, 19).replace("T", " ")

const known = (value: number): string => (value < 0 ? "n/a" : String(value))

/** The name of a capture holds its peer. */
export const pcapText = ({ pcap_path: path }: TraceEntry, isMasked: boolean): string =>
  path === undefined ? "not saved" : isMasked ? `${path.slice(0, path.lastIndexOf("/"))}/[masked]` : path

export function entryLines(
  entry: TraceEntry,
  facts: Pick<Facts, "isMasked" | "settings">,
  width: number,
): readonly Line[] {
  const shown = masker(facts)
  const row = (label: string, value: string, tone: Tone = "plain"): Line[] =>
    wrap(shown(value), Math.max(1, width - LABEL - 2)).map((piece, i) =>
      line(span(` ${(i === 0 ? label : "").padEnd(LABEL)}`, "muted"), span(piece, tone)),
    )
  const { started_at: start, ended_at: end } = entry
  const netns = entry.netns === undefined ? "" : ` in network namespace ${entry.netns}`
  return [
    ...row("verdict", `${entry.severity} ${entry.issue}`, severityTone(entry.severity)),
    ...row("confidence", entry.confidence.toLowerCase()),
    ...row("signal", entry.signal),
    ...row("likely", entry.likely),
    ...row("check next", entry.check_next),
    ...(entry.findings === undefined ? [] : row("findings", entry.findings.join(", "))),
    [],
    ...row("peer", targetText(entry), "strong"),
    ...row("made", `${timeText(entry)}, ${entry.duration_sec} s and ${entry.packet_cap} packets at most`),
    ...(start === undefined || end === undefined
      ? []
      : row("window", `${start.slice(11, 19)} to ${end.slice(11, 19)}, ${entry.status}`)),
    ...row("on", `${entry.interface}${netns}, direction ${entry.direction}`),
    ...row("asked for", `${entry.mode ?? "General triage"}, ${entry.scope}`),
    ...row("filter", facts.isMasked ? "hidden while addresses are masked" : entry.filter),
    ...row(
      "captured",
      `${known(entry.captured)}${entry.captured_estimated === true ? " (est.)" : ""}, ` +
        `${known(entry.received_by_filter)} let through, ${known(entry.dropped_by_kernel)} lost`,
    ),
    ...row(
      "decoded",
      `${entry.decoded_packets}  [S] ${entry.syn_count}  [S.] ${entry.syn_ack_count}  [R] ${entry.rst_count}`,
    ),
    ...row("pcap", pcapText(entry, facts.isMasked)),
    ...(entry.capture_err === undefined ? [] : row("capture", entry.capture_err, "crit")),
    ...(entry.read_err === undefined ? [] : row("reading", entry.read_err, "warn")),
    ...(entry.sample_packets === undefined
      ? []
      : [
          [],
          line(span(" First packets", "strong")),
          ...entry.sample_packets.flatMap((sample) =>
            wrap(shown(sample), Math.max(1, width - 4)).map((piece) => line(span(`   ${piece}`))),
          ),
        ]),
  ]
}

const percent = (share: number | undefined): string => (share === undefined ? "n/a" : `${(share * 100).toFixed(1)}%`)
const points = (delta: number | undefined): string =>
  delta === undefined ? "n/a" : `${delta < 0 ? "" : "+"}${(delta * 100).toFixed(1)}pp`

/** A change of less than this is told as none. */
const CHANGE = 0.0005

function valueLine({ name, baseline, incident, delta }: ComparedValue): Line {
  const isChanged = delta !== undefined && Math.abs(delta) >= CHANGE
  return line(
    span(` ${name.padEnd(15)}`, "muted"),
    span(percent(baseline).padStart(9)),
    span(percent(incident).padStart(10)),
    span(points(delta).padStart(11), isChanged ? "strong" : "muted"),
  )
}

export function compareLines(
  baseline: TraceEntry,
  incident: TraceEntry,
  facts: Pick<Facts, "isMasked" | "settings">,
  width: number,
): readonly Line[] {
  const shown = masker(facts)
  const { ratios, flags, warnings } = compareRuns(baseline, incident)
  const run = (label: string, entry: TraceEntry): Line[] =>
    wrap(
      shown(
        `${timeText(entry)} ${targetText(entry)}, ${entry.preset ?? entry.scope}: ${entry.severity} ${entry.issue}`,
      ),
      Math.max(1, width - 12),
    ).map((piece, i) => line(span(` ${(i === 0 ? label : "").padEnd(10)}`, "muted"), span(piece)))
  const head = line(
    span(` ${"".padEnd(15)}${"BASELINE".padStart(9)}${"INCIDENT".padStart(10)}${"CHANGE".padStart(11)}`, "muted"),
  )
  return [
    ...run("baseline", baseline),
    ...run("incident", incident),
    ...warnings.flatMap((text) =>
      wrap(shown(`Not alike: ${text}.`), Math.max(1, width - 2)).map((piece) => line(span(` ${piece}`, "warn"))),
    ),
    [],
    head,
    ...ratios.map(valueLine),
    [],
    line(span(" Shares of the packets, most changed first", "strong")),
    ...flags.map(valueLine),
  ]
}
