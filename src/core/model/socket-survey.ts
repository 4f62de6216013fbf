/**
 * What the sockets of one look tell the diagnosis: how many are in trouble, of which kind, and whose they are.
 *
 * One pass over the rows; only those in trouble are looked at closer, so that 100,000 healthy sockets cost little.
 */
import type { Owner } from "../sample/owners.ts"
import { isCompleteIn, type Sockets } from "../sample/sample.ts"
import { addressText, IPPROTO_TCP, rowSource, type SocketTable } from "../sample/socket-table.ts"
import { LISTEN } from "./direction.ts"
import type { RateTable } from "./rates.ts"
import { type Births, birthsOf, withListener } from "./survey-births.ts"
import { type Loss, lossOf } from "./survey-loss.ts"
import { holderOf } from "./survey-memory.ts"
import { countPorts, type PortUse, startCountingPorts } from "./survey-ports.ts"
import { type Common, distinctPeers, isThere, type Subject, subjectOf, type Tally, tallyOf } from "./survey-subject.ts"
import { isFullSizeOnly, isStalled, rise32, TIMER_PROBE } from "./why.ts"

export interface FullListener extends Subject {
  readonly queued: number
  readonly backlog: number
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
  const unread = new Float64Array(owners.length)
  const births = new Map<number, { count: number; row: number }>()
  // Where there are fewer rows in all, no destination has as many.
  const remotePorts = rowCount < portsWorthCounting ? undefined : startCountingPorts()
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
    if (own >= 0) {
      const held = receiveAllocated[row]!
      const unsent = sendQueue[row]!
      if (held > 0) unread[own]! += held
      if (held > 0 || unsent > 0) memory[own]! += held + unsent
    }
    if (current === LISTEN) {
      lists.allListeners.push(row)
      if (receiveQueue[row]! > sendQueue[row]!) lists.listeners.push(row)
      continue
    }
    if (!isIncoming && remotePorts !== undefined) remotePorts[remotePort[row]!]!++
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
  const portUses =
    remotePorts === undefined
      ? new Map<number, PortUse>()
      : countPorts(table, rates, owners, { remotePorts, worthCounting: portsWorthCounting })
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
      ...holderOf({ memory, unread }, owners, table, net),
      heldCount: total.held,
      knownCount: total.known,
    }
  })
}

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

function isBelowDevice(table: SocketTable, row: number, mtuOf: SurveyInput["mtuOf"]): boolean {
  const mtu = mtuOf(addressText(table.localAddress, row))
  return mtu !== undefined && table.pathMtu[row]! < mtu
}
