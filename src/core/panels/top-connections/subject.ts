/** The selected row as a subject: what details are shown of, and what an action is about. */
import type { Facts } from "../../app/facts.ts"
import { type Connections, connectionAt, cookieOf, isPassedOn, processNameAt } from "../../model/connections.ts"
import { countPorts, namespaceAt, type Subject } from "../../model/subject.ts"
import { isAny } from "../../text/endpoint.ts"
import { connectionRowAt } from "./selection.ts"
import { rowCount, type TopConnections } from "./state.ts"

/** Exactly what stands under the cursor; undefined where nothing does. */
export function subjectOf(slice: TopConnections): Subject | undefined {
  const { rows, cursor, side, port } = slice
  const row = rows === undefined || rowCount(slice) === 0 ? undefined : connectionRowAt(rows, cursor)
  if (rows === undefined || row === undefined) return undefined
  const { connections, listed, groups } = rows
  const { peerAddress } = connectionAt(connections, row)
  const servicePort = side === "in" ? connections.table.localPort : connections.table.remotePort
  const common = { side, peerAddress, ...(isPassedOn(connections, row) ? { isPassedOn: true } : {}) }
  if (groups === undefined) {
    const key = cookieOf(connections.table, row).toString()
    return { kind: "connection", key, ...common, ports: countPorts([servicePort[row]!]), ...placeOf(connections, row) }
  }
  const group = groups.order[cursor]!
  const members = [...listed].filter((_, i) => groups.table.groupOf[i] === group)
  const { here, elsewhereCount } = mostInOnePlace(connections, members)
  return {
    kind: "group",
    key: processNameAt(connections, row),
    ...common,
    ports: countPorts(here.map((member) => servicePort[member]!)),
    ...(rows.isByPort === true
      ? { onlyPort: groups.table.port[group]! }
      : port === undefined
        ? {}
        : { onlyPort: port }),
    ...placeOf(connections, here[0]!),
    ...(elsewhereCount > 0 ? { elsewhereCount } : {}),
  }
}

function placeOf(connections: Connections, row: number): Pick<Subject, "namespace"> {
  const namespace = namespaceAt(connections, row)
  return namespace === undefined ? {} : { namespace }
}

/** A peer may talk to several containers; an action is about one namespace. */
function mostInOnePlace({ table }: Connections, members: readonly number[]) {
  const places = Map.groupBy(members, (member) => table.namespace[member]!)
  const here = [...places.values()].reduce((most, each) => (each.length > most.length ? each : most))
  return { here, elsewhereCount: members.length - here.length }
}

export function whyNoDetails(slice: TopConnections): string | undefined {
  if (rowCount(slice) === 0) return "no connection selected"
  return slice.isGone ? "the selected row has ended; arrows select another" : undefined
}

/** The one word on whether the selected row may be acted on. */
export function whyNoBlock(slice: TopConnections, { source }: Facts): string | undefined {
  if (source === "replay") return "replay is read-only"
  if (slice.side === "out") return "only incoming peers are blocked; o shows them"
  return whyNoPeer(slice)
}

/** A trace that runs is shown instead, whatever is selected. */
export function whyNoTrace(slice: TopConnections, { source, tracing }: Facts): string | undefined {
  if (source === "replay") return "replay is read-only"
  return tracing.running === undefined ? whyNoPeer(slice) : undefined
}

function whyNoPeer(slice: TopConnections): string | undefined {
  const reason = whyNoDetails(slice)
  if (reason !== undefined) return reason
  const row = connectionRowAt(slice.rows!, slice.cursor)!
  const { peerAddress } = connectionAt(slice.rows!.connections, row)
  return isAny(peerAddress) ? "this row has no single peer" : undefined
}
