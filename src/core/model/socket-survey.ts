/**
 * What the sockets of one look tell the diagnosis: how many are in trouble, of which kind, and whose they are.
 *
 * One pass over the rows; only those in trouble are looked at closer, so that 100,000 healthy sockets cost little.
 */
import type { Owner } from "../sample/owners.ts"
import { isCompleteIn, type Sockets } from "../sample/sample.ts"
import { addressText, IPPROTO_TCP, isIpv4At, rowSource, type SocketTable } from "../sample/socket-table.ts"
import { LISTEN } from "./direction.ts"
import type { RateTable } from "./rates.ts"
import { isFullSizeOnly, isStalled, rise32, TIMER_PROBE } from "./why.ts"

/** Whose trouble it is; a field is there where all the sockets meant have it in common. */
export interface Subject {
  readonly process?: string
  readonly pid?: number
  readonly localAddress?: string
  readonly port?: number
  readonly peer?: string
  readonly peerPort?: number
}

/** Sockets in one kind of trouble, and the largest part of them that has something in common. */
export interface Tally {
  readonly count: number
  readonly worst?: Subject & { readonly count: number }
}

export interface FullListener extends Subject {
  readonly queued: number
  readonly backlog: number
}

export interface Loss {
  /** Payload bytes of connections that sent something in the window. */
  readonly sentBytes: number
  readonly retransmittedBytes: number
  readonly segmentCount: number
  /** Connections that retransmitted, and of how many that sent. */
  readonly lossyCount: number
  readonly sendingCount: number
  readonly worst?: { readonly peer: string; readonly share: number }
  /** All lossy peers are in this network. */
  readonly prefix?: string
  /** The peer that most was sent to again, by itself. */
  readonly peer?: { readonly sentBytes: number; readonly retransmittedBytes: number; readonly segmentCount: number }
}

export interface Births {
  readonly count: number
  /** The service port most of them have: local for those that came in, remote for those we opened. */
  readonly worst?: Subject & { readonly count: number }
}

/** Local ports taken towards one destination. */
export interface PortUse extends Subject {
  readonly used: number
  readonly timeWait: number
}

export interface SocketSurvey {
  /** As `SocketTable.namespace`. */
  readonly namespace: number
  readonly establishedCount: number
  readonly timeWaitCount: number
  /** Listeners whose queue is fuller than its limit, the fullest first. */
  readonly fullListeners: readonly FullListener[]
  readonly synReceived: Tally & { readonly peerCount: number }
  /** SYN_SENT that has sent its SYN again. */
  readonly synSent: Tally
  readonly closeWait: Tally
  readonly finWait1: Tally
  /** The local program does not read. */
  readonly localReaders: Tally
  /** The peer does not read. */
  readonly peerReaders: Tally
  readonly sendBuffers: Tally
  readonly stalled: Tally
  readonly blackHoles: Tally
  /** Round trip far above its best, of connections that moved something over the same local address. */
  readonly inflated: Tally & { readonly activeCount: number }
  readonly loss: Loss
  readonly cameIn: Births
  readonly wentOut: Births
  readonly portUse?: PortUse
  /** Path MTU below that of the device. */
  readonly smallPaths: Tally & { readonly comparedCount: number }
  /** Who holds most memory of sockets: received and not read, or to be sent. */
  readonly memory?: Subject & { readonly bytes: number }
  readonly talker?: Subject & { readonly bytes: number }
  /** Sockets that a process holds, and of how many of those the process is known. */
  readonly heldCount: number
  readonly knownCount: number
}

export interface SurveyInput {
  readonly sockets: Sockets
  readonly rates: RateTable
  /** The look before, linked. */
  readonly before?: { readonly sockets: Sockets; readonly elapsedMs: number }
  /** MTU of the device that has a local address; absent: not known, or the loopback. */
  readonly mtuOf: (localAddress: string) => number | undefined
  /** The largest MTU of a device that is no loopback; 0: not known. A path as wide as that is as wide as its device. */
  readonly mtuMax: number
  /** From this many local ports on towards one remote port, each destination is counted. */
  readonly portsWorthCounting: number
}

