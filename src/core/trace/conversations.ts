/**
 * Who talks to whom: packets of the same two ends and protocol, and what each end did.
 *
 * Hot. A conversation is found by a hash table over words; its sides are plain objects of numbers that every packet
 * updates. Kept are the first `CONVERSATIONS_MAX`; packets of others are counted as `unkept`.
 */
import { ACK, FIN, ICMP_ECHO, ICMPV6_ECHO_REQUEST, type Packet, RST, SYN } from "./packet.ts"

/** Enough for the largest capture that we make ourselves. */
export const CONVERSATIONS_MAX = 20_000
/** Packet numbers kept as evidence of one thing. */
export const EVIDENCE_MAX = 8
/** Gaps in what one side sent that are remembered. */
const HOLES_MAX = 8
/** A segment that comes this soon behind the one that overtook it was reordered, not sent again. */
const REORDER_US = 3_000

/** Nothing forgets a connection sooner than this. */
const FORGOTTEN_US = 30_000_000

/** A time that has not come. */
export const NEVER = -1

/** What one end of a conversation sent. */
export interface Side {
  packets: number
  /** On the wire, with all headers. */
  bytes: number
  /** Payload, what was sent again included. */
  payloadBytes: number
  dataPackets: number
  firstUs: number
  lastUs: number
  lastDataUs: number
  lastDataNumber: number

  synCount: number
  synAckCount: number
  finCount: number
  rstCount: number
  /** Options of its SYN; -1 when it was not seen. */
  mss: number
  windowScale: number

  /** Sequence number behind the last byte that was seen, valid once `hasSeq`. */
  next: number
  hasSeq: boolean
  firstSeq: number
  /** When `next` moved last. */
  advancedUs: number
  /** Pairs of sequence numbers: what was passed over and has not come. */
  holes: readonly number[]
  /** The highest acknowledgement it sent. */
  ack: number
  hasAck: boolean
  window: number
  repeatedAcks: number
  /** Segments sent again although they had passed here before: lost behind us, or their acknowledgement was. */
  retransmits: number
  /** Segments that filled a gap: lost before us. */
  lateFills: number
  reordered: number
  keepAlives: number
  duplicateAcks: number
  zeroWindows: number
  zeroSinceUs: number
  zeroTotalUs: number
  largestPayload: number
  /** The largest payload that the other end acknowledged or reported as received. */
  largestDelivered: number
  /** The segment that is sent again and again: where it begins, how often, how large it was at least. */
  stuckSeq: number
  stuckCount: number
  stuckPayload: number
  stuckSinceUs: number
  /** Later segments arrived, as the other end reported by SACK, while this one did not. */
  passedWhileStuck: boolean
  /** The worst of those, kept when the connection moved on or ended. */
  worstStuckCount: number
  worstStuckPayload: number
  /** Numbers of packets. */
  retransmitPackets: readonly number[]
  duplicateAckPackets: readonly number[]
  zeroWindowPackets: readonly number[]
  fillPackets: readonly number[]
}

export interface Reset {
  /** 0 or 1: which end sent it. */
  readonly by: number
  readonly atUs: number
  readonly number: number
  readonly after: "syn" | "syn-ack" | "data" | "fin" | "idle" | "nothing"
  /** The silence that it ended, or that the packet before it ended. */
  readonly idleUs: number
}

export interface IcmpError {
  readonly number: number
  readonly atUs: number
  readonly type: number
  readonly code: number
  readonly value: number
  readonly family: number
  /** Who sent it: four words. */
  readonly from: readonly number[]
  /** Which end's packet it answers: 0 or 1. */
  readonly answers: number
}

export interface Conversation {
  readonly index: number
  readonly family: number
  readonly protocol: number
  /** End 0 sent the first packet that was seen. Four words each. */
  readonly addresses: readonly [readonly number[], readonly number[]]
  readonly ports: readonly [number, number]
  readonly sides: readonly [Side, Side]
  readonly firstNumber: number
  firstUs: number
  lastUs: number
  lastNumber: number
  /** The silence before the last packet. */
  lastGapUs: number
  /** Seen a second time, on another interface of the same capture. */
  copies: number
  /** Where packets of each end were seen first: an interface or a packet type. */
  homes: [number, number]

  /** Which end opened it: it sent a SYN, or the other end sent a SYN-ACK; -1 when no handshake was seen. */
  opener: number
  synUs: number
  synSeq: number
  lastSynUs: number
  synAckUs: number
  establishedUs: number
  synPackets: readonly number[]
  synAckPackets: readonly number[]
  /** The end that sent the first FIN, or -1. */
  finBy: number
  finUs: number
  finNumber: number
  /** Payload packets of the end that did not close first, behind that FIN. */
  dataAfterFin: number
  /** Whether the end that closed had answered: its last payload came behind the other's. */
  finUnanswered: boolean
  reset: Reset | undefined
  icmp: readonly IcmpError[]
  /** Echo requests of end 0 that were seen. */
  echoes: number
  serverName: string | undefined
}

