/**
 * Conntrack flows that have no socket in sight, as rows beside the sockets: published ports of containers, masqueraded
 * and routed traffic, UDP that a service receives without a connection.
 *
 * A flow has two ends, each with the addresses it sees itself: who sent first, by the original tuple; and who answers,
 * by the reply tuple, whose source is what a translation made of the target. A socket is one end. So a flow has a
 * socket when one of its two ends is that socket's, and is the same as another flow (the same packets in a second zone
 * or namespace, picked up the other way round) when they share an end.
 */
import { AF_INET, AF_INET6, IPPROTO_TCP, IPPROTO_UDP } from "../wire/inet-diag.ts"
import { type AddressSet, hasAddress, isGroupAt, isLoopbackAt, isSameAddress } from "./address-column.ts"
import { type FlowTable, flowRole, isLiveFlow, NO_STATE } from "./flow-table.ts"
import { appendBlankSocket, NO_UID, rowSource, type SocketTable } from "./socket-table.ts"

/** A part of a table: rows `from` up to, not including, `to`. */
export interface RowRange {
  readonly from: number
  readonly to: number
}

export interface FlowRowsInput {
  /** Sockets of every namespace in sight, closed connections too. Flows are best read before them: see below. */
  readonly sockets: SocketTable
  /** Flows, linked with those of the look before. */
  readonly flows: FlowTable
  /**
   * The flows the look before showed; its `socketRow` says which row stood for them. Absent also where `flows` are those
   * of an earlier look: what ended in it has been counted.
   */
  readonly previousFlows?: FlowTable | undefined
  /**
   * Sockets that stand in no row of their own: of connections whose closing is awaited or summed. Their flows are told by
   * the closings.
   */
  readonly hidden?: readonly SocketTable[]
  /** One namespace: its addresses (broadcast addresses too), its rows of `sockets` and its rows of `flows`. */
  readonly namespaces: readonly {
    readonly addresses: AddressSet
    readonly sockets: RowRange
    readonly flows: RowRange
  }[]
}

export interface FlowRowsResult {
  /** Rows that were appended. */
  readonly rows: RowRange
  /** Flows whose connection has a row already, as a socket. */
  readonly withSocket: number
  /** Flows that are the same connection as another flow. */
  readonly doubled: number
}

/**
 * Appends a row for each flow that is a connection of its own, and fills `role`, `socketRow` and `holderRow` of the
 * flows and `flow` of the sockets. Flows that have ended get no row and role `none`, but for translated or routed ones
 * that ended since the last look or moved bytes since: these are rows of source `closed`, so that their last bytes are
 * counted.
 *
 * Read the flows before the sockets: what is opened in between has then no row for one look, and what is closed has its
 * row from the closings. The other way round it would be a row without a process.
 *
 * `bytesAcked` and `bytesReceived` of such a row are the flow's IP bytes. What moved in the window comes from
 * `applyFlowBytes`, since a flow may have been known longer than its row. Hot: once a look.
 */