const ESTABLISHED = 1
const SYN_SENT = 2
const SYN_RECV = 3
const FIN_WAIT1 = 4
const TIME_WAIT = 6
const CLOSE = 7
const CLOSE_WAIT = 8
const NEW_SYN_RECV = 12

const GROWN_MIN = 16_384
const BUSY_MIN_US = 200_000
const SLOW_BYTES_PER_SECOND = 1_000_000
/** A buffer above this was made large on purpose, or grew by itself. */
const SEND_BUFFER_SMALL = 262_144
const STALLED_LONG_MS = 30_000
const RTT_FACTOR = 3
const RTT_EXTRA_US = 50_000
const OFF_MTU = 65_535

/** One survey for each namespace that has sockets, and for our own always. Hot. */
export function surveySockets({
  sockets,
  rates,
  before,
  mtuOf,
  mtuMax,
  portsWorthCounting,
}: SurveyInput): SocketSurvey[] {
  const { table, owners } = sockets
  const {
    state,
    previousRow,
    protocol,
    source,
    connectionCount,
    countedAcked,
    namespace,
    hasInfo,
    backoff,
    busyTimeUs,
    bytesAcked,
    bytesReceived,
    bytesRetransmitted,
    bytesSent,
    inode,
    localPort,
    minRttUs,
    owner,
    pathMtu,
    probes,
    receiveAllocated,
    receiveBuffer,
    receiveQueue,
    receiveWindowLimitedUs,
    remotePort,
    retransmits,
    rttUs,
    sendBuffer,
    sendBufferLimitedUs,
    sendMss,
    sendQueue,
    timer,
    unacked,
  } = table
  const { isIncoming: isIncomingAt } = rates
  const rowCount = table.length
  const past = before?.sockets.table
  // Without a look before, the columns of this one stand in, and are not looked at.
  const {
    busyTimeUs: busyTimeUsPast,
    bytesAcked: bytesAckedPast,
    bytesReceived: bytesReceivedPast,
    bytesRetransmitted: bytesRetransmittedPast,
    bytesSent: bytesSentPast,
    hasInfo: hasInfoPast,
    receiveQueue: receiveQueuePast,
    receiveWindowLimitedUs: receiveWindowLimitedUsPast,
    sendBufferLimitedUs: sendBufferLimitedUsPast,
  } = past ?? table
  const elapsedMs = before?.elapsedMs ?? 0
  const sawAllOf = (net: number) => before !== undefined && isCompleteIn(before.sockets, net)
  const lists = newLists()
  const memory = new Float64Array(owners.length)
  const births = new Map<number, { count: number; row: number }>()
  let outgoingCount = 0
  const sums = new Map<number, Sums>()
  let sum = sumsOf(sums, 0)
  let sumNamespace = 0
  let sawAll = sawAllOf(0)
  for (let row = 0; row < rowCount; row++) {
    const net = namespace[row]!
    if (net !== sumNamespace) {
      sum = sumsOf(sums, net)
      sumNamespace = net
      sawAll = sawAllOf(net)
    }
    if (protocol[row] !== IPPROTO_TCP || source[row] === rowSource.conntrack) continue
    const current = state[row]!
    const isIncoming = isIncomingAt[row] === 1
    const match = previousRow[row]!
    // A connection that an earlier look than the one before has shown is not new, though that one did not show it.
    const isBorn = match < 0 && sawAll && Number.isNaN(countedAcked[row]!)
    if (isBorn && current !== LISTEN) {
      const port = isIncoming ? localPort[row]! : remotePort[row]!
      const key = (net * 2 + (isIncoming ? 1 : 0)) * 65_536 + port
      const known = births.get(key)
      if (known === undefined) births.set(key, { count: connectionCount[row]!, row })
      else {
        known.count += connectionCount[row]!
        if (owner[known.row]! < 0) known.row = row
      }
    }
    // What has ended is in no trouble any more.
    if (!isThere(table, row)) continue
    if (inode[row] !== 0) {
      sum.held++
      if (owner[row]! >= 0) sum.known++
    }
    const own = owner[row]!
    if (own >= 0) memory[own]! += receiveAllocated[row]! + sendQueue[row]!
    if (current === LISTEN) {
      lists.allListeners.push(row)
      if (receiveQueue[row]! > sendQueue[row]!) lists.listeners.push(row)
      continue
    }
    if (!isIncoming) outgoingCount++
    if (current === TIME_WAIT) {
      sum.timeWait++
      continue
    }
    if (current === ESTABLISHED) sum.established++
    else if (current === SYN_SENT) {
      if (retransmits[row]! > 0 || backoff[row]! > 0) lists.synSent.push(row)
      continue
    } else if (current === SYN_RECV || current === NEW_SYN_RECV) {
      lists.synReceived.push(row)
      continue
    } else if (current === CLOSE_WAIT) lists.closeWait.push(row)
    else if (current === FIN_WAIT1) lists.finWait1.push(row)
    else continue
    if (hasInfo[row] === 0 || current === FIN_WAIT1) continue

    if (unacked[row]! > 0 && retransmits[row]! > 0) {
      if (isStalled(table, row) && isFullSizeOnly(table, row)) lists.blackHoles.push(row)
      else if (isGone(table, row)) lists.stalled.push(row)
    }
    if (timer[row] === TIMER_PROBE && (probes[row]! > 0 || backoff[row]! > 0)) {
      if (match < 0 || past === undefined || bytesAcked[row] === bytesAckedPast[match]) lists.peerReaders.push(row)
    }
    const mtu = pathMtu[row]!
    if (current === ESTABLISHED && mtu > 0 && mtu < OFF_MTU) {
      sum.compared++
      if (mtu < mtuMax) lists.narrow.push(row)
    }
    if (past === undefined || (match < 0 && !isBorn)) continue
    // Born in the window, or counted only since the handshake ended: everything it has moved is of this window.
    const from = match >= 0 && hasInfoPast[match] === 1 ? match : -1
    const received = bytesReceived[row]! - (from < 0 ? 0 : bytesReceivedPast[from]!)
    const acked = bytesAcked[row]! - (from < 0 ? 0 : bytesAckedPast[from]!)
    const sent = bytesSent[row]! - (from < 0 ? 0 : bytesSentPast[from]!)
    const queued = receiveQueue[row]!
    if (current === ESTABLISHED && queued > 0 && from >= 0) {
      const read = received - (queued - receiveQueuePast[from]!)
      const room = receiveBuffer[row]!
      const isFull = room > 0 && Math.max(queued, receiveAllocated[row]!) >= room / 2
      const isGrowing = queued > receiveQueuePast[from]! && queued >= GROWN_MIN && read < received / 2
      if ((read <= 0 && isFull) || isGrowing) lists.localReaders.push(row)
    }
    if (sent > 0) {
      const again = bytesRetransmitted[row]! - (from < 0 ? 0 : bytesRetransmittedPast[from]!)
      sum.sending++
      sum.sent += sent
      sum.segments += sent / (sendMss[row]! || 1)
      if (again > 0) {
        sum.retransmitted += again
        lists.lossy.push(row)
      }
    }
    if (acked > 0) {
      sum.active++
      const rtt = rttUs[row]!
      const best = minRttUs[row]!
      if (best > 0 && rtt > RTT_FACTOR * best && rtt - best >= RTT_EXTRA_US) lists.inflated.push(row)
      const moved = acked + received
      if (moved > sum.talkerBytes) {
        sum.talkerBytes = moved
        sum.talker = row
      }
    } else if (received > sum.talkerBytes) {
      sum.talkerBytes = received
      sum.talker = row
    }
    const busy = rise32(busyTimeUs[row]!, from < 0 ? 0 : busyTimeUsPast[from]!)
    if (busy < BUSY_MIN_US) continue
    const isSlow = (acked * 1_000) / elapsedMs < SLOW_BYTES_PER_SECOND
    if (
      isSlow &&
      timer[row] !== TIMER_PROBE &&
      rise32(receiveWindowLimitedUs[row]!, from < 0 ? 0 : receiveWindowLimitedUsPast[from]!) * 2 > busy
    )
      lists.peerReaders.push(row)
    if (
      sendBuffer[row]! <= SEND_BUFFER_SMALL &&
      rise32(sendBufferLimitedUs[row]!, from < 0 ? 0 : sendBufferLimitedUsPast[from]!) * 5 >= busy
    )
      lists.sendBuffers.push(row)
  }
  // Where there are fewer in all, no destination has as many.
  const portUses =
    outgoingCount < portsWorthCounting
      ? new Map<number, PortUse>()
      : countPorts(table, rates, owners, portsWorthCounting)
  const since = (row: number, now: Float64Array, before: Float64Array | undefined) => {
    const match = previousRow[row]!
    return now[row]! - (match >= 0 && past?.hasInfo[match] === 1 ? before![match]! : 0)
  }
  const sentOn = (row: number) => since(row, table.bytesSent, past?.bytesSent)
  const again = (row: number) => since(row, table.bytesRetransmitted, past?.bytesRetransmitted)
  return [...sums].map(([net, total]) => {
    const of = (rows: readonly number[]) => (sums.size === 1 ? rows : rows.filter((row) => namespace[row] === net))
    const tally = (rows: readonly number[], common: Common) => tallyOf(table, owners, of(rows), common)
    const small = of(lists.narrow).filter((row) => isBelowDevice(table, row, mtuOf))
    return {
      namespace: net,
      establishedCount: total.established,
      timeWaitCount: total.timeWait,
      fullListeners: fullest(table, owners, of(lists.listeners)),
      synReceived: {
        ...tally(lists.synReceived, "port"),
        peerCount: distinctPeers(table, of(lists.synReceived)),
      },
      synSent: tally(lists.synSent, "destination"),
      closeWait: tally(lists.closeWait, "process"),
      finWait1: tally(lists.finWait1, "peer"),
      localReaders: tally(lists.localReaders, "process"),
      peerReaders: tally(lists.peerReaders, "peer"),
      sendBuffers: tally(lists.sendBuffers, "process"),
      stalled: tally(lists.stalled, "peer"),
      blackHoles: tally(lists.blackHoles, "peer"),
      inflated: { ...tally(lists.inflated, "local"), activeCount: total.active },
      loss: lossOf(table, total, of(lists.lossy), again, { net, sent: sentOn }),
      cameIn: withListener(birthsOf(table, owners, births, net, 1), table, owners, of(lists.allListeners)),
      wentOut: birthsOf(table, owners, births, net, 0),
      ...(portUses.get(net) === undefined ? {} : { portUse: portUses.get(net)! }),
      smallPaths: { ...tallyOf(table, owners, small, "peer"), comparedCount: total.compared },
      ...(total.talker < 0
        ? {}
        : { talker: { ...subjectOf(table, owners, total.talker, "connection"), bytes: total.talkerBytes } }),
      ...memoryOf(memory, owners, table, net),
      heldCount: total.held,
      knownCount: total.known,
    }
  })
}

