/**
 * How much of what an interface carried the connections account for, as a percentage.
 *
 * What it carried is counted by the device: bytes less the headers of its own packets. A device that is handed 64 KB at
 * once counts that as one packet, so only its own packet counter goes with its bytes; segments that TCP counts would give
 * 103 %. What is accounted for is the payload that connections over this interface sent (retransmissions too) and
 * received: those of a local address of the interface, and those that are forwarded through it.
 */
import { type AddressSet, createAddressSet, hasAddress, isLoopbackAt } from "../sample/address-column.ts"
import { type FlowTable, flowRole } from "../sample/flow-table.ts"
import type { HostAddress } from "../sample/host-addresses.ts"
import { type InterfaceCounters, missing, type Reading, reading } from "../sample/sample.ts"
import { IPPROTO_UDP, isIpv4At, rowSource, type SocketTable } from "../sample/socket-table.ts"
import { parseAddress } from "../wire/address.ts"
import type { Connections } from "./connections.ts"
import { difference } from "./counter-difference.ts"
import { hasOwnCounters } from "./flows.ts"
import { byteMark } from "./rates.ts"
import { hasPeerHere } from "./totals.ts"

export interface Coverage {
  readonly interfaceName: string
  readonly percent: number
  /** Payload in the window, both directions: what the device carried, and what connections account for. */
  readonly carriedBytes: number
  readonly attributedBytes: number
  /** The percentage is exact to so much, since sockets and counters are read one after the other. */
  readonly uncertainPercent: number
  /** Why the percentage is not about 100, when it is not. */
  readonly explanation?: string
}

export interface CoverageQuestion {
  readonly connections: Connections
  /** The sockets of the look before, which `connections.table` is linked with. */
  readonly before: SocketTable
  readonly flowsBefore?: FlowTable
  /** As for `applyFlowBytes`. */
  readonly flowPart?: number
  readonly now: InterfaceCounters
  readonly earlier: InterfaceCounters
  readonly addresses: readonly HostAddress[]
}

/** Less says more of acknowledgements and of the moment of reading than of the traffic. */
const CARRIED_MIN = 65_536
const PERCENT_MAX = 101
const PERCENT_MIN = 95

const IPV4_HEADER = 20
const IPV6_HEADER = 40
const UDP_HEADER = 8
/** With the timestamps that Linux puts into every segment. */
const TCP_HEADER = 32

export function deriveCoverage(question: CoverageQuestion): Reading<Coverage> {
  const { now, earlier } = question
  const bytes = sum(difference(now.rxBytes, earlier.rxBytes), difference(now.txBytes, earlier.txBytes))
  const packets = sum(difference(now.rxPackets, earlier.rxPackets), difference(now.txPackets, earlier.txPackets))
  if (now.name !== earlier.name || bytes === undefined || packets === undefined)
    return missing("the interface's counters began anew")
  const attributed = attribute(question)
  const carriedBytes = Math.max(0, bytes - packets * ((now.headerBytes ?? 0) + attributed.headerBytes))
  if (carriedBytes < CARRIED_MIN) return missing("the interface carried too little to tell")
  const percent = (attributed.bytes / carriedBytes) * 100
  // Sockets and counters are not read at one instant: what went by meanwhile may stand on either side. Half of it on
  // average, all of it where connections end: their last bytes are told after the look, those of before included.
  const spread = (now.spreadBytes ?? 0) + (earlier.spreadBytes ?? 0)
  const uncertainPercent = (spread / carriedBytes) * 100
  const isExplained = percent >= PERCENT_MIN - uncertainPercent && percent <= PERCENT_MAX + uncertainPercent
  const explanation = isExplained ? undefined : explain(percent, attributed, question)
  return reading({
    interfaceName: now.name,
    percent,
    carriedBytes,
    attributedBytes: attributed.bytes,
    uncertainPercent,
    ...(explanation !== undefined && { explanation }),
  })
}

const sum = (a: number | undefined, b: number | undefined) => (a === undefined || b === undefined ? undefined : a + b)

interface Attributed {
  readonly bytes: number
  /** The mean of IP and TCP or UDP headers, by what is known of the traffic. */
  readonly headerBytes: number
  /** Rows over the interface whose bytes are not known. */
  readonly unknownCount: number
}

