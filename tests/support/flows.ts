/**
 * Builders: a flow as the kernel would send it, and tables of such flows. A test names only what it is about.
 */
import { createFlowIndex } from "../../src/core/sample/flow-link.ts"
import { appendFlow, createFlowTable, type FlowTable } from "../../src/core/sample/flow-table.ts"
import type { FlowScope, Flows } from "../../src/core/sample/flows.ts"
import { parseAddress } from "../../src/core/wire/address.ts"
import { concat } from "../../src/core/wire/codec.ts"
import {
  FLOW_MESSAGE,
  type FlowAttributes,
  type FlowTuple,
  flowAttributes,
  nfgenmsg,
} from "../../src/core/wire/conntrack.ts"
import { AF_INET, AF_INET6, IPPROTO_TCP } from "../../src/core/wire/inet-diag.ts"
import { datagram, writeRequest } from "../../src/core/wire/message.ts"

export interface FlowSpec extends Omit<FlowAttributes, "original" | "reply"> {
  /** `10.0.0.1:1000 > 10.0.0.2:80`, `[::1]:1000 > [::2]:80`. */
  original?: string
  /** The same the other way round where nothing is translated. */
  reply?: string
  protocol?: number
  /** TCP; ESTABLISHED unless said. */
  state?: number
  /** IP bytes of both directions. */
  bytes?: readonly [original: number, reply: number]
}

let ids = 0

/** The bytes of one answer, with its netlink header. */
export function flowBytes(spec: FlowSpec): Uint8Array<ArrayBuffer> {
  const { original = "10.0.0.1:1000 > 10.0.0.2:80", protocol = IPPROTO_TCP, state = 3, bytes, ...rest } = spec
  const [source, target] = original.split(" > ") as [string, string]
  const { reply = `${target} > ${source}`, ...attributes } = rest
  const body = flowAttributes.write({
    id: ++ids,
    ...attributes,
    original: tupleOf(original, protocol),
    reply: tupleOf(reply, protocol),
    ...(protocol === IPPROTO_TCP && { protocolInfo: { tcp: { state } } }),
    ...(bytes !== undefined && {
      originalCounters: { packets: 1, bytes: bytes[0] },
      replyCounters: { packets: 1, bytes: bytes[1] },
    }),
  })
  const family = original.startsWith("[") ? AF_INET6 : AF_INET
  const head = nfgenmsg.write({ family, version: 0, resource: 0 })
  return writeRequest({ type: FLOW_MESSAGE, flags: 2, sequence: 1, body: concat([head, body]) })
}

export function tupleOf(text: string, protocol: number): FlowTuple {
  const [[source, sourcePort], [target, targetPort]] = text.split(" > ").map(endpoint) as [Endpoint, Endpoint]
  const ip = source.length === 4 ? { v4Source: source, v4Target: target } : { v6Source: source, v6Target: target }
  return { ip, proto: { number: protocol, sourcePort, targetPort } }
}

type Endpoint = [address: Uint8Array, port: number]

function endpoint(text: string): Endpoint {
  const colon = text.lastIndexOf(":")
  const address = parseAddress(text.slice(0, colon))
  if (address === undefined) throw new Error(`no address in ${text}`)
  return [address, Number(text.slice(colon + 1))]
}

/** A table of these flows, read as the collector reads them. */
export function flowTableOf(specs: readonly FlowSpec[]): FlowTable {
  const table = createFlowTable(2)
  for (const spec of specs) {
    const bytes = flowBytes(spec)
    if (!appendFlow(table, datagram(bytes), 0, bytes.length)) throw new Error("a built flow is broken")
  }
  return table
}

export const flowsOf = (specs: readonly FlowSpec[], { scope = "all" as FlowScope, isComplete = true } = {}): Flows => ({
  table: flowTableOf(specs),
  index: createFlowIndex(),
  scope,
  readAtMs: 0,
  namespaces: [{ rows: { from: 0, to: specs.length }, isComplete, others: new Map() }],
})
