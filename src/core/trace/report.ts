/** A trace as a program reads it, and as lines for a terminal. Conversations come busiest first. */
import { bytes, count, microseconds } from "../text/units.ts"
import { harmless } from "../text/width.ts"
import { endpointText } from "./address-text.ts"
import { type Conversation, NEVER, type Side } from "./conversations.ts"
import type { Verdict } from "./judge.ts"
import { IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_TCP, IPPROTO_UDP } from "./packet.ts"
import { sequenceLines } from "./sequence.ts"
import type { Trace } from "./trace.ts"

/** What the capture was; what is not known of a file that is only read is absent. */
export interface TraceDescription {
  readonly interfaceName?: string
  readonly netns?: string
  readonly peer?: string
  readonly port?: number
  readonly filter?: string
  /** RFC 3339. */
  readonly capturedAt?: string
  readonly seconds: number
  readonly received?: number
  readonly dropped?: number
  /** Where the packets were written. */
  readonly file?: string
}

export const REPORTED_CONVERSATIONS_MAX = 500

const protocolNames = new Map<number, string>([
  [IPPROTO_TCP, "tcp"],
  [IPPROTO_UDP, "udp"],
  [IPPROTO_ICMP, "icmp"],
  [IPPROTO_ICMPV6, "icmp6"],
])
export const protocolName = (protocol: number): string => protocolNames.get(protocol) ?? `${protocol}`

export const byPackets = (trace: Trace): readonly Conversation[] =>
  trace.conversations.toSorted((a, b) => packetsOf(b) - packetsOf(a) || a.index - b.index)

const packetsOf = ({ sides }: Conversation) => sides[0].packets + sides[1].packets

/** The object of `trace --json`, with its findings as JSON has them. Missing values are null. */
export function traceJson(
  trace: Trace,
  verdict: Verdict,
  about: TraceDescription,
  findings: readonly unknown[] = verdict.findings,
): Readonly<Record<string, unknown>> {
  const { counts } = trace
  return {
    interface: about.interfaceName ?? null,
    netns: about.netns ?? null,
    peer: about.peer ?? null,
    port: about.port ?? null,
    filter: about.filter ?? null,
    captured_at: about.capturedAt ?? null,
    seconds: about.seconds,
    packets: trace.packetCount,
    bytes: trace.bytes,
    received: about.received ?? null,
    dropped: about.dropped ?? null,
    pcap: about.file ?? null,
    counts: {
      syn: counts.syn,
      syn_ack: counts.synAck,
      fin: counts.fin,
      rst: counts.rst,
      tcp: counts.tcp,
      udp: counts.udp,
      icmp: counts.icmp,
      arp: counts.arp,
      other: counts.other,
      fragments: counts.fragments,
      malformed: counts.malformed,
    },
    summary: verdict.summary,
    findings,
    conversations: byPackets(trace).slice(0, REPORTED_CONVERSATIONS_MAX).map(conversationJson),
    conversations_total: trace.conversations.length,
    dns: trace.questions
      .slice(0, REPORTED_CONVERSATIONS_MAX)
      .map(({ name, type, asked, rcode, number, atUs, answeredUs }) => ({
        name,
        type,
        asked,
        rcode: rcode ?? null,
        packet: number,
        answer_ms: answeredUs === NEVER ? null : (answeredUs - atUs) / 1000,
      })),
    notes: verdict.notes,
  }
}

function conversationJson(c: Conversation): Readonly<Record<string, unknown>> {
  const span = (from: number, to: number) => (from === NEVER || to === NEVER ? null : (to - from) / 1000)
  return {
    protocol: protocolName(c.protocol),
    a: endpointText(c.addresses[0], c.ports[0]),
    b: endpointText(c.addresses[1], c.ports[1]),
    first_packet: c.firstNumber,
    seconds: (c.lastUs - c.firstUs) / 1e6,
    opened_by: c.opener < 0 ? null : c.opener === 0 ? "a" : "b",
    handshake_ms: span(c.synUs, c.synAckUs),
    established_ms: span(c.synUs, c.establishedUs),
    closed_by: c.finBy < 0 ? (c.reset === undefined ? null : end(c.reset.by)) : end(c.finBy),
    close: c.reset !== undefined ? "reset" : c.finBy >= 0 ? "fin" : null,
    server_name: c.serverName ?? null,
    a_to_b: sideJson(c.sides[0]),
    b_to_a: sideJson(c.sides[1]),
  }
}

