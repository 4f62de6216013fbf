/**
 * Why a connection is not faster, from what tcp_info says of it in two looks.
 *
 * The first cause that fits is the answer, in the order in which one would hide the next. Differences count, never the
 * whole life. The kernel's clocks for "busy" move in steps of up to 10 ms, so a share of little time says nothing.
 */
import { rowSource, type SocketTable } from "../sample/socket-table.ts"

/** `-`: nothing limits it, nothing moves, or nothing is known. */
export const whys = ["-", "app", "peer-window", "sndbuf", "loss", "reorder", "queue", "mtu", "cwnd", "dead"] as const
export type Why = (typeof whys)[number]

/** The number of a verdict in the column. */
export const whyCode = Object.fromEntries(whys.map((why, code) => [why, code])) as Readonly<Record<Why, number>>

/** What each verdict means, for one line. */
export const whyMeaning: Readonly<Record<Why, string>> = {
  "-": "nothing holds it back",
  app: "the program is not sending or not reading; the network waits for it",
  "peer-window": "the other program does not read: the peer's window is closed",
  sndbuf: "our send buffer is too small for this path",
  loss: "segments are lost and sent again",
  reorder: "segments overtake each other and are sent again although none was lost",
  queue: "packets wait in a queue on the path: the round trip is far above its best",
  mtu: "full-size segments do not arrive and no ICMP says why",
  cwnd: "the path's fair share: the congestion window is the limit",
  dead: "nothing comes back from the peer",
}

const SYN_SENT = 2
const TIME_WAIT = 6
const LISTEN = 10
const RECOVERY = 3
export const TIMER_PROBE = 4

const BUSY_MIN_US = 200_000
const SEGMENTS_MIN = 100
const LOSS_SHARE = 0.01
const SPURIOUS_SHARE = 0.3
const PEER_WINDOW_SHARE = 0.5
const SEND_BUFFER_SHARE = 0.2
const QUEUE_FACTOR = 3
const QUEUE_EXTRA_US = 50_000
const FRESH_ACK_MS = 2_000
const BUSY_ALWAYS = 0.9
const APP_BUSY_SHARE = 0.3
/** A segment this much smaller than the path's MTU is not full-size: headers and options take up to 120 bytes. */
const FULL_SIZE_SLACK = 120
const FULL_SIZE_MIN = 500
/** A path that has carried this many full-size segments is no black hole for them. */
const FULL_SIZE_CARRIED = 20

/** The rise of a counter that wraps around at 32 bits. */
export const rise32 = (now: number, before: number): number => (now - before) >>> 0
export const rise16 = (now: number, before: number): number => (now - before) & 0xffff

/** Segments are out, two timeouts have passed, and nothing came back. */
export function isStalled(table: SocketTable, row: number): boolean {
  if (table.unacked[row] === 0 || table.retransmits[row]! < 2) return false
  // The timeout doubles with each step back; the first one is the measure of this path.
  const timeoutMs = table.rtoUs[row]! / 2 ** Math.min(table.backoff[row]!, 20) / 1_000
  return table.lastAckReceivedMs[row]! > 3 * timeoutMs
}

/** Of a stalled connection: what does not arrive is of full size, and hardly any of that size ever did. */
export function isFullSizeOnly(table: SocketTable, row: number): boolean {
  const mss = table.sendMss[row]!
  const inFlight = table.sendQueue[row]! - table.notSentBytes[row]!
  return (
    mss >= FULL_SIZE_MIN &&
    inFlight >= mss &&
    table.pathMtu[row]! - mss <= FULL_SIZE_SLACK &&
    table.bytesAcked[row]! < FULL_SIZE_CARRIED * mss
  )
}

/**
 * The verdict's number for `row`. `match` is the row of the same socket in `before`, or -1: it was born in the window
 * and counts from zero. Without `before` there are no differences. Hot: runs once a socket a look.
 */
