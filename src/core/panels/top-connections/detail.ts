/** The lines under the table that say more of the selected row: parts side by side, the most important first. */
import { type Connection, HOST } from "../../model/connections.ts"
import type { Group } from "../../model/groups.ts"
import { byteMark } from "../../model/rates.ts"
import { type Why, whyMeaning } from "../../model/why.ts"
import { joinParts } from "../../text/layer.ts"
import { type Line, line, span } from "../../text/line.ts"
import { type Mask, maskAddress } from "../../text/mask.ts"
import { shortState } from "../../text/states.ts"
import { bytes, count, microseconds, rate, share } from "../../text/units.ts"
import { cellWidth, cut, harmless } from "../../text/width.ts"
import { endpointText, processLabel } from "./columns.ts"
import { whyTone } from "./tones.ts"

const markTexts: Readonly<Record<number, string>> = {
  [byteMark.first]: "rates need a second look",
  [byteMark.uncounted]: "the kernel keeps no byte counters in this state",
  [byteMark.wentBack]: "the byte counter went back: not believed",
  [byteMark.impossible]: "more bytes than any link carries: not believed",
}

const field = (label: string, value: string): Line =>
  label === "" ? [span(value)] : [span(`${label} `, "muted"), span(value)]

export function connectionDetail(connection: Connection, mask: Mask, width: number): readonly Line[] {
  const { owner } = connection
  const sharers = owner !== undefined && owner.sharerCount > 1 ? ` (shared by ${owner.sharerCount} processes)` : ""
  const { unit, namespace, connectionCount } = connection
  return [
    joinParts(
      [
        endpoints(connection, mask, width),
        ...translation(connection, mask),
        line(span(connection.proto === "udp" ? `UDP ${connection.state}` : connection.state, "muted")),
        ...whyParts(connection.why),
        ...(connectionCount > 1 ? [field("", `${count(connectionCount)} connections, summed`)] : []),
      ],
      width,
    ),
    joinParts(
      [
        field("process", owner === undefined ? "unknown" : `${processLabel(connection)}${sharers}`),
        ...(connection.uid === undefined ? [] : [field("uid", String(connection.uid))]),
        ...(unit === undefined ? [] : [field("unit", harmless(unit))]),
        ...(namespace === HOST ? [] : [field("netns", harmless(namespace))]),
        ...(owner?.isSure === false ? [line(span("inferred: no process holds it now", "muted"))] : []),
      ],
      width,
    ),
    joinParts(traffic(connection), width),
  ]
}

const roleWords = { published: "published to", masqueraded: "masquerades", routed: "routed, seen as" } as const

/** What this host makes of it, and the end behind that. */
function translation({ translation: made }: Connection, mask: Mask): readonly Line[] {
  if (made === undefined) return []
  if (made.inner === undefined) return [line(span("routed", "muted"))]
  return [field(roleWords[made.role], endpointText(made.inner.address, made.inner.port, mask))]
}

/** What holds the connection back, and where there is room for it, in a sentence. */
const whyParts = (why: Why): Line[] =>
  why === "-" ? [] : [[span("why ", "muted"), span(why, whyTone(why))], line(span(whyMeaning[why], "muted"))]

/** Local end, direction, peer; where both do not fit, each keeps its port. */
function endpoints(connection: Connection, mask: Mask, width: number): Line {
  const arrow = connection.side === "in" ? " ← " : " → "
  const local = endpointText(connection.localAddress, connection.localPort, mask)
  const peer = endpointText(connection.peerAddress, connection.peerPort, mask)
  const isWide = cellWidth(local) + cellWidth(arrow) + cellWidth(peer) > width
  const shown = (end: string) => (isWide ? cut(end, (width - cellWidth(arrow)) >> 1, "middle") : end)
  return [span(shown(local)), span(arrow, "muted"), span(shown(peer), "strong")]
}

function traffic(connection: Connection): Line[] {
  const { mark, withoutBytes, txBytesPerSecond, rxBytesPerSecond, txQueue, rxQueue, rttUs, retrans } = connection
  const { bytesUnit, lifetimeMs, drops = 0, proto } = connection
  const rates =
    mark === byteMark.exact
      ? [field("tx", rate(txBytesPerSecond)), field("rx", rate(rxBytesPerSecond))]
      : [line(span(withoutBytes ?? markTexts[mark] ?? "", mark >= byteMark.wentBack ? "warn" : "muted"))]
  return [
    ...rates,
    ...(mark === byteMark.exact && bytesUnit === "ip" ? [line(span("with IP headers", "muted"))] : []),
    ...(lifetimeMs === undefined ? [] : [field("lived", microseconds(lifetimeMs * 1000))]),
    ...(proto === "udp" && drops > 0 ? [[span("dropped ", "muted"), span(count(drops), "warn")]] : []),
    field("queued", `${bytes(txQueue)} out ${bytes(rxQueue)} in`),
    ...(rttUs === undefined ? [] : [field("rtt", microseconds(rttUs === 0 ? undefined : rttUs))]),
    ...(retrans === undefined ? [] : [field("retransmitted", count(retrans))]),
  ]
}

export function groupDetail(group: Group, mask: Mask, width: number): readonly Line[] {
  const states = [...group.states].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  const peer = maskAddress(group.peerAddress, mask)
  return [
    joinParts(
      [line(span(peer, "strong")), field("process", group.process === "" ? "unknown" : harmless(group.process))],
      width,
    ),
    joinParts(
      states.map(([state, n], i) =>
        field(i === 0 ? "states" : "", `${shortState(state)} ${share(n, group.connectionCount)} (${count(n)})`),
      ),
      width,
    ),
    joinParts([field("ports", group.ports.join(","))], width),
  ]
}

export const goneDetail: readonly Line[] = [line(span("the selected row has ended; arrows select another", "muted"))]