const createSide = (): Side => ({
  packets: 0,
  bytes: 0,
  payloadBytes: 0,
  dataPackets: 0,
  firstUs: NEVER,
  lastUs: NEVER,
  lastDataUs: NEVER,
  lastDataNumber: 0,
  synCount: 0,
  synAckCount: 0,
  finCount: 0,
  rstCount: 0,
  mss: -1,
  windowScale: -1,
  next: 0,
  hasSeq: false,
  firstSeq: 0,
  advancedUs: NEVER,
  holes: NONE,
  ack: 0,
  hasAck: false,
  window: 0,
  repeatedAcks: 0,
  retransmits: 0,
  lateFills: 0,
  reordered: 0,
  keepAlives: 0,
  duplicateAcks: 0,
  zeroWindows: 0,
  zeroSinceUs: NEVER,
  zeroTotalUs: 0,
  largestPayload: 0,
  largestDelivered: 0,
  stuckSeq: -1,
  stuckCount: 0,
  stuckPayload: 0,
  stuckSinceUs: NEVER,
  passedWhileStuck: false,
  worstStuckCount: 0,
  worstStuckPayload: 0,
  retransmitPackets: NONE,
  duplicateAckPackets: NONE,
  zeroWindowPackets: NONE,
  fillPackets: NONE,
})

/** Most conversations have nothing to note: they share one list, and get their own with the first entry. */
const NONE: readonly never[] = []

export const noted = <T>(list: readonly T[], item: T): readonly T[] =>
  list.length < EVIDENCE_MAX ? [...list, item] : list

/** What a packet was, beside its flags: bits for the table of packets. */
export const mark = {
  retransmit: 1,
  lateFill: 2,
  reordered: 4,
  duplicateAck: 8,
  zeroWindow: 16,
  keepAlive: 32,
  copy: 64,
  cut: 128,
  malformed: 256,
} as const

// ---- the index -----------------------------------------------------------------------------------------------------

const KEY_WORDS = 10

export interface ConversationIndex {
  readonly conversations: Conversation[]
  /**
   * The conversation of this packet, made when it is new; `undefined` when there are too many. `from` is 0 when the
   * packet was sent by end 0.
   */
  find(packet: Packet, make: { readonly number: number; readonly atUs: number } | undefined): Conversation | undefined
  /** Of the packet found last. */
  from: number
  /** The next packet of these two ends begins a new conversation. */
  forget(conversation: Conversation): void
}

export function createConversationIndex(max = CONVERSATIONS_MAX): ConversationIndex {
  let size = 1
  while (size < max * 3) size *= 2
  const slots = new Int32Array(size).fill(-1)
  const keys = new Uint32Array(max * KEY_WORDS)
  const key = new Uint32Array(KEY_WORDS)
  const conversations: Conversation[] = []
  const latest = new Int32Array(max)
  const distinct = { count: 0 }

  /** Writes the smaller end first, so that both directions have one key. Answers whether the source is the larger. */
  function writeKey(p: Packet): boolean {
    const { source, target } = p
    let order = 0
    for (let i = 0; i < 4 && order === 0; i++) order = source[i]! - target[i]!
    if (order === 0) order = p.sourcePort - p.targetPort
    const isSwapped = order > 0
    const first = isSwapped ? target : source
    const second = isSwapped ? source : target
    for (let i = 0; i < 4; i++) {
      key[i] = first[i]!
      key[4 + i] = second[i]!
    }
    key[8] = isSwapped ? (p.targetPort << 16) | p.sourcePort : (p.sourcePort << 16) | p.targetPort
    key[9] = (p.protocol & 0xff) | (p.family << 8)
    return isSwapped
  }

  function hash(): number {
    let h = 0
    for (let i = 0; i < KEY_WORDS; i++) {
      h = Math.imul(h ^ key[i]!, 0x9e3779b1)
      h ^= h >>> 15
    }
    return h >>> 0
  }

  const equals = (at: number) => {
    for (let i = 0; i < KEY_WORDS; i++) if (keys[at + i] !== key[i]) return false
    return true
  }

  const index: ConversationIndex = {
    conversations,
    from: 0,
    find(p, make) {
      const isSwapped = writeKey(p)
      let slot = hash() & (size - 1)
      let row = slots[slot]!
      while (row >= 0 && !equals(row * KEY_WORDS)) {
        slot = (slot + 1) & (size - 1)
        row = slots[slot]!
      }
      const known = row >= 0 ? conversations[latest[row]!] : undefined
      if (known !== undefined) {
        // Which end is end 0 is not known from the key, which is sorted.
        const isSame = isSwapped === (known as Kept).isSwapped
        index.from = isSame ? 0 : 1
        return known
      }
      if (make === undefined || conversations.length >= max) return undefined
      if (row < 0) {
        if (distinct.count >= max) return undefined
        row = distinct.count++
        slots[slot] = row
        keys.set(key, row * KEY_WORDS)
      }
      const made = createConversation(p, conversations.length, make, isSwapped, row)
      latest[row] = conversations.length
      conversations.push(made)
      index.from = 0
      return made
    },
    forget(conversation) {
      latest[(conversation as Kept).row] = -1
    },
  }
  return index
}