export function appendFlowRows(input: FlowRowsInput): FlowRowsResult {
  const { sockets, flows } = input
  const from = sockets.length
  if (flows.length === 0) return { rows: { from, to: from }, withSocket: 0, doubled: 0 }
  flows.role.fill(flowRole.none, 0, flows.length)
  flows.socketRow.fill(-1, 0, flows.length)
  flows.holderRow.fill(-1, 0, flows.length)
  const ends = indexEnds(sockets, flows)
  const isHidden = findHidden(input.hidden ?? [], flows)
  let withSocket = 0
  let doubled = 0
  // Living flows first: one that has ended is never shown instead.
  for (const isLive of [true, false]) {
    for (const namespace of input.namespaces) {
      const holders = isLive ? indexHolders(sockets, namespace.sockets) : NO_HOLDERS
      for (let flow = namespace.flows.from; flow < namespace.flows.to; flow++) {
        if (isLiveFlow(flows, flow) !== isLive) continue
        if (!isLive && !hasMoved(flows, input.previousFlows, flow)) continue
        const sender = findEnd(ends, flow, SENDER)
        const answerer = findEnd(ends, flow, ANSWERER)
        if (sender < 0 && answerer < 0) {
          if (isHidden(flow)) continue
          const place = placeOf(namespace.addresses, flows, flow, holders, sockets)
          // A closed connection of this host is told by the closings, with payload and process.
          if (!isLive && place.role === flowRole.host) continue
          flows.role[flow] = place.role
          flows.holderRow[flow] = place.holder
          appendRow(input, flow, place, isLive)
          addEnd(ends, flow, SENDER)
          addEnd(ends, flow, ANSWERER)
        } else if (ownsSocket(ends, sender) || ownsSocket(ends, answerer)) {
          if (!isLive) continue
          withSocket++
          flows.role[flow] = flowRole.socket
          if (ownsSocket(ends, answerer)) joinSocket(sockets, flows, answerer, flow)
          if (ownsSocket(ends, sender)) joinSocket(sockets, flows, sender, flow)
        } else if (isLive) doubled++
      }
    }
  }
  return { rows: { from, to: sockets.length }, withSocket, doubled }
}

function joinSocket(sockets: SocketTable, flows: FlowTable, row: number, flow: number): void {
  sockets.flow[row] = flow
  flows.socketRow[flow] = row
  // UDP has no listeners: whoever sent first opened it.
  if (sockets.source[row] === rowSource.socket && sockets.protocol[row] === IPPROTO_UDP)
    sockets.isOpener[row] = isSenderSide(sockets, row, flows) ? 1 : 0
}

/** Whether one end of a flow is among the sockets of these tables. */
function findHidden(tables: readonly SocketTable[], flows: FlowTable): (flow: number) => boolean {
  const all = tables.filter(({ length }) => length > 0).map((table) => indexEnds(table, flows, new Int32Array(0)))
  return (flow) => all.some((ends) => findEnd(ends, flow, SENDER) >= 0 || findEnd(ends, flow, ANSWERER) >= 0)
}

/** Whether a flow is new or has counted anything since the look before. */
function hasMoved(flows: FlowTable, previous: FlowTable | undefined, flow: number): boolean {
  if (previous === undefined) return false
  const match = flows.previousRow[flow]!
  if (match < 0) return true
  return (
    flows.originalBytes[flow]! > previous.originalBytes[match]! || flows.replyBytes[flow]! > previous.replyBytes[match]!
  )
}

/** How a flow looks from this host. */
interface Place {
  readonly role: number
  /** Which end is the local one of the row. */
  readonly view: number
  readonly holder: number
}

// What stands as local and remote: target and source of the original tuple; source and target of it; target and source
// of the reply tuple (what masquerade made of the sender, and who answers).
const AS_TARGET = 0
const AS_SOURCE = 1
const AS_TRANSLATED = 2

function placeOf(addresses: AddressSet, flows: FlowTable, flow: number, holders: Holders, sockets: SocketTable): Place {
  const { originalSource, originalTarget, replySource, replyTarget } = flows
  const isLocal = (column: Uint32Array) => isLoopbackAt(column, flow) || hasAddress(addresses, column, flow)
  const isSource = isLocal(originalSource)
  const isTarget = isLocal(originalTarget) || (!isSource && isGroupAt(originalTarget, flow))
  const isTargetNat = !isSameEnd(replySource, flows.replySourcePort, originalTarget, flows.originalTargetPort, flow)
  if (isTarget) {
    const role = isTargetNat ? flowRole.targetNat : flowRole.host
    const holder = findHolder(holders, sockets, flows, flow, ANSWERER)
    if (holder >= 0 || !isSource) return { role, view: AS_TARGET, holder }
    const senders = findHolder(holders, sockets, flows, flow, SENDER)
    return { role, view: senders >= 0 ? AS_SOURCE : AS_TARGET, holder: senders }
  }
  if (isSource) {
    return { role: flowRole.host, view: AS_SOURCE, holder: findHolder(holders, sockets, flows, flow, SENDER) }
  }
  if (isLocal(replyTarget)) return { role: flowRole.sourceNat, view: AS_TRANSLATED, holder: -1 }
  const isSourceNat = !isSameEnd(replyTarget, flows.replyTargetPort, originalSource, flows.originalSourcePort, flow)
  const role = isTargetNat ? flowRole.targetNat : isSourceNat ? flowRole.sourceNat : flowRole.forward
  return { role, view: AS_SOURCE, holder: -1 }
}

