/** Where destination NAT sends what comes for a port, as connection tracking has seen it. */

import type { FlowTable } from "./flow-table.ts"
import { addressText } from "./socket-table.ts"

export interface PublishedEnd {
  readonly protocol: "tcp" | "udp"
  readonly address: string
  readonly port: number
  /** Flows that are translated to it now. */
  readonly connectionCount: number
}

const IPPROTO_TCP = 6
/** Ends behind one port: the pods of a service. More are left out. */
const ENDS_MAX = 32

/** The ends behind `port`, the busiest first. Without a flow of it a translation is not known. */
export function publishedEnds(table: FlowTable, port: number): readonly PublishedEnd[] {
  const ends = new Map<string, PublishedEnd>()
  for (let row = 0; row < table.length; row++) {
    if (table.originalTargetPort[row] !== port) continue
    const address = addressText(table.replySource, row)
    const innerPort = table.replySourcePort[row]!
    if (innerPort === port && addressText(table.originalTarget, row) === address) continue
    const protocol = table.protocol[row] === IPPROTO_TCP ? "tcp" : "udp"
    const key = `${protocol} ${address} ${innerPort}`
    const known = ends.get(key)
    if (known === undefined && ends.size === ENDS_MAX) continue
    ends.set(key, { protocol, address, port: innerPort, connectionCount: (known?.connectionCount ?? 0) + 1 })
  }
  return [...ends.values()].sort((a, b) => b.connectionCount - a.connectionCount)
}