/** A TCP socket of the kernel's list; the row in TIME_WAIT stays one when the event of its end completes it. */
const isThere = ({ protocol, source, state }: SocketTable, row: number): boolean =>
  protocol[row] === IPPROTO_TCP &&
  (source[row] === rowSource.socket || (source[row] === rowSource.closed && state[row] !== CLOSE))

/** Silent for long, or through so many timeouts that no queue explains it. */
const isGone = (table: SocketTable, row: number): boolean =>
  (table.lastAckReceivedMs[row]! > STALLED_LONG_MS && table.retransmits[row]! >= 1) ||
  (table.retransmits[row]! >= 3 && isStalled(table, row))

const newLists = () => ({
  allListeners: [] as number[],
  listeners: [] as number[],
  synReceived: [] as number[],
  synSent: [] as number[],
  closeWait: [] as number[],
  finWait1: [] as number[],
  localReaders: [] as number[],
  peerReaders: [] as number[],
  sendBuffers: [] as number[],
  stalled: [] as number[],
  blackHoles: [] as number[],
  inflated: [] as number[],
  lossy: [] as number[],
  narrow: [] as number[],
})

const newSums = () => ({
  established: 0,
  timeWait: 0,
  held: 0,
  known: 0,
  sending: 0,
  active: 0,
  compared: 0,
  sent: 0,
  retransmitted: 0,
  segments: 0,
  talker: -1,
  talkerBytes: 0,
})
type Sums = ReturnType<typeof newSums>