const isSameEnd = (a: Uint32Array, aPort: Uint16Array, b: Uint32Array, bPort: Uint16Array, row: number): boolean =>
  aPort[row] === bPort[row] && isSameAddress(a, row, b, row)

/** Socket states by conntrack's: who has sent the first packet only is SYN_SENT, from whichever side it is seen. */
const socketStates: Readonly<Record<number, number>> = {
  0: 2, // NONE
  1: 2, // SYN_SENT
  2: 3, // SYN_RECV
  3: 1, // ESTABLISHED
  4: 4, // FIN_WAIT
  5: 8, // CLOSE_WAIT
  6: 9, // LAST_ACK
  7: 6, // TIME_WAIT
  8: 7, // CLOSE
  9: 2, // SYN_SENT2
  [NO_STATE]: 1,
}

function appendRow({ sockets, flows, previousFlows }: FlowRowsInput, flow: number, place: Place, isLive: boolean) {
  const row = appendBlankSocket(sockets)
  const { view } = place
  sockets.family[row] = flows.family[flow]!
  sockets.protocol[row] = flows.protocol[flow]!
  sockets.state[row] = flows.protocol[flow] === IPPROTO_TCP ? (socketStates[flows.state[flow]!] ?? 1) : 1
  const [local, localPort, remote, remotePort] =
    view === AS_TARGET
      ? [flows.originalTarget, flows.originalTargetPort, flows.originalSource, flows.originalSourcePort]
      : view === AS_SOURCE
        ? [flows.originalSource, flows.originalSourcePort, flows.originalTarget, flows.originalTargetPort]
        : [flows.replyTarget, flows.replyTargetPort, flows.replySource, flows.replySourcePort]
  for (let i = 0; i < 4; i++) {
    sockets.localAddress[row * 4 + i] = local[flow * 4 + i]!
    sockets.remoteAddress[row * 4 + i] = remote[flow * 4 + i]!
  }
  sockets.localPort[row] = localPort[flow]!
  sockets.remotePort[row] = remotePort[flow]!
  sockets.bytesAcked[row] = view === AS_TARGET ? flows.replyBytes[flow]! : flows.originalBytes[flow]!
  sockets.bytesReceived[row] = view === AS_TARGET ? flows.originalBytes[flow]! : flows.replyBytes[flow]!
  sockets.namespace[row] = flows.namespace[flow]!
  sockets.isOpener[row] = view === AS_TARGET ? 0 : 1
  const { holder } = place
  sockets.uid[row] = holder < 0 ? NO_UID : sockets.uid[holder]!
  if (holder >= 0) {
    sockets.owner[row] = sockets.owner[holder]!
    sockets.inode[row] = sockets.inode[holder]!
    sockets.cgroupId[row] = sockets.cgroupId[holder]!
  }
  // Names the row as a cookie does; cookies of sockets count up and never have the highest bit.
  sockets.cookieLow[row] = flows.id[flow]!
  sockets.cookieHigh[row] = (0x80000000 | hashEnd(flows, flow, SENDER)) >>> 0
  sockets.source[row] = isLive ? rowSource.conntrack : rowSource.closed
  const match = flows.previousRow[flow]!
  sockets.previousRow[row] = match < 0 || previousFlows === undefined ? -1 : previousFlows.socketRow[match]!
  joinSocket(sockets, flows, row, flow)
}

/**
 * Whether the local end of a row with a flow is the end that sent first: then the flow's original direction is what the
 * row sends.
 */