interface Kept extends Conversation {
  readonly isSwapped: boolean
  readonly row: number
}

function createConversation(
  p: Packet,
  index: number,
  { number, atUs }: { readonly number: number; readonly atUs: number },
  isSwapped: boolean,
  row: number,
): Kept {
  return {
    index,
    isSwapped,
    row,
    family: p.family,
    protocol: p.protocol,
    addresses: [[...p.source], [...p.target]],
    ports: [p.sourcePort, p.targetPort],
    sides: [createSide(), createSide()],
    firstNumber: number,
    firstUs: atUs,
    lastUs: atUs,
    lastNumber: number,
    lastGapUs: 0,
    copies: 0,
    homes: [NEVER, NEVER],
    opener: -1,
    synUs: NEVER,
    synSeq: 0,
    lastSynUs: NEVER,
    synAckUs: NEVER,
    establishedUs: NEVER,
    synPackets: NONE,
    synAckPackets: NONE,
    finBy: -1,
    finUs: NEVER,
    finNumber: 0,
    dataAfterFin: 0,
    finUnanswered: false,
    reset: undefined,
    icmp: NONE,
    echoes: 0,
    serverName: undefined,
  }
}

// ---- one packet ----------------------------------------------------------------------------------------------------

/** Whether this SYN opens the two ends' next connection rather than being the first one's, sent again. */
export const isNewConnection = (c: Conversation, p: Packet, from: number): boolean =>
  p.kind === "tcp" &&
  (p.flags & (SYN | ACK | RST)) === SYN &&
  c.sides[from]!.hasSeq &&
  p.seq !== c.sides[from]!.firstSeq

/** Counts one packet that end `from` sent; answers its marks. */
export function addToConversation(
  c: Conversation,
  from: number,
  p: Packet,
  frame: { number: number; atUs: number; wireLength: number },
): number {
  const side = c.sides[from]!
  // The same packet on a second interface of the capture (a bridge, a tunnel, a pod) is no second packet.
  const place = p.interfaceIndex > 0 ? p.interfaceIndex : p.packetType
  if (place >= 0) {
    if (c.homes[from] === NEVER) c.homes[from] = place
    else if (c.homes[from] !== place) {
      if (p.kind !== "tcp" || !advances(side, p)) {
        c.copies++
        return mark.copy
      }
      c.homes[from] = place
    }
  }
  side.packets++
  side.bytes += frame.wireLength
  if (side.firstUs === NEVER) side.firstUs = frame.atUs
  const idleUs = frame.atUs - c.lastUs
  const marks = p.kind === "tcp" && !p.isMalformed ? addSegment(c, from, p, frame, idleUs) : 0
  if (isEchoRequest(p)) c.echoes++
  if (p.kind === "udp") {
    side.payloadBytes += p.payloadLength
    if (p.payloadLength > 0) side.dataPackets++
  }
  side.lastUs = frame.atUs
  c.lastGapUs = idleUs
  c.lastUs = frame.atUs
  c.lastNumber = frame.number
  return marks
}

const isEchoRequest = (p: Packet) =>
  (p.kind === "icmp" && p.icmpType === ICMP_ECHO) || (p.kind === "icmp6" && p.icmpType === ICMPV6_ECHO_REQUEST)

/** Whether a segment says something that this side has not said before. */
function advances(side: Side, p: Packet): boolean {
  const length = p.payloadLength + ((p.flags & (SYN | FIN)) !== 0 ? 1 : 0)
  if (!side.hasSeq || ((p.seq + length - side.next) | 0) > 0) return true
  return (p.flags & ACK) !== 0 && side.hasAck && ((p.ack - side.ack) | 0) > 0
}

