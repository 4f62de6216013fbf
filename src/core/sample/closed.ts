/**
 * Connections that ended since the look before, credited to the right peer, port and process, each byte once.
 *
 * What an event says is a total. What earlier looks have counted of the same socket is found by its cookie among the
 * rows that vanished, and stays beside it in `countedAcked` and `countedReceived`; a socket that no look has seen
 * counts whole. `deriveBytes` makes the difference.
 *
 * The events of a look are those that came before its dump began: a socket that such an event names is not in the dump,
 * and one that ends during the dump waits for the next look.
 */
import { awaitVanished, forgetEldest, inheritLife, keepMarked, recallAwaiting } from "./awaiting.ts"
import { createClosedSums, sumClosed } from "./closed-sums.ts"
import { isWiped } from "./closing-event.ts"
import { findListeners, LISTEN, type Listeners, listenerOf } from "./listeners.ts"
import { hasPeerFinished, settleFinalPayload, settlePayload } from "./payload.ts"
import { type FindRow, indexByCookie, indexByEnds } from "./row-index.ts"
import { appendCopies, createSocketTable, rowSource, type SocketTable } from "./socket-table.ts"

/** Up to this many connections that ended have a row each; the rest are summed. */
export const CLOSED_ROWS_MAX = 5_000

// net/tcp_states.h
const FIN_WAIT2 = 5
const TIME_WAIT = 6
const CLOSE = 7

/** What has to be remembered from look to look. */
export interface ClosedLedger {
  readonly awaiting: SocketTable
}

export const createClosedLedger = (): ClosedLedger => ({ awaiting: createSocketTable(64) })

export interface LookToSettle {
  /** The sockets of this look, joined with `previous` by `linkPrevious`. Rows of closed connections are added to it. */
  readonly table: SocketTable
  /** Those of `table`, where somebody has found them already. */
  readonly listeners?: Listeners
  /** The look before, settled; `undefined`: there is none. */
  readonly previous: SocketTable | undefined
  /** Events that came since the events of `previous` were taken. Used up. */
  readonly events: SocketTable
  /** Every end in this namespace since the look before has reached us, or will: its listener was open all the time. */
  readonly isHeard: (namespace: number) => boolean
  /** This look shows every socket of the namespace, or the namespace is gone. */
  readonly isComplete: (namespace: number) => boolean
  /** The look before showed every socket of the namespace. */
  readonly wasComplete: (namespace: number) => boolean
  /** The monotonic clock of this look and of the one before, milliseconds. */
  readonly nowMs: number
  readonly previousMs?: number
  /** The number of the same owner marked as unsure. */
  readonly unsure?: (owner: number) => number
}

/** How exact the credit is, in connections. */
export interface ClosedReport {
  /** Ends that are in the table, each with a row, on its TIME_WAIT row or in a sum. */
  readonly closed: number
  readonly summed: number
  /** Summed without their peer: more peers than sums. */
  readonly withoutPeer: number
  /** Aborted by this host (SO_LINGER 0): what moved since the last look is not known. */
  readonly aborted: number
  /** Ended before any complete look had shown them: what moved before is not known, so nothing is credited. */
  readonly unknown: number
  /** Seen alive, and ended where no event reaches us. */
  readonly unheard: number
  /** Seen alive, waited for, and given up for want of room. */
  readonly forgotten: number
  /** Gone from the list while the event is still to come. */
  readonly awaiting: number
}

/**
 * Settles a look: payload counters, first sights, sides, and the connections that closed. Runs once, after
 * `linkPrevious`, whether or not there is anybody who listens to events.
 */
export function settleLook(ledger: ClosedLedger, look: LookToSettle): ClosedReport {
  const { table, previous, events, listeners = findListeners(table) } = look
  const { awaiting } = ledger
  recallAwaiting(awaiting, table)
  settlePayload(table, previous, listeners, look.nowMs)
  if (previous !== undefined) awaitVanished(awaiting, table, previous)
  const settler = createSettler(ledger, look, listeners)
  for (let event = 0; event < events.length; event++) settler.settle(event)
  settler.end()
  keepMarked(awaiting, settler.isAwaited)
  const unheard = dropUnheard(awaiting, look)
  const forgotten = forgetEldest(awaiting)
  return { ...settler.counts, unheard, forgotten, awaiting: awaiting.length }
}