function sumsOf(sums: Map<number, Sums>, net: number): Sums {
  const known = sums.get(net)
  if (known !== undefined) return known
  const made = newSums()
  sums.set(net, made)
  return made
}

/** What sockets may have in common. */
type Common = "process" | "port" | "peer" | "destination" | "local" | "connection"

function peerKey({ remoteAddress }: SocketTable, row: number): number {
  const at = row * 4
  if (isIpv4At(remoteAddress, row)) return remoteAddress[at + 3]!
  let key = 0x811c9dc5
  for (let i = 0; i < 4; i++) key = Math.imul(key ^ remoteAddress[at + i]!, 0x01000193) ^ (key >>> 15)
  // Above every IPv4 address.
  return 2 ** 32 + (key >>> 0)
}

function keyOf(table: SocketTable, row: number, common: Common): number {
  switch (common) {
    case "process":
      // A socket without a known process is joined with those of its port.
      return table.owner[row]! >= 0 ? table.owner[row]! : -1 - table.localPort[row]!
    case "port":
      return table.localPort[row]!
    case "peer":
      return peerKey(table, row)
    case "destination":
      return peerKey(table, row) * 65_536 + table.remotePort[row]!
    case "local":
      return table.localAddress[row * 4 + 3]!
    case "connection":
      return row
  }
}