export function whyOf(
  table: SocketTable,
  row: number,
  before: SocketTable | undefined,
  match: number,
  elapsedMs: number,
): number {
  if (table.hasInfo[row] === 0) return whyCode["-"]
  const state = table.state[row]!
  if (state === LISTEN || state === TIME_WAIT) return whyCode["-"]
  if (state === SYN_SENT) return table.backoff[row]! > 0 || table.retransmits[row]! > 0 ? whyCode.dead : whyCode["-"]
  if (isStalled(table, row)) return isFullSizeOnly(table, row) ? whyCode.mtu : whyCode.dead
  const isWaiting = table.retransmits[row]! > 0 || table.backoff[row]! > 0 || table.congestionState[row]! >= RECOVERY
  const isProbing = table.timer[row] === TIMER_PROBE && (table.probes[row]! > 0 || table.backoff[row]! > 0)
  // A closed window is probed with a growing pause too: those are no losses.
  if (isProbing) return whyCode["peer-window"]
  if (before === undefined) return isWaiting ? whyCode.loss : isQueued(table, row) ? whyCode.queue : whyCode["-"]

  const rise = (column: Uint32Array, columnBefore: Uint32Array) =>
    match < 0 ? column[row]! : rise32(column[row]!, columnBefore[match]!)
  const mss = table.sendMss[row]! || 1
  const sent = table.bytesSent[row]! - (match < 0 ? 0 : before.bytesSent[match]!)
  const again = table.bytesRetransmitted[row]! - (match < 0 ? 0 : before.bytesRetransmitted[match]!)
  if (isWaiting || (sent >= SEGMENTS_MIN * mss && again > LOSS_SHARE * sent)) {
    const spurious =
      match < 0
        ? table.duplicateSacks[row]! + table.reorderSeen[row]!
        : rise16(table.duplicateSacks[row]!, before.duplicateSacks[match]!) +
          rise16(table.reorderSeen[row]!, before.reorderSeen[match]!)
    return spurious > 0 && spurious >= (SPURIOUS_SHARE * again) / mss ? whyCode.reorder : whyCode.loss
  }
  const busy = rise(table.busyTimeUs, before.busyTimeUs)
  if (busy >= BUSY_MIN_US) {
    if (rise(table.receiveWindowLimitedUs, before.receiveWindowLimitedUs) > PEER_WINDOW_SHARE * busy)
      return whyCode["peer-window"]
    if (rise(table.sendBufferLimitedUs, before.sendBufferLimitedUs) > SEND_BUFFER_SHARE * busy) return whyCode.sndbuf
  }
  if (isQueued(table, row)) return whyCode.queue
  const rtt = table.rttUs[row]!
  if (rtt > 0 && busy >= BUSY_ALWAYS * elapsedMs * 1_000) {
    const share = (sent / elapsedMs) * 1_000 * (rtt / 1e6)
    const window = table.sendCwnd[row]! * mss
    if (share > window / 2 && share < window * 2) return whyCode.cwnd
  }
  if (table.receiveQueue[row]! > 0 && match >= 0 && before.receiveQueue[match]! > 0) return whyCode.app
  if (sent > 0 && (table.isAppLimited[row] === 1 || busy < APP_BUSY_SHARE * elapsedMs * 1_000)) return whyCode.app
  return whyCode["-"]
}

function isQueued(table: SocketTable, row: number): boolean {
  const rtt = table.rttUs[row]!
  const best = table.minRttUs[row]!
  // An idle connection keeps its last round trip for ever: only a fresh one counts.
  return (
    best > 0 &&
    rtt > QUEUE_FACTOR * best &&
    rtt - best >= QUEUE_EXTRA_US &&
    table.lastAckReceivedMs[row]! <= FRESH_ACK_MS
  )
}

/** Fills `why` for every row. Only a living socket is held back by something. */
export function deriveWhys(
  why: Uint8Array,
  table: SocketTable,
  before: SocketTable | undefined,
  elapsedMs: number,
): void {
  const { source, previousRow } = table
  for (let row = 0; row < table.length; row++)
    why[row] = source[row] === rowSource.socket ? whyOf(table, row, before, previousRow[row]!, elapsedMs) : whyCode["-"]
}
