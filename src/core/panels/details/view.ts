/** The details as lines: a label and what there is to say, one below the other. */
import type { Facts } from "../../app/facts.ts"
import { byteMark } from "../../model/rates.ts"
import type { ConnectionFacts, GroupFacts, PortCount, Subject } from "../../model/subject.ts"
import type { Trail } from "../../model/trail.ts"
import type { Translation } from "../../model/translation.ts"
import { endpoint } from "../../text/endpoint.ts"
import { type Line, line, type Span, span, type Tone } from "../../text/line.ts"
import { type Mask, maskAddress } from "../../text/mask.ts"
import { sparkline } from "../../text/sparkline.ts"
import { bytes, count, microseconds, rate, share } from "../../text/units.ts"
import { cellWidth, harmless, wrap } from "../../text/width.ts"
import { whyNoAction, whyNoTrace } from "./commands.ts"
import type { Details } from "./panel.ts"

const MARGIN = 1
const LABEL = 15

/** One thing that is known: nothing where it is not. */
type Entry = readonly [label: string, value: string, tone?: Tone]

export function bodyLines(slice: Details, mask: Mask, width: number): readonly Line[] {
  const { subject, shown, trail, isGone } = slice
  if (subject === undefined) return [line(span(" nothing is selected", "muted"))]
  const ended: readonly Line[] = isGone ? [line(span(" It has ended. What the last look saw:", "warn"))] : []
  if (shown === undefined) return [line(span(" It has ended.", "warn"))]
  const entries =
    shown.kind === "connection"
      ? connectionEntries(shown, subject, trail, mask)
      : groupEntries(shown, subject, trail, mask)
  return [...ended, ...entries.flatMap((entry) => entryLines(entry, width))]
}

function entryLines([label, value, tone = "plain"]: Entry, width: number): readonly Line[] {
  const room = Math.max(1, width - MARGIN * 2 - LABEL)
  // What fits keeps its blanks: they hold columns.
  const pieces = cellWidth(value) <= room ? [value] : wrap(value, room)
  return pieces.map((piece, i): Line => {
    const head: Span = span(`${" ".repeat(MARGIN)}${(i === 0 ? label : "").padEnd(LABEL)}`, "muted")
    return [head, span(piece, tone)]
  })
}

/** What can be done, or why nothing. */
export function footLines(slice: Details, facts: Facts, width: number): readonly Line[] {
  const rule = line(span(` ${"─".repeat(Math.max(0, width - 2))}`, "muted"))
  const key = (chord: string, word: string): Span[] => [span(` ${chord}`, "strong"), span(` ${word}  `, "muted")]
  const trace = whyNoTrace(slice, facts) === undefined ? key("T", "traces it") : []
  const reason = whyNoAction(slice, facts)
  if (reason !== undefined) return [rule, line(span(` ${reason}  `, "muted"), ...trace)]
  return [rule, line(...key("k", "blocks this peer for some minutes"), ...key("x", "ends its connections"), ...trace)]
}

const endpointText = (address: string, port: number, mask: Mask) => endpoint(maskAddress(address, mask), port)

/** struct inet_diag_msg, idiag_timer. */
const timers: readonly string[] = ["", "retransmission", "keepalive", "TIME_WAIT", "zero-window probe"]
/** RCV_SHUTDOWN and SEND_SHUTDOWN (net/sock.h). */
const shutdowns: readonly string[] = ["", "receives no more", "sends no more", "sends and receives no more"]

const marks: Readonly<Record<number, string>> = {
  [byteMark.first]: "not known yet: rates need a second look",
  [byteMark.uncounted]: "the kernel keeps no byte counters in this state",
  [byteMark.wentBack]: "the byte counter went back: not believed",
  [byteMark.impossible]: "more bytes than any link carries: not believed",
}

const when = (condition: boolean, entry: Entry): readonly Entry[] => (condition ? [entry] : [])