function attribute({ connections, before, flowsBefore, flowPart = 1, now, addresses }: CoverageQuestion): Attributed {
  const { table, rates, flows } = connections
  const route = routeOf(now.name, addresses)
  const total = { bytes: 0, headers: 0, weight: 0, unknownCount: 0 }
  for (let row = 0; row < table.length; row++) {
    const isKnown = rates.mark[row] === byteMark.exact
    if (isKnown && rates.txBytes[row] === 0 && rates.rxBytes[row] === 0 && !hasSent(table, before, row)) continue
    // A time-wait or half-open socket has moved nothing that counts.
    if (!isKnown && table.hasInfo[row] === 0 && table.flow[row]! < 0) continue
    const times = passages(route, table, row, flows?.table)
    if (times === 0) continue
    if (!isKnown) {
      total.unknownCount++
      continue
    }
    const headers = headersOf(table, row)
    const payload = hasOwnCounters(table, row)
      ? sentInWindow(table, before, row, rates.txBytes[row]!) + rates.rxBytes[row]!
      : Math.max(
          0,
          rates.txBytes[row]! +
            rates.rxBytes[row]! -
            headers * flowPackets(table, row, flows?.table, flowsBefore) * flowPart,
        )
    total.bytes += payload * times
    total.headers += headers * payload * times
    total.weight += payload * times
  }
  const headerBytes = total.weight > 0 ? total.headers / total.weight : IPV4_HEADER + TCP_HEADER
  return { bytes: total.bytes, headerBytes, unknownCount: total.unknownCount }
}

const headersOf = ({ remoteAddress, protocol }: SocketTable, row: number): number =>
  (isIpv4At(remoteAddress, row) ? IPV4_HEADER : IPV6_HEADER) + (protocol[row] === IPPROTO_UDP ? UDP_HEADER : TCP_HEADER)

/** Payload sent in the window, retransmissions included; what was acknowledged, on kernels that do not count it. */
function sentInWindow(table: SocketTable, before: SocketTable, row: number, acked: number): number {
  const sent = table.bytesSent[row]!
  if (Number.isNaN(sent)) return acked
  if (!Number.isNaN(table.countedSent[row]!)) return sent - table.countedSent[row]!
  const match = table.previousRow[row]!
  // A half-open socket had sent nothing.
  const earlier = match < 0 ? 0 : before.bytesSent[match]!
  return sent - (Number.isNaN(earlier) ? 0 : earlier)
}

const hasSent = (table: SocketTable, before: SocketTable, row: number): boolean =>
  hasOwnCounters(table, row) && sentInWindow(table, before, row, 0) > 0

function flowPackets(
  table: SocketTable,
  row: number,
  flows: FlowTable | undefined,
  flowsBefore: FlowTable | undefined,
): number {
  const flow = table.flow[row]!
  if (flow < 0 || flows === undefined) return 0
  const match = flows.previousRow[flow]!
  const earlier = (column: Uint32Array | undefined) => (match < 0 || column === undefined ? 0 : column[match]!)
  // The lowest 32 bits are kept, which wrap around.
  return (
    ((flows.originalPackets[flow]! - earlier(flowsBefore?.originalPackets)) >>> 0) +
    ((flows.replyPackets[flow]! - earlier(flowsBefore?.replyPackets)) >>> 0)
  )
}

/** What is known of which way packets go. */
interface Route {
  readonly isLoopback: boolean
  /** The interface's own addresses, and all of the host's. */
  readonly own: AddressSet
  readonly all: AddressSet
  /** Networks behind the interface, and behind the others. */
  readonly here: readonly Prefix[]
  readonly elsewhere: readonly Prefix[]
}

interface Prefix {
  readonly words: Uint32Array
  readonly masks: Uint32Array
}

function routeOf(name: string, addresses: readonly HostAddress[]): Route {
  const own = addresses.filter(({ interfaceName }) => interfaceName === name)
  const others = addresses.filter(({ interfaceName }) => interfaceName !== name)
  const bytesOf = (all: readonly HostAddress[]) => all.flatMap(({ address }) => parseAddress(address) ?? [])
  return {
    isLoopback: own.some(({ address }) => address === "127.0.0.1" || address === "::1"),
    own: createAddressSet(bytesOf(own)),
    all: createAddressSet(bytesOf(addresses)),
    here: own.flatMap(prefixOf),
    elsewhere: others.flatMap(prefixOf),
  }
}