/** No event comes any more for what ended where nobody listened. */
function dropUnheard(awaiting: SocketTable, { isHeard, isComplete }: LookToSettle): number {
  const isKept = new Uint8Array(awaiting.length)
  let unheard = 0
  for (let row = 0; row < awaiting.length; row++) {
    const namespace = awaiting.namespace[row]!
    if (isHeard(namespace) || !isComplete(namespace)) isKept[row] = 1
    else unheard++
  }
  if (unheard > 0) keepMarked(awaiting, isKept)
  return unheard
}

function createSettler({ awaiting }: ClosedLedger, look: LookToSettle, listeners: Listeners) {
  const { table, previous, events, unsure = (owner: number) => owner } = look
  const counts = { closed: 0, summed: 0, withoutPeer: 0, aborted: 0, unknown: 0 }
  const isAwaited = new Uint8Array(awaiting.length).fill(1)
  const findAwaited = indexByCookie(awaiting)
  const twins = findTwins(table, events)
  let listenersBefore: Listeners | undefined
  let listenersEnded: Listeners | undefined
  const summed: number[] = []
  /** Events that get a row each. */
  const rows = new Int32Array(Math.min(CLOSED_ROWS_MAX, events.length))
  let rowCount = 0

  /** A connection that no look has seen is its listener's, now or in the look before, or nobody's. */
  function inferOwner(event: number): void {
    let owner = -1
    let listener = listenerOf(table, listeners, event, events)
    if (listener >= 0) owner = table.owner[listener]!
    else if (previous !== undefined) {
      listenersBefore ??= findListeners(previous)
      listener = listenerOf(previous, listenersBefore, event, events)
      if (listener >= 0) owner = previous.owner[listener]!
    }
    // A server that no look has seen either tells its own end.
    if (listener < 0) {
      listenersEnded ??= findListeners(events)
      listener = listenerOf(events, listenersEnded, event)
    }
    events.isOpener[event] = listener >= 0 ? 0 : 1
    if (owner >= 0) events.owner[event] = unsure(owner)
  }

  /** False when the kernel has wiped what the event would say and no look has seen the connection either. */
  function settleLife(event: number): boolean {
    const known = findAwaited(events, event)
    if (isWiped(events, event)) {
      counts.aborted++
      if (known < 0) return false
    }
    if (known >= 0) settleKnown(event, known)
    else settleUnseen(event)
    return true
  }

  function settleKnown(event: number, known: number): void {
    isAwaited[known] = 0
    if (previous === undefined) counts.unknown++
    const arrivedMs = events.firstSeenMs[event]!
    const livedMs = Math.max(events.lifetimeMs[event]!, arrivedMs - awaiting.firstSeenMs[known]!)
    if (isWiped(events, event)) {
      restoreWiped(event, known)
      return
    }
    inheritLife(awaiting, known, events, event)
    events.lifetimeMs[event] = livedMs
    events.uid[event] = awaiting.uid[known]!
    events.inode[event] = awaiting.inode[known]!
    events.cgroupId[event] = awaiting.cgroupId[known]!
    settleFinalPayload(events, event, hasPeerFinished(awaiting.state[known]!))
    // What a look took for payload can have been a FIN under way; less than counted was never there.
    if (events.bytesAcked[event]! < events.countedAcked[event]!) backTo(event, "bytesAcked", "countedAcked")
    if (events.bytesReceived[event]! < events.countedReceived[event]!) backTo(event, "bytesReceived", "countedReceived")
  }

  function backTo(
    event: number,
    counter: "bytesAcked" | "bytesReceived",
    counted: "countedAcked" | "countedReceived",
  ): void {
    const FIN_AND_SYN = 2
    if (events[counted][event]! - events[counter][event]! <= FIN_AND_SYN)
      events[counter][event] = events[counted][event]!
  }

  /** The last look is all that is left of it. */
  function restoreWiped(event: number, known: number): void {
    const arrivedMs = events.firstSeenMs[event]!
    for (const column of [
      "localPort",
      "remotePort",
      "bytesSent",
      "bytesRetransmitted",
      "rttUs",
      "retransTotal",
    ] as const)
      events[column][event] = awaiting[column][known]!
    for (let word = 0; word < 4; word++) {
      events.localAddress[event * 4 + word] = awaiting.localAddress[known * 4 + word]!
      events.remoteAddress[event * 4 + word] = awaiting.remoteAddress[known * 4 + word]!
    }
    for (const column of ["uid", "inode", "cgroupId", "bytesAcked", "bytesReceived"] as const)
      events[column][event] = awaiting[column][known]!
    inheritLife(awaiting, known, events, event)
    events.lifetimeMs[event] = Math.max(0, arrivedMs - awaiting.firstSeenMs[known]!)
  }

  function settleUnseen(event: number): void {
    inferOwner(event)
    settleFinalPayload(events, event, false)
    const isBornSince = previous !== undefined && look.wasComplete(events.namespace[event]!)
    if (!isBornSince) counts.unknown++
    else if (look.previousMs !== undefined) {
      const windowMs = Math.max(0, events.firstSeenMs[event]! - look.previousMs)
      events.lifetimeMs[event] = Math.min(events.lifetimeMs[event]!, windowMs)
    }
  }

  function place(event: number): void {
    events.state[event] = CLOSE
    events.previousRow[event] = -1
    const twin = twins(event)
    if (twin >= 0) completeTwin(table, twin, events, event)
    else if (rowCount < CLOSED_ROWS_MAX) rows[rowCount++] = event
    else summed.push(event)
  }

  function end(): void {
    appendCopies(events, rows.subarray(0, rowCount), table)
    const sums = createClosedSums()
    for (const event of summed)
      if (!sumClosed(sums, table, events, event, look.wasComplete(events.namespace[event]!))) counts.withoutPeer++
    counts.summed = summed.length
  }

  return {
    counts,
    isAwaited,
    end,
    settle(event: number): void {
      if (events.state[event] === LISTEN || !settleLife(event)) return
      counts.closed++
      place(event)
    },
  }
}

