/** The lines under the table that say more of the selected row. */
import type { Connection } from "../../model/connections.ts"
import type { Group } from "../../model/groups.ts"
import { byteMark } from "../../model/rates.ts"
import { type Line, line, span } from "../../text/line.ts"
import { maskAddress } from "../../text/mask.ts"
import { bytes, count, microseconds, rate, share } from "../../text/units.ts"
import { harmless } from "../../text/width.ts"
import { endpointText, processLabel, shortState } from "./columns.ts"

const markTexts: Readonly<Record<number, string>> = {
  [byteMark.first]: "rates need a second look",
  [byteMark.uncounted]: "the kernel keeps no byte counters in this state",
  [byteMark.wentBack]: "the byte counter went back: not believed",
  [byteMark.impossible]: "more bytes than any link carries: not believed",
}

const field = (label: string, value: string): Line => [span(`${label} `, "muted"), span(`${value}  `)]

export function connectionDetail(connection: Connection, isMasked: boolean): readonly Line[] {
  const { owner, mark } = connection
  const arrow = connection.side === "in" ? "←" : "→"
  const sharers = owner !== undefined && owner.sharerCount > 1 ? ` (shared by ${owner.sharerCount} processes)` : ""
  return [
    [
      span(endpointText(connection.localAddress, connection.localPort, isMasked)),
      span(` ${arrow} `, "muted"),
      span(endpointText(connection.peerAddress, connection.peerPort, isMasked), "strong"),
      span(`  ${connection.state}`, "muted"),
    ],
    [
      ...field("process", owner === undefined ? "unknown" : `${processLabel(connection)}${sharers}`),
      ...field("uid", String(connection.uid)),
      ...(owner?.isSure === false ? [span("inferred from its listener", "muted")] : []),
    ],
    [
      ...(mark === byteMark.exact
        ? [...field("tx", rate(connection.txBytesPerSecond)), ...field("rx", rate(connection.rxBytesPerSecond))]
        : [span(`${markTexts[mark] ?? ""}  `, mark >= byteMark.wentBack ? "warn" : "muted")]),
      ...field("queued", `${bytes(connection.txQueue)} out ${bytes(connection.rxQueue)} in`),
      ...(connection.rttUs === undefined
        ? []
        : field("rtt", microseconds(connection.rttUs === 0 ? undefined : connection.rttUs))),
      ...(connection.retrans === undefined ? [] : field("retransmitted", count(connection.retrans))),
    ],
  ]
}

export function groupDetail(group: Group, isMasked: boolean): readonly Line[] {
  const states = [...group.states].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  const peer = isMasked ? maskAddress(group.peerAddress) : group.peerAddress
  return [
    [span(peer, "strong"), span("  "), ...field("process", group.process === "" ? "unknown" : harmless(group.process))],
    field(
      "states",
      states.map(([state, n]) => `${shortState(state)} ${share(n, group.connectionCount)} (${count(n)})`).join("  "),
    ),
    field("ports", group.ports.join(",")),
  ]
}

export const goneDetail: readonly Line[] = [line(span("the selected row has ended; arrows select another", "muted"))]
