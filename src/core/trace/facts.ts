/** What the rules look at: the capture, how it was made, and the words for its two ends. */
import { count } from "../text/units.ts"
import { addressText, endpointText } from "./address-text.ts"
import { type Conversation, NEVER, type Side } from "./conversations.ts"
import type { Finding } from "./finding.ts"
import { IPPROTO_TCP } from "./packet.ts"
import type { Trace } from "./trace.ts"

/** How the capture was made; for a file that is only read, nearly nothing is known. */
export interface TraceContext {
  /** Canonical text. The other end is then "this host". */
  readonly peer?: string
  readonly port?: number
  readonly interfaceName?: string
  /** Packets that the kernel had no room for, when it told. */
  readonly dropped?: number
  /** Packets that the filter let through, when the kernel told. */
  readonly received?: number
  /** False when only packets in, or only packets out, were asked for. */
  readonly hasBothDirections: boolean
  /** False when the filter takes only some packets of a conversation, such as SYN and RST. */
  readonly hasWholeConversations: boolean
  /** Why the capture ended badly. */
  readonly error?: string
  /** When it began, in microseconds since 1970. */
  readonly startUs?: number
  /** When it ended, in microseconds since 1970; else the last packet's time counts. */
  readonly endUs?: number
}

export interface Facts {
  readonly trace: Trace
  readonly context: TraceContext
  readonly endUs: number
  readonly tcp: readonly Conversation[]
  readonly attempts: readonly Attempt[]
  /** Conversations in which one segment is sent again and again without being acknowledged. */
  readonly stuck: readonly Stuck[]
}

/** One try to open a TCP connection. */
export interface Attempt {
  readonly conversation: Conversation
  readonly synCount: number
  /** `pending`: the capture ended too soon to know. */
  readonly result: "answered" | "refused" | "unreachable" | "unanswered" | "pending"
}

export interface Stuck {
  readonly conversation: Conversation
  /** Which end sends it. */
  readonly end: 0 | 1
  readonly times: number
  readonly payload: number
  readonly isFullSize: boolean
  readonly cause: "size" | "path"
}

/** A SYN is sent again after a second (RFC 6298): later than that an answer is late. */
const ANSWER_US = 1_000_000
/** One lost segment is sent again once or twice; this often, and it is the path that does not take it. */
const STUCK_TIMES = 3
/** Options of a segment take at most this much of the MSS. */
const OPTIONS_SIZE = 40
/** What fits through IPv6's least MTU fits everywhere: only segments beyond can be too large for a path. */
const FITS_EVERYWHERE = 1_200

export function gatherFacts(trace: Trace, context: TraceContext): Facts {
  const endUs = Math.max(context.endUs ?? NEVER, trace.lastUs)
  const tcp = trace.conversations.filter(({ protocol }) => protocol === IPPROTO_TCP)
  const attempts = tcp.flatMap((c) => attemptOf(c, endUs))
  const stuck = tcp.flatMap((c) => [stuckOf(c, 0), stuckOf(c, 1)].filter((found) => found !== undefined))
  return { trace, context, endUs, tcp, attempts, stuck }
}

function attemptOf(conversation: Conversation, endUs: number): Attempt[] {
  const { opener, sides, synUs } = conversation
  if (opener < 0 || synUs === NEVER) return []
  const { synCount } = sides[opener]!
  const other = sides[1 - opener]!
  const result =
    other.synAckCount > 0
      ? "answered"
      : other.rstCount > 0
        ? "refused"
        : conversation.icmp.some(({ answers }) => answers === opener)
          ? "unreachable"
          : other.packets > 0
            ? "answered"
            : synCount > 1 || endUs - synUs >= ANSWER_US
              ? "unanswered"
              : "pending"
  return [{ conversation, synCount, result }]
}

function stuckOf(conversation: Conversation, end: 0 | 1): Stuck | undefined {
  const side = conversation.sides[end]
  const other = conversation.sides[1 - end]!
  const isNow = side.stuckCount >= side.worstStuckCount
  const times = isNow ? side.stuckCount : side.worstStuckCount
  const payload = isNow ? side.stuckPayload : side.worstStuckPayload
  if (times < STUCK_TIMES) return undefined
  const isFullSize = payload >= Math.min(other.mss > 0 ? other.mss - OPTIONS_SIZE : FITS_EVERYWHERE, FITS_EVERYWHERE)
  const doesSmallPass = side.largestDelivered < payload || side.passedWhileStuck
  const hasSmallPassed =
    doesSmallPass && (side.largestDelivered > 0 || side.passedWhileStuck || conversation.establishedUs !== NEVER)
  return { conversation, end, times, payload, isFullSize, cause: isFullSize && hasSmallPassed ? "size" : "path" }
}

// ---- words ---------------------------------------------------------------------------------------------------------

export const isPeer = (facts: Facts, c: Conversation, end: number): boolean =>
  facts.context.peer !== undefined && addressText(c.addresses[end]!) === facts.context.peer

/** `peer 10.0.0.2:443`, `this host (10.0.0.1:40000)`, or only the endpoint where neither is known to be us. */
export function who(facts: Facts, c: Conversation, end: number): string {
  const endpoint = endpointText(c.addresses[end]!, c.ports[end]!)
  if (facts.context.peer === undefined) return endpoint
  if (isPeer(facts, c, end)) return `peer ${endpoint}`
  // On loopback both ends are here.
  return isPeer(facts, c, 1 - end) ? `this host (${endpoint})` : endpoint
}

/** `packet 3`, `packets 3, 7, 9`, `packets 3, 7, 9, …`. */
export function packetsText(numbers: readonly number[], total = numbers.length): string {
  if (numbers.length === 0) return "no packet"
  return `packet${total === 1 ? "" : "s"} ${numbers.join(", ")}${total > numbers.length ? ", …" : ""}`
}

export const times = (n: number): string => (n === 1 ? "once" : n === 2 ? "twice" : `${count(n)} times`)
export const plural = (n: number, word: string): string => `${count(n)} ${word}${n === 1 ? "" : "s"}`
export const seconds = (us: number): string => `${(us / 1e6).toFixed(us < 10e6 ? 1 : 0)} s`
export const milliseconds = (us: number): string =>
  us < 10_000 ? `${(us / 1000).toFixed(1)} ms` : `${Math.round(us / 1000)} ms`
export const percentText = (share: number): string => `${(share * 100).toFixed(1)}%`

/** How sure a ratio is, by how much was seen. */
export const confidenceBySize = (packets: number): Finding["confidence"] =>
  packets >= 100 ? "high" : packets >= 30 ? "medium" : "low"

export const sumOf = <T>(list: readonly T[], value: (item: T) => number): number =>
  list.reduce((sum, item) => sum + value(item), 0)

/** The most telling first, and no more than an operator reads. */
export const firstOf = <T>(list: readonly T[], most = 4): readonly T[] => list.slice(0, most)

export const andMore = (total: number, shown: number): string[] =>
  total > shown ? [`and ${plural(total - shown, "more")}`.replace("mores", "more")] : []

export const lostBy = (side: Side): number => side.retransmits + side.lateFills