function addSegment(
  c: Conversation,
  from: number,
  p: Packet,
  frame: { number: number; atUs: number },
  idleUs: number,
): number {
  const side = c.sides[from]!
  const other = c.sides[1 - from]!
  const { flags } = p
  const { number, atUs } = frame
  const isSyn = (flags & SYN) !== 0
  const isFin = (flags & FIN) !== 0
  const isRst = (flags & RST) !== 0

  if (isRst) {
    side.rstCount++
    // What was quiet for long is reset at the first packet that breaks the silence.
    const silenceUs = Math.max(idleUs, c.lastGapUs)
    c.reset ??= { by: from, atUs, number, after: beforeReset(c, from, silenceUs), idleUs: silenceUs }
    return 0
  }
  if (isSyn) addHandshake(c, from, p, frame)
  else if (c.opener === from && c.synAckUs !== NEVER && c.establishedUs === NEVER && (flags & ACK) !== 0)
    c.establishedUs = atUs

  let marks = (flags & ACK) !== 0 ? readAcknowledgement(c, from, p, frame, isSyn || isFin) : 0

  const length = p.payloadLength + (isSyn ? 1 : 0) + (isFin ? 1 : 0)
  if (p.payloadLength > 0) {
    side.dataPackets++
    side.payloadBytes += p.payloadLength
    if (p.payloadLength > side.largestPayload) side.largestPayload = p.payloadLength
  }
  if (isFin) {
    side.finCount++
    if (c.finBy < 0) {
      c.finBy = from
      c.finUs = atUs
      c.finNumber = number
      c.finUnanswered = p.payloadLength === 0 && other.lastDataUs !== NEVER && other.lastDataUs > side.lastDataUs
    }
  } else if (c.finBy === 1 - from && p.payloadLength > 0) c.dataAfterFin++

  if (length > 0) marks |= readSequence(side, other, p, length, frame, isSyn)
  else if (!side.hasSeq) {
    side.hasSeq = true
    side.firstSeq = p.seq
    side.next = p.seq
    side.advancedUs = atUs
  }
  if (p.payloadLength > 0) {
    side.lastDataUs = atUs
    side.lastDataNumber = number
  }
  return marks
}

function beforeReset(c: Conversation, from: number, silenceUs: number): Reset["after"] {
  const side = c.sides[from]!
  const other = c.sides[1 - from]!
  if (other.synCount > 0 && side.synAckCount === 0 && side.dataPackets === 0 && c.establishedUs === NEVER) return "syn"
  if (other.synAckCount > 0 && c.establishedUs === NEVER) return "syn-ack"
  if (c.finBy >= 0) return "fin"
  if (silenceUs >= FORGOTTEN_US) return "idle"
  if (other.dataPackets > 0 || side.dataPackets > 0) return "data"
  return "nothing"
}

function addHandshake(
  c: Conversation,
  from: number,
  p: Packet,
  { number, atUs }: { number: number; atUs: number },
): void {
  const side = c.sides[from]!
  if (p.mss >= 0) side.mss = p.mss
  if (p.windowScale >= 0) side.windowScale = p.windowScale
  if ((p.flags & ACK) === 0) {
    side.synCount++
    c.synPackets = noted(c.synPackets, number)
    c.lastSynUs = atUs
    if (c.synUs !== NEVER) return
    c.opener = from
    c.synUs = atUs
    c.synSeq = p.seq
    return
  }
  side.synAckCount++
  c.synAckPackets = noted(c.synAckPackets, number)
  if (c.synAckUs === NEVER) c.synAckUs = atUs
  if (c.opener < 0) c.opener = 1 - from
}

function readAcknowledgement(
  c: Conversation,
  from: number,
  p: Packet,
  { number, atUs }: { number: number; atUs: number },
  isSynOrFin: boolean,
): number {
  const side = c.sides[from]!
  const other = c.sides[1 - from]!
  let marks = 0
  const moved = side.hasAck ? (p.ack - side.ack) | 0 : 1
  if (moved > 0) {
    side.ack = p.ack
    side.hasAck = true
    side.repeatedAcks = 0
    if (other.stuckSeq >= 0 && ((p.ack - other.stuckSeq) | 0) > 0) unstick(other)
    // All that is outstanding is delivered: so are segments of that size.
    if (other.hasSeq && ((p.ack - other.next) | 0) >= 0) {
      other.largestDelivered = Math.max(other.largestDelivered, other.largestPayload)
      if (other.holes.length > 0) other.holes = NONE
    }
  } else if (
    moved === 0 &&
    p.payloadLength === 0 &&
    !isSynOrFin &&
    p.window === side.window &&
    other.hasSeq &&
    ((other.next - p.ack) | 0) > 0
  ) {
    side.duplicateAcks++
    side.repeatedAcks++
    side.duplicateAckPackets = noted(side.duplicateAckPackets, number)
    marks |= mark.duplicateAck
  }
  if (p.sackCount > 0 && other.stuckSeq >= 0 && ((p.sack[0]! - other.stuckSeq) | 0) > 0) other.passedWhileStuck = true
  side.window = p.window
  if (p.window === 0 && !isSynOrFin) {
    side.zeroWindows++
    side.zeroWindowPackets = noted(side.zeroWindowPackets, number)
    if (side.zeroSinceUs === NEVER) side.zeroSinceUs = atUs
    marks |= mark.zeroWindow
  } else if (side.zeroSinceUs !== NEVER) {
    side.zeroTotalUs += atUs - side.zeroSinceUs
    side.zeroSinceUs = NEVER
  }
  return marks
}