export function isSenderSide(sockets: SocketTable, row: number, flows: FlowTable): boolean {
  const flow = sockets.flow[row]!
  const isLocal = (address: Uint32Array, port: Uint16Array) =>
    port[flow] === sockets.localPort[row] && isSameAddress(address, flow, sockets.localAddress, row)
  return !(
    !isLocal(flows.originalSource, flows.originalSourcePort) &&
    (isLocal(flows.originalTarget, flows.originalTargetPort) || isLocal(flows.replySource, flows.replySourcePort))
  )
}

// The ends of flows.
const SENDER = 0
const ANSWERER = 1

/**
 * Every end in use. A slot holds a socket row, or `socketCount` + 2 × flow row + end.
 *
 * A socket without a peer is no end: it may have many.
 */
interface Ends {
  readonly sockets: SocketTable
  readonly flows: FlowTable
  readonly socketCount: number
  readonly slots: Int32Array
  readonly mask: number
}

let sharedSlots: Int32Array = new Int32Array(0)

/** Of the look's own sockets, with room for the ends of flows, in memory that is reused. */
function indexEnds(sockets: SocketTable, flows: FlowTable): Ends
/** Of other sockets, in memory of their own. */
function indexEnds(sockets: SocketTable, flows: FlowTable, own: Int32Array): Ends
function indexEnds(sockets: SocketTable, flows: FlowTable, own?: Int32Array): Ends {
  let size = 1024
  while (size < (sockets.length + (own === undefined ? flows.length * 2 : 0)) * 2) size *= 2
  let slots: Int32Array<ArrayBufferLike> = own ?? sharedSlots
  if (slots.length < size || slots.length > size * 4) slots = new Int32Array(size)
  if (own === undefined) sharedSlots = slots
  slots.fill(-1)
  const ends = { sockets, flows, socketCount: sockets.length, slots, mask: slots.length - 1 }
  const { localAddress, remoteAddress, localPort, remotePort, protocol } = sockets
  for (let row = 0; row < sockets.length; row++) {
    if (remotePort[row] === 0) continue
    let slot = hash(localAddress, remoteAddress, row, localPort[row]!, remotePort[row]!, protocol[row]!) & ends.mask
    while (slots[slot]! >= 0) slot = (slot + 1) & ends.mask
    slots[slot] = row
  }
  return ends
}

const ownsSocket = (ends: Ends, found: number): boolean => found >= 0 && found < ends.socketCount

/** What is at one end of a flow: a slot's value, or -1. A socket that has closed gives way to one that lives. */
function findEnd({ sockets, flows, socketCount, slots, mask }: Ends, flow: number, end: number): number {
  let closed = -1
  for (let slot = hashEnd(flows, flow, end) & mask; ; slot = (slot + 1) & mask) {
    const found = slots[slot]!
    if (found < 0) return closed
    if (found >= socketCount) {
      const other = found - socketCount
      if (isSameFlowEnd(flows, flow, end, other >> 1, other & 1)) return found
    } else if (isSocketEnd(sockets, found, flows, flow, end)) {
      if (sockets.source[found] !== rowSource.closed) return found
      closed = found
    }
  }
}

function addEnd({ flows, socketCount, slots, mask }: Ends, flow: number, end: number): void {
  let slot = hashEnd(flows, flow, end) & mask
  while (slots[slot]! >= 0) slot = (slot + 1) & mask
  slots[slot] = socketCount + flow * 2 + end
}

const sourceOf = (flows: FlowTable, end: number) => (end === SENDER ? flows.originalSource : flows.replySource)
const targetOf = (flows: FlowTable, end: number) => (end === SENDER ? flows.originalTarget : flows.replyTarget)
const sourcePortOf = (flows: FlowTable, end: number) =>
  end === SENDER ? flows.originalSourcePort : flows.replySourcePort
const targetPortOf = (flows: FlowTable, end: number) =>
  end === SENDER ? flows.originalTargetPort : flows.replyTargetPort

