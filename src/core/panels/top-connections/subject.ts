/** The selected row as a subject: what details are shown of, and what an action is about. */
import type { Facts } from "../../app/facts.ts"
import { connectionAt, cookieOf, processNameAt } from "../../model/connections.ts"
import { countPorts, namespaceAt, type Subject } from "../../model/subject.ts"
import { connectionRowAt } from "./selection.ts"
import { rowCount, type TopConnections } from "./state.ts"

/** Exactly what stands under the cursor; undefined where nothing does. */
export function subjectOf(slice: TopConnections): Subject | undefined {
  const { rows, cursor, side, port } = slice
  const row = rows === undefined || rowCount(slice) === 0 ? undefined : connectionRowAt(rows, cursor)
  if (rows === undefined || row === undefined) return undefined
  const { connections, listed, groups } = rows
  const { peerAddress, localPort, peerPort } = connectionAt(connections, row)
  const namespace = namespaceAt(connections, row)
  const common = { side, peerAddress, ...(namespace === undefined ? {} : { namespace }) }
  const servicePort = side === "in" ? localPort : peerPort
  if (groups === undefined) {
    // Closed connections that were summed have no single port.
    const ports = servicePort === 0 ? [] : [{ port: servicePort, connections: 1 }]
    return { kind: "connection", key: cookieOf(connections.table, row).toString(), ...common, ports }
  }
  const group = groups.order[cursor]!
  const column = side === "in" ? connections.table.localPort : connections.table.remotePort
  const members = [...listed].filter((_, i) => groups.table.groupOf[i] === group)
  return {
    kind: "group",
    key: processNameAt(connections, row),
    ...common,
    ports: countPorts(members.map((member) => column[member]!)),
    ...(port === undefined ? {} : { onlyPort: port }),
  }
}

export function whyNoDetails(slice: TopConnections): string | undefined {
  if (rowCount(slice) === 0) return "no connection selected"
  return slice.isGone ? "the selected row has ended; arrows select another" : undefined
}

/** The one word on whether the selected row may be acted on. */
export function whyNoBlock(slice: TopConnections, { source }: Facts): string | undefined {
  if (source === "replay") return "replay is read-only"
  if (slice.side === "out") return "only incoming peers are blocked; o shows them"
  return whyNoDetails(slice)
}