function unstick(side: Side): void {
  if (side.stuckCount > side.worstStuckCount) {
    side.worstStuckCount = side.stuckCount
    side.worstStuckPayload = side.stuckPayload
  }
  side.stuckSeq = -1
  side.stuckCount = 0
}

/** Where the segment stands in what this side has sent so far. */
function readSequence(
  side: Side,
  other: Side,
  p: Packet,
  length: number,
  { number, atUs }: { number: number; atUs: number },
  isSyn: boolean,
): number {
  if (!side.hasSeq) {
    side.hasSeq = true
    side.firstSeq = p.seq
    side.next = (p.seq + length) >>> 0
    side.advancedUs = atUs
    return 0
  }
  const ahead = (p.seq - side.next) | 0
  if (ahead >= 0) {
    if (ahead > 0 && side.holes.length < HOLES_MAX * 2) side.holes = [...side.holes, side.next, p.seq]
    side.next = (p.seq + length) >>> 0
    side.advancedUs = atUs
    return 0
  }
  // A SYN that is sent again is counted as a SYN.
  if (isSyn) return mark.retransmit
  // One byte, or none, right before what was acknowledged last: is anybody there?
  if (
    p.payloadLength <= 1 &&
    ahead === -1 &&
    (p.flags & FIN) === 0 &&
    (other.window === 0 || ((other.ack - side.next) | 0) >= 0)
  ) {
    side.keepAlives++
    return mark.keepAlive
  }
  const beyond = (p.seq + length - side.next) | 0
  const wasMissing = fillHole(side, p.seq, p.seq + length)
  const isSoon = atUs - side.advancedUs < REORDER_US
  if (beyond > 0) {
    side.next = (p.seq + length) >>> 0
    side.advancedUs = atUs
  }
  if (wasMissing) {
    if (other.repeatedAcks < 2 && isSoon) {
      side.reordered++
      return mark.reordered
    }
    side.lateFills++
    side.fillPackets = noted(side.fillPackets, number)
    return mark.lateFill
  }
  side.retransmits++
  side.retransmitPackets = noted(side.retransmitPackets, number)
  // What is sent again although it was acknowledged is no sign of a segment that cannot pass.
  const isOutstanding = !other.hasAck || ((p.seq + length - other.ack) | 0) > 0
  if (isOutstanding) {
    if (side.stuckSeq === p.seq) side.stuckCount++
    else if (side.stuckSeq < 0 || ((p.seq - side.stuckSeq) | 0) < 0) {
      unstick(side)
      side.stuckSeq = p.seq
      side.stuckCount = 1
      side.stuckPayload = p.payloadLength
      side.stuckSinceUs = atUs
    }
    side.stuckPayload = side.stuckSeq === p.seq ? Math.min(side.stuckPayload, p.payloadLength) : side.stuckPayload
  }
  return mark.retransmit
}

/** Takes what the segment holds out of the gaps; answers whether it held any of it. */
function fillHole(side: Side, seq: number, end: number): boolean {
  if (side.holes.length === 0) return false
  const holes = [...side.holes]
  for (let i = 0; i < holes.length; i += 2) {
    const from = holes[i]!
    const to = holes[i + 1]!
    if (((end - from) | 0) <= 0 || ((seq - to) | 0) >= 0) continue
    const keepsHead = ((seq - from) | 0) > 0
    const keepsTail = ((to - end) | 0) > 0
    if (keepsHead) {
      holes[i + 1] = seq >>> 0
      if (keepsTail && holes.length < HOLES_MAX * 2) holes.push(end >>> 0, to)
    } else if (keepsTail) holes[i] = end >>> 0
    else holes.splice(i, 2)
    side.holes = holes
    return true
  }
  return false
}