function isSocketEnd(sockets: SocketTable, row: number, flows: FlowTable, flow: number, end: number): boolean {
  return (
    sockets.localPort[row] === sourcePortOf(flows, end)[flow] &&
    sockets.remotePort[row] === targetPortOf(flows, end)[flow] &&
    sockets.protocol[row] === flows.protocol[flow] &&
    isSameAddress(sockets.localAddress, row, sourceOf(flows, end), flow) &&
    isSameAddress(sockets.remoteAddress, row, targetOf(flows, end), flow)
  )
}

function isSameFlowEnd(flows: FlowTable, a: number, aEnd: number, b: number, bEnd: number): boolean {
  return (
    sourcePortOf(flows, aEnd)[a] === sourcePortOf(flows, bEnd)[b] &&
    targetPortOf(flows, aEnd)[a] === targetPortOf(flows, bEnd)[b] &&
    flows.protocol[a] === flows.protocol[b] &&
    isSameAddress(sourceOf(flows, aEnd), a, sourceOf(flows, bEnd), b) &&
    isSameAddress(targetOf(flows, aEnd), a, targetOf(flows, bEnd), b)
  )
}

const hashEnd = (flows: FlowTable, flow: number, end: number): number =>
  hash(
    sourceOf(flows, end),
    targetOf(flows, end),
    flow,
    sourcePortOf(flows, end)[flow]!,
    targetPortOf(flows, end)[flow]!,
    flows.protocol[flow]!,
  )

function hash(
  local: Uint32Array,
  remote: Uint32Array,
  row: number,
  localPort: number,
  remotePort: number,
  protocol: number,
): number {
  let h = Math.imul((localPort << 16) | remotePort, 0x9e3779b1) ^ protocol
  for (let i = 0; i < 4; i++) {
    h = Math.imul(h ^ local[row * 4 + i]!, 0x85ebca6b)
    h ^= h >>> 15
    h = Math.imul(h ^ remote[row * 4 + i]!, 0xc2b2ae35)
    h ^= h >>> 13
  }
  return h >>> 1
}

/** ::ffff:0:0 as it lies in memory. */
const MAPPED_WORD = 0xffff0000

/** Unconnected UDP sockets by local port. */
type Holders = ReadonlyMap<number, readonly number[]>

const NO_HOLDERS: Holders = new Map()

function indexHolders(sockets: SocketTable, { from, to }: RowRange): Holders {
  const holders = new Map<number, number[]>()
  for (let row = from; row < to; row++) {
    if (sockets.protocol[row] !== IPPROTO_UDP || sockets.remotePort[row] !== 0) continue
    const rows = holders.get(sockets.localPort[row]!)
    if (rows === undefined) holders.set(sockets.localPort[row]!, [row])
    else rows.push(row)
  }
  return holders
}

/** The socket that receives at one end of a UDP flow, or -1: one bound to that address, else to every address. */
function findHolder(holders: Holders, sockets: SocketTable, flows: FlowTable, flow: number, end: number): number {
  if (flows.protocol[flow] !== IPPROTO_UDP) return -1
  const rows = holders.get(sourcePortOf(flows, end)[flow]!)
  if (rows === undefined) return -1
  const address = sourceOf(flows, end)
  const isIpv4 = flows.family[flow] === AF_INET
  const exact = rows.find((row) => isSameAddress(sockets.localAddress, row, address, flow))
  return exact ?? rows.find((row) => takesEveryAddress(sockets, row, isIpv4)) ?? -1
}

function takesEveryAddress({ localAddress, family, isV6Only }: SocketTable, row: number, isIpv4: boolean): boolean {
  const at = row * 4
  if (localAddress[at] !== 0 || localAddress[at + 1] !== 0 || localAddress[at + 3] !== 0) return false
  // `::` of an IPv6 socket takes IPv4 too, unless it is told not to; ::ffff:0.0.0.0 takes IPv4 alone.
  if (localAddress[at + 2] === 0) return family[row] === AF_INET6 && !(isIpv4 && isV6Only[row] === 1)
  return localAddress[at + 2] === MAPPED_WORD && isIpv4
}