const MAPPED_BITS = 96

function prefixOf({ address, prefixLength }: HostAddress): Prefix[] {
  const bytes = parseAddress(address)
  if (bytes === undefined) return []
  const sixteen = new Uint8Array(16)
  if (bytes.length === 4) sixteen.set([0xff, 0xff, ...bytes], 10)
  else sixteen.set(bytes)
  const bits = prefixLength + (bytes.length === 4 ? MAPPED_BITS : 0)
  const mask = Uint8Array.from({ length: 16 }, (_, i) => 0xff & (0xff00 >> Math.min(8, Math.max(0, bits - i * 8))))
  return [{ words: new Uint32Array(sixteen.buffer), masks: new Uint32Array(mask.buffer) }]
}

const isWithin = ({ words, masks }: Prefix, column: Uint32Array, row: number): boolean => {
  for (let i = 3; i >= 0; i--) if (((column[row * 4 + i]! ^ words[i]!) & masks[i]!) !== 0) return false
  return true
}

/** How many times the packets of a row cross the interface: 2 when they come in and leave again by it. */
function passages(route: Route, table: SocketTable, row: number, flows: FlowTable | undefined): number {
  const { localAddress, remoteAddress, namespace, flow, source } = table
  const isHost = namespace[row] === 0
  if (hasPeerHere(table, row, isHost ? route.all : undefined)) {
    if (!route.isLoopback || !isHost) return 0
    // Loopback counts a packet as it leaves and as it comes in; of a pair of sockets each has a row.
    return source[row] === rowSource.conntrack ? 2 : 1
  }
  if (route.isLoopback) return 0
  const way = flow[row]!
  if (way >= 0 && flows !== undefined && flows.namespace[way] === 0) {
    if (isHost && flows.role[way]! < flowRole.targetNat) return hasAddress(route.own, localAddress, row) ? 1 : 0
    // With both ends in sight, as two rows of other namespaces, one of them stands for the flow.
    return flows.socketRow[way] === row && !isHostsOwn(route, flows, way) ? forwardedPassages(route, flows, way) : 0
  }
  if (isHost) return hasAddress(route.own, localAddress, row) ? 1 : 0
  // Another namespace's own traffic, routed as it is; what it has with the host is in the host's rows.
  return !hasAddress(route.all, remoteAddress, row) && isReached(route, remoteAddress, row) ? 1 : 0
}

/** True when one of the real ends, translations aside, is this host: then a row of the host tells of the flow. */
const isHostsOwn = ({ all }: Route, { originalSource, replySource }: FlowTable, flow: number): boolean =>
  hasAddress(all, originalSource, flow) || hasAddress(all, replySource, flow)

/** Each end of a forwarded flow is reached by one interface. A translated address of ours tells which; else the networks do. */
function forwardedPassages(route: Route, flows: FlowTable, flow: number): number {
  const { originalSource, originalTarget, replySource, replyTarget } = flows
  const isOurs = (column: Uint32Array) => hasAddress(route.all, column, flow)
  const side = (address: Uint32Array, outer: Uint32Array) =>
    (isOurs(outer) ? hasAddress(route.own, outer, flow) : isReached(route, address, flow)) ? 1 : 0
  return side(originalSource, originalTarget) + side(replySource, replyTarget)
}

function isReached(route: Route, column: Uint32Array, row: number): boolean {
  if (route.here.some((prefix) => isWithin(prefix, column, row))) return true
  return !isLoopbackAt(column, row) && !route.elsewhere.some((prefix) => isWithin(prefix, column, row))
}

function explain(percent: number, { unknownCount }: Attributed, { now, connections }: CoverageQuestion): string {
  const coverage = `coverage of ${now.name} is ${percent.toFixed(1)} %`
  if (percent > PERCENT_MAX)
    return `${coverage}: more than it carried; traffic may take another interface than its addresses say`
  if (unknownCount > 0) return `${coverage}: the bytes of ${unknownCount} connections over it are not known yet`
  const reason = connections.flows?.namespaces[0]?.withoutBytes
  if (reason !== undefined) return `${coverage}: UDP and forwarded traffic is not counted (${reason})`
  return `${coverage}: the rest is of no connection (ICMP, ARP, broadcast) or of namespaces that may not be entered`
}