const end = (which: number) => (which === 0 ? "a" : "b")

const sideJson = (s: Side) => ({
  packets: s.packets,
  bytes: s.bytes,
  payload_bytes: s.payloadBytes,
  syn: s.synCount,
  syn_ack: s.synAckCount,
  fin: s.finCount,
  rst: s.rstCount,
  retransmissions: s.retransmits + s.lateFills,
  out_of_order: s.reordered,
  duplicate_acks: s.duplicateAcks,
  zero_windows: s.zeroWindows,
})

const SHOWN_CONVERSATIONS = 20

/** The report as lines, without a line end. */
export function traceLines(trace: Trace, verdict: Verdict, about: TraceDescription): string[] {
  const where = about.interfaceName === undefined ? "" : ` on ${harmless(about.interfaceName)}`
  const inside = about.netns === undefined ? "" : ` in network namespace ${harmless(about.netns)}`
  const dropped = about.dropped === undefined ? "" : `, ${count(about.dropped)} dropped`
  const { syn, synAck, fin, rst } = trace.counts
  return [
    `${count(trace.packetCount)} packets, ${bytes(trace.bytes)}, ${about.seconds.toFixed(1)} s${where}${inside}${dropped}`,
    `[S] ${count(syn)}  [S.] ${count(synAck)}  [F] ${count(fin)}  [R] ${count(rst)}`,
    ...(about.filter === undefined ? [] : [`filter: ${harmless(about.filter)}`]),
    ...(about.file === undefined ? [] : [`pcap: ${harmless(about.file)}`]),
    "",
    ...(verdict.findings.length === 0 ? [`OK   ${verdict.summary}`] : verdict.findings.flatMap(findingLines)),
    ...verdict.notes.map((note) => `note: ${harmless(note)}`),
    ...conversationLines(trace),
    ...diagram(trace),
  ]
}

const findingLines = ({
  severity,
  confidence,
  title,
  evidence,
  meaning,
  next,
}: Verdict["findings"][number]): string[] => [
  `${severity.toUpperCase()} ${harmless(title)} (confidence: ${confidence})`,
  ...evidence.map((text) => `     ${harmless(text)}`),
  `     ${harmless(meaning)}`,
  ...next.map((text) => `     next: ${harmless(text)}`),
  "",
]

function conversationLines(trace: Trace): string[] {
  const list = byPackets(trace)
  if (list.length === 0) return []
  const rows = list.slice(0, SHOWN_CONVERSATIONS).map((c) => {
    const [a, b] = c.sides
    const lost = a.retransmits + a.lateFills + b.retransmits + b.lateFills
    const handshake = c.synUs === NEVER || c.synAckUs === NEVER ? "–" : microseconds(c.synAckUs - c.synUs)
    const name = c.serverName === undefined ? "" : `  ${harmless(c.serverName)}`
    const cells = [
      protocolName(c.protocol).padEnd(5),
      endpointText(c.addresses[0], c.ports[0]).padEnd(24),
      endpointText(c.addresses[1], c.ports[1]).padEnd(24),
      `${count(a.packets)}/${count(b.packets)}`.padStart(11),
      `${bytes(a.bytes)}/${bytes(b.bytes)}`.padStart(13),
      handshake.padStart(7),
      count(lost).padStart(5),
    ]
    return `${cells.join(" ")}${name}`
  })
  const head = `${"PROTO".padEnd(5)} ${"A".padEnd(24)} ${"B".padEnd(24)} ${"PACKETS A/B".padStart(11)} ${"BYTES A/B".padStart(13)} ${"SYN RTT".padStart(7)} ${"AGAIN".padStart(5)}`
  const more = list.length > SHOWN_CONVERSATIONS ? [`and ${count(list.length - SHOWN_CONVERSATIONS)} more`] : []
  return ["", head, ...rows, ...more]
}

/** Of the busiest TCP conversation. */
function diagram(trace: Trace): string[] {
  const shown = byPackets(trace).find(({ protocol }) => protocol === IPPROTO_TCP)
  const lines = shown === undefined ? [] : sequenceLines(trace, shown)
  return lines.length === 0 ? [] : ["", ...lines]
}