function tallyOf(table: SocketTable, owners: readonly Owner[], rows: readonly number[], common: Common): Tally {
  if (rows.length === 0) return { count: 0 }
  const groups = new Map<number, { count: number; row: number }>()
  let worst: { count: number; row: number } | undefined
  for (const row of rows) {
    const key = keyOf(table, row, common)
    let group = groups.get(key)
    if (group === undefined) {
      group = { count: 0, row }
      groups.set(key, group)
    }
    group.count++
    if (worst === undefined || group.count > worst.count) worst = group
  }
  const { row, count } = worst!
  return { count: rows.length, worst: { ...subjectOf(table, owners, row, common, count === 1), count } }
}

/** The fields that a group has in common; one socket alone has them all. */
function subjectOf(
  table: SocketTable,
  owners: readonly Owner[],
  row: number,
  common: Common,
  isAlone = common === "connection",
): Subject {
  const owner = owners[table.owner[row]!]
  const process = owner === undefined ? {} : { pid: owner.pid, ...(owner.name === "" ? {} : { process: owner.name }) }
  const port = { port: table.localPort[row]! }
  const peer = { peer: addressText(table.remoteAddress, row) }
  const local = { localAddress: addressText(table.localAddress, row) }
  const peerPort = { peerPort: table.remotePort[row]! }
  if (isAlone) return { ...process, ...local, ...port, ...peer, ...peerPort }
  if (common === "process") return owner === undefined ? port : { ...process, ...port }
  if (common === "port") return { ...process, ...port }
  if (common === "peer") return { ...process, ...peer }
  if (common === "destination") return { ...process, ...peer, ...peerPort }
  return local
}

const LISTENERS_MAX = 20

function fullest(table: SocketTable, owners: readonly Owner[], rows: readonly number[]): FullListener[] {
  const excess = (row: number) => table.receiveQueue[row]! - table.sendQueue[row]!
  return [...rows]
    .sort((a, b) => excess(b) - excess(a))
    .slice(0, LISTENERS_MAX)
    .map((row) => ({
      ...subjectOf(table, owners, row, "port"),
      localAddress: addressText(table.localAddress, row),
      queued: table.receiveQueue[row]!,
      backlog: table.sendQueue[row]!,
    }))
}