function connectionEntries(facts: ConnectionFacts, { namespace }: Subject, trail: Trail, mask: Mask): readonly Entry[] {
  const { connection, memory, acked, received, sent, retransmitted, timer, shutdown, isOpener } = facts
  const { owner, retrans, rttUs, txQueue, rxQueue } = connection
  const mark = connection.withoutBytes ?? marks[connection.mark]
  const { unit, cgroup, translation, lifetimeMs, connectionCount, bytesUnit, drops = 0 } = connection
  const name = owner === undefined ? "unknown" : `${owner.pid}/${harmless(owner.name)}`
  const shared = owner !== undefined && owner.sharerCount > 1 ? `, shared by ${owner.sharerCount} processes` : ""
  const inferred = owner?.isSure === false ? ", inferred: had it before, or listens on its port" : ""
  const room = (used: number, buffer: number | undefined) =>
    buffer === undefined || buffer === 0 ? bytes(used) : `${bytes(used)} of ${bytes(buffer)}`
  return [
    ["peer", endpointText(connection.peerAddress, connection.peerPort, mask), "strong"],
    ["this host", endpointText(connection.localAddress, connection.localPort, mask)],
    ["state", stateText(connection.state, connection.proto, connection.side, isOpener)],
    ...when(connectionCount > 1, ["stands for", `${count(connectionCount)} closed connections, summed`]),
    ...(translation === undefined ? [] : [["passed on", translationText(translation, mask)] as const]),
    ["process", `${name}${shared}${inferred}`],
    ...when(connection.uid !== undefined, ["uid", String(connection.uid)]),
    ...(unit === undefined ? [] : [["unit", harmless(unit)] as const]),
    ...(cgroup === undefined
      ? when(connection.cgroupId > 0, ["cgroup", `number ${connection.cgroupId}`])
      : [["cgroup", harmless(cgroup)] as const]),
    ...(namespace === undefined ? [] : [["namespace", harmless(namespace.name)] as const]),
    ...(mark === undefined
      ? rateEntries(connection.txBytesPerSecond, connection.rxBytesPerSecond, trail)
      : ([["rates", mark, connection.mark >= byteMark.wentBack ? "warn" : "muted"]] as const)),
    ...when(mark === undefined && bytesUnit === "ip", ["counted", "with IP headers, by connection tracking"]),
    ...(lifetimeMs === undefined ? [] : [["lived", `${microseconds(lifetimeMs * 1000)} at least`] as const]),
    ["waiting to go", room(txQueue, memory?.sendBuffer), txQueue > 0 ? "plain" : "muted"],
    ["not yet read", room(rxQueue, memory?.receiveBuffer), rxQueue > 0 ? "plain" : "muted"],
    ...(rttUs === undefined ? [] : [["round trip", microseconds(rttUs === 0 ? undefined : rttUs)] as const]),
    ...(retrans === undefined ? [] : [["retransmitted", retransmittedText(retrans, retransmitted, sent)] as const]),
    ...(acked === undefined || received === undefined
      ? []
      : [["in its life", `${bytes(acked)} sent and acknowledged, ${bytes(received)} received`] as const]),
    ...when(drops > 0 || (memory?.drops ?? 0) > 0, [
      "dropped",
      `${count(Math.max(drops, memory?.drops ?? 0))} packets, for want of room`,
      "warn",
    ]),
    ...when(timer > 0, ["timer", timers[timer] ?? `number ${timer}`]),
    ...when(shutdown > 0, ["closing", shutdowns[shutdown] ?? `number ${shutdown}`]),
  ]
}

const roleWords = { published: "published to", masqueraded: "masquerades", routed: "routed, seen as" } as const

function translationText({ role, inner }: Translation, mask: Mask): string {
  return inner === undefined ? "routed" : `${roleWords[role]} ${endpointText(inner.address, inner.port, mask)}`
}

function stateText(state: string, proto: string, side: string, isOpener: boolean): string {
  const direction = side === "in" ? "incoming" : "outgoing"
  return `${state}, ${proto}, ${direction}${isOpener && side === "in" ? ", opened by this host" : ""}`
}

function retransmittedText(segments: number, again: number | undefined, sent: number | undefined): string {
  const some = `${count(segments)} ${segments === 1 ? "segment" : "segments"}`
  return again === undefined || sent === undefined || sent === 0
    ? some
    : `${some}, ${bytes(again)} of ${bytes(sent)} sent (${share(again, sent)})`
}

const GRAPH_WIDTH = 24

/** Now, and the looks before as bars with the height of the highest. */
function rateEntries(tx: number | undefined, rx: number | undefined, trail: Trail): readonly Entry[] {
  const entry = (label: string, now: number | undefined, values: readonly (number | undefined)[]): Entry => {
    const highest = Math.max(0, ...values.map((value) => value ?? 0))
    const past = values.length > 1 ? ` ${sparkline(values, GRAPH_WIDTH)} most ${rate(highest)}` : ""
    return [label, `${rate(now).padEnd(9)}${past}`]
  }
  const shown = trail.slice(-GRAPH_WIDTH)
  return [
    entry(
      "sends",
      tx,
      shown.map((point) => point.tx),
    ),
    entry(
      "receives",
      rx,
      shown.map((point) => point.rx),
    ),
  ]
}

function groupEntries(facts: GroupFacts, subject: Subject, trail: Trail, mask: Mask): readonly Entry[] {
  const { connectionCount, states, ports, txQueue, rxQueue, retrans, rttUsMax } = facts
  const peer = maskAddress(subject.peerAddress, mask)
  const byCount = [...states].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  const only = subject.onlyPort === undefined ? "" : ` of port ${subject.onlyPort}`
  return [
    ["peer", peer, "strong"],
    ["process", subject.key === "" ? "unknown" : harmless(subject.key)],
    ["connections", `${count(connectionCount)}${only}, ${subject.side === "in" ? "incoming" : "outgoing"}`],
    ...(subject.namespace === undefined ? [] : [["namespace", harmless(subject.namespace.name)] as const]),
    ["states", byCount.map(([state, n]) => `${state} ${count(n)} (${share(n, connectionCount)})`).join("  ")],
    [subject.side === "in" ? "ports" : "their ports", portsText(ports)],
    ...rateEntries(facts.txBytesPerSecond, facts.rxBytesPerSecond, trail),
    ["waiting to go", bytes(txQueue), txQueue > 0 ? "plain" : "muted"],
    ["not yet read", bytes(rxQueue), rxQueue > 0 ? "plain" : "muted"],
    ...(rttUsMax === undefined ? [] : [["round trip", `${microseconds(rttUsMax)} at most`] as const]),
    ...(retrans === undefined
      ? []
      : [["retransmitted", `${count(retrans)} ${retrans === 1 ? "segment" : "segments"}`] as const]),
  ]
}

const PORTS_MAX = 24

export function portsText(ports: readonly PortCount[]): string {
  const shown = ports.slice(0, PORTS_MAX).map(({ port, connections }) => `${port} (${count(connections)})`)
  return ports.length > PORTS_MAX ? `${shown.join("  ")}  and ${ports.length - PORTS_MAX} more` : shown.join("  ")
}