/**
 * The kernel replaces the socket of the side that closed first by a smaller one in TIME_WAIT (or FIN_WAIT2) without
 * counters: one connection, one row. Answers the row of such a twin, or -1.
 */
function findTwins(table: SocketTable, events: SocketTable): (event: number) => number {
  if (events.length === 0) return () => -1
  const find: FindRow = indexByEnds(events)
  const twin = new Int32Array(events.length).fill(-1)
  for (let row = 0; row < table.length; row++) {
    if (table.hasInfo[row] === 1 || (table.state[row] !== TIME_WAIT && table.state[row] !== FIN_WAIT2)) continue
    const event = find(table, row)
    if (event >= 0) twin[event] = row
  }
  return (event) => twin[event]!
}

/** Gives the row in TIME_WAIT the final counters. It is listed as it was, and told apart by its source. */
function completeTwin(table: SocketTable, row: number, events: SocketTable, event: number): void {
  for (const column of [
    "bytesAcked",
    "bytesReceived",
    "bytesSent",
    "bytesRetransmitted",
    "countedAcked",
    "countedReceived",
    "countedSent",
    "rttUs",
    "retransTotal",
    "hasInfo",
    "isOpener",
    "lifetimeMs",
    "previousRow",
  ] as const)
    table[column][row] = events[column][event]!
  if (table.owner[row]! < 0) table.owner[row] = events.owner[event]!
  if (table.cgroupId[row] === 0) table.cgroupId[row] = events.cgroupId[event]!
  table.source[row] = rowSource.closed
}