/** Among the processes that have sockets in this namespace. */
function memoryOf(
  memory: Float64Array,
  owners: readonly Owner[],
  { owner, namespace, length }: SocketTable,
  net: number,
): { readonly memory?: Subject & { readonly bytes: number } } {
  let worst = -1
  for (let i = 0; i < memory.length; i++) if (memory[i]! > (worst < 0 ? 0 : memory[worst]!)) worst = i
  const holder = owners[worst]
  if (holder === undefined) return {}
  let isHere = false
  for (let row = 0; row < length && !isHere; row++) isHere = owner[row] === worst && namespace[row] === net
  if (!isHere) return {}
  return { memory: { pid: holder.pid, ...(holder.name === "" ? {} : { process: holder.name }), bytes: memory[worst]! } }
}

function distinctPeers(table: SocketTable, rows: readonly number[]): number {
  const peers = new Set<number>()
  for (const row of rows) peers.add(peerKey(table, row))
  return peers.size
}

function lossOf(
  table: SocketTable,
  total: Sums,
  rows: readonly number[],
  again: (row: number) => number,
  sending: { readonly net: number; readonly sent: (row: number) => number },
): Loss {
  const byPeer = new Map<number, { bytes: number; row: number }>()
  let worst: { bytes: number; row: number } | undefined
  const networks = new Set<number>()
  for (const row of rows) {
    const key = peerKey(table, row)
    let peer = byPeer.get(key)
    if (peer === undefined) {
      peer = { bytes: 0, row }
      byPeer.set(key, peer)
    }
    peer.bytes += again(row)
    if (worst === undefined || peer.bytes > worst.bytes) worst = peer
    // The first three bytes of IPv4, as they lie in memory.
    networks.add(isIpv4At(table.remoteAddress, row) ? key & 0xffffff : key)
  }
  const first = rows[0]
  let sentBytes = 0
  let segmentCount = 0
  if (worst !== undefined) {
    const key = peerKey(table, worst.row)
    const word = table.remoteAddress[worst.row * 4 + 3]
    for (let row = 0; row < table.length; row++) {
      if (table.remoteAddress[row * 4 + 3] !== word || table.namespace[row] !== sending.net) continue
      if (table.source[row] !== rowSource.socket) continue
      const sent = table.hasInfo[row] === 1 && peerKey(table, row) === key ? sending.sent(row) : 0
      if (!(sent > 0)) continue
      sentBytes += sent
      segmentCount += sent / (table.sendMss[row]! || 1)
    }
  }
  return {
    sentBytes: total.sent,
    retransmittedBytes: total.retransmitted,
    segmentCount: total.segments,
    lossyCount: rows.length,
    sendingCount: total.sending,
    ...(worst === undefined
      ? {}
      : {
          worst: {
            peer: addressText(table.remoteAddress, worst.row),
            share: total.retransmitted > 0 ? worst.bytes / total.retransmitted : 0,
          },
          peer: { sentBytes, retransmittedBytes: worst.bytes, segmentCount },
        }),
    ...(networks.size === 1 && byPeer.size > 1 && first !== undefined && isIpv4At(table.remoteAddress, first)
      ? { prefix: `${addressText(table.remoteAddress, first).replace(/\.\d+$/, ".0")}/24` }
      : {}),
  }
}

/** A connection that has ended has no process any more; the one that listens there is who took it. */
function withListener(births: Births, table: SocketTable, owners: readonly Owner[], rows: readonly number[]): Births {
  const { worst } = births
  if (worst === undefined) {
    // They come and go between two looks: where there is one service only, it is that one.
    const [first] = rows
    const isOnly = first !== undefined && rows.every((row) => table.localPort[row] === table.localPort[first])
    return isOnly ? { ...births, worst: { ...subjectOf(table, owners, first, "port"), count: 0 } } : births
  }
  if (worst.pid !== undefined) return births
  const row = rows.find((each) => table.localPort[each] === worst.port && table.owner[each]! >= 0)
  return row === undefined ? births : { ...births, worst: { ...subjectOf(table, owners, row, "port"), ...worst } }
}

function birthsOf(
  table: SocketTable,
  owners: readonly Owner[],
  births: ReadonlyMap<number, { count: number; row: number }>,
  net: number,
  side: 0 | 1,
): Births {
  let count = 0
  let worst: { count: number; row: number } | undefined
  for (const [key, group] of births) {
    if (Math.floor(key / 65_536) !== net * 2 + side) continue
    count += group.count
    if (worst === undefined || group.count > worst.count) worst = group
  }
  if (worst === undefined) return { count }
  const { row } = worst
  const owner = owners[table.owner[row]!]
  const process = owner === undefined ? {} : { pid: owner.pid, ...(owner.name === "" ? {} : { process: owner.name }) }
  const port = side === 1 ? { port: table.localPort[row]! } : { peerPort: table.remotePort[row]! }
  return { count, worst: { ...process, ...port, count: worst.count } }
}

/** By namespace: the destination towards which most local ports are taken. */
function countPorts(
  table: SocketTable,
  rates: RateTable,
  owners: readonly Owner[],
  worthCounting: number,
): Map<number, PortUse> {
  const worst = new Map<number, PortUse>()
  const isOutgoing = (row: number) => table.state[row] !== LISTEN && isThere(table, row) && rates.isIncoming[row] === 0
  const remotePorts = portCounts.fill(0)
  for (let row = 0; row < table.length; row++) if (isOutgoing(row)) remotePorts[table.remotePort[row]!]!++
  let isAny = false
  for (let port = 0; port < 65_536 && !isAny; port++) isAny = remotePorts[port]! >= worthCounting
  if (!isAny) return worst
  // Rows are counted by the hash of their destination first: only destinations that may be many are told apart.
  const buckets = bucketCounts.fill(0)
  const isCounted = (row: number) => isOutgoing(row) && remotePorts[table.remotePort[row]!]! >= worthCounting
  for (let row = 0; row < table.length; row++) if (isCounted(row)) buckets[bucketOf(table, row)]!++
  const groups = new Map<string, { rows: number; timeWait: number; row: number }>()
  for (let row = 0; row < table.length; row++) {
    if (!isCounted(row) || buckets[bucketOf(table, row)]! < worthCounting) continue
    const key = `${table.namespace[row]} ${table.localAddress[row * 4 + 3]} ${peerKey(table, row)} ${table.remotePort[row]}`
    let group = groups.get(key)
    if (group === undefined) {
      group = { rows: 0, timeWait: 0, row }
      groups.set(key, group)
    }
    group.rows++
    if (table.state[row] === TIME_WAIT) group.timeWait++
    else if (table.owner[group.row]! < 0) group.row = row
  }
  for (const { rows, timeWait, row } of groups.values()) {
    const net = table.namespace[row]!
    if (rows <= (worst.get(net)?.used ?? 0)) continue
    const { port: _, ...subject } = subjectOf(table, owners, row, "connection")
    worst.set(net, { ...subject, used: rows, timeWait })
  }
  return worst
}

// Used from look to look: made anew each time they would be half a megabyte of garbage a look.
const portCounts = new Uint32Array(65_536)
const bucketCounts = new Uint32Array(65_536)

const bucketOf = ({ remoteAddress, localAddress, remotePort, namespace }: SocketTable, row: number): number => {
  const at = row * 4 + 3
  const mixed = Math.imul(remoteAddress[at]! ^ Math.imul(localAddress[at]!, 0x85ebca6b), 0x9e3779b1)
  return (mixed ^ Math.imul(remotePort[row]! + namespace[row]! * 65_537, 0xcc9e2d51)) >>> 16
}

function isBelowDevice(table: SocketTable, row: number, mtuOf: SurveyInput["mtuOf"]): boolean {
  const mtu = mtuOf(addressText(table.localAddress, row))
  return mtu !== undefined && table.pathMtu[row]! < mtu
}
