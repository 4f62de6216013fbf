/**
 * A capture on its way in: bytes of a file or of a running tcpdump go in, and what can be said about them grows.
 *
 * Everything is counted as it passes, so that memory depends on how much is kept and not on how long the capture is.
 */
import {
  addToConversation,
  type Conversation,
  type ConversationIndex,
  createConversationIndex,
  type IcmpError,
  isNewConnection,
  mark,
  NEVER,
  noted,
} from "./conversations.ts"
import { type DnsMessage, NOERROR, NXDOMAIN, readDns } from "./dns.ts"
import {
  ACK,
  ARPOP_REPLY,
  ARPOP_REQUEST,
  createPacketReader,
  FIN,
  isKnownLinkType,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_LINUX_SLL2,
  linkTypeName,
  NDISC_NEIGHBOUR_ADVERTISEMENT,
  NDISC_NEIGHBOUR_SOLICITATION,
  type Packet,
  type PacketReader,
  RST,
  SYN,
} from "./packet.ts"
import { addRow, createPacketTable, PACKETS_MAX, type PacketTable } from "./packet-table.ts"
import { type CaptureProblem, type CaptureReader, createCaptureReader, type PacketFrame } from "./pcap.ts"
import { isClientHello, readServerName } from "./tls.ts"

const NEIGHBOURS_MAX = 256
const QUESTIONS_MAX = 4_096
const DNS_PORT = 53
/** Room for every capture that is made here. */
const SMALL = 20_000

/** Who was asked for the hardware address of whom. */
export interface NeighbourQuestion {
  readonly isArp: boolean
  /** Four words. */
  readonly target: readonly number[]
  requests: number
  replies: number
  packets: readonly number[]
}

export interface DnsQuestion {
  readonly conversation: number
  readonly id: number
  readonly name: string
  readonly type: string
  readonly number: number
  readonly atUs: number
  asked: number
  rcode: number | undefined
  answeredUs: number
}

export interface Counts {
  syn: number
  synAck: number
  rst: number
  fin: number
  tcp: number
  udp: number
  icmp: number
  arp: number
  other: number
  fragments: number
  cut: number
  malformed: number
  copies: number
  /** Of a link type that we do not read. */
  unread: number
  /** Of conversations beyond the limit. */
  unkept: number
}

export interface Trace {
  packetCount: number
  /** On the wire. */
  bytes: number
  firstUs: number
  lastUs: number
  readonly counts: Counts
  readonly conversations: readonly Conversation[]
  readonly table: PacketTable
  readonly neighbours: NeighbourQuestion[]
  readonly questions: DnsQuestion[]
  dnsFailures: number
  /** Names of link types, known or not. */
  readonly linkTypes: Set<number>
}

export interface TraceReader {
  readonly trace: Trace
  push(piece: Uint8Array): void
  /** No more will come. */
  end(): void
  readonly problem: CaptureProblem | undefined
  readonly format: CaptureReader["format"]
}

/** `expected`: as many packets as there may be; no more than `PACKETS_MAX` of them are listed. */
export function createTraceReader(expected = SMALL): TraceReader {
  const index = createConversationIndex()
  const trace: Trace = {
    packetCount: 0,
    bytes: 0,
    firstUs: NEVER,
    lastUs: NEVER,
    counts: {
      syn: 0,
      synAck: 0,
      rst: 0,
      fin: 0,
      tcp: 0,
      udp: 0,
      icmp: 0,
      arp: 0,
      other: 0,
      fragments: 0,
      cut: 0,
      malformed: 0,
      copies: 0,
      unread: 0,
      unkept: 0,
    },
    conversations: index.conversations,
    table: createPacketTable(Math.min(expected, PACKETS_MAX)),
    neighbours: [],
    questions: [],
    dnsFailures: 0,
    linkTypes: new Set(),
  }
  const packets = createPacketReader()
  const pending = new Map<string, DnsQuestion>()
  const neighbours = new Map<string, NeighbourQuestion>()
  const context: Context = { trace, index, packets, pending, neighbours }
  const capture = createCaptureReader((bytes, start, end, frame) => addPacket(context, bytes, start, end, frame))
  return {
    trace,
    push: capture.push,
    end: capture.end,
    get problem() {
      return capture.problem
    },
    get format() {
      return capture.format
    },
  }
}

interface Context {
  readonly trace: Trace
  readonly index: ConversationIndex
  readonly packets: PacketReader
  readonly pending: Map<string, DnsQuestion>
  readonly neighbours: Map<string, NeighbourQuestion>
}

function addPacket(context: Context, bytes: Uint8Array, start: number, end: number, frame: PacketFrame): void {
  const { trace, index, packets } = context
  const { counts } = trace
  trace.packetCount = frame.number
  trace.bytes += frame.wireLength
  if (trace.firstUs === NEVER || frame.atUs < trace.firstUs) trace.firstUs = frame.atUs
  if (frame.atUs > trace.lastUs) trace.lastUs = frame.atUs
  trace.linkTypes.add(frame.linkType)
  if (!isKnownLinkType(frame.linkType)) counts.unread++

  const p = packets.read(bytes, start, end, frame.linkType, frame.wireLength)
  if (p.fragmentOffset > 0 || p.hasMoreFragments) counts.fragments++
  if (p.isCut) counts.cut++
  if (p.isMalformed) counts.malformed++

  let marks = (p.isCut ? mark.cut : 0) | (p.isMalformed ? mark.malformed : 0)
  let conversation: Conversation | undefined
  let from = 0
  if (p.family !== 0 && p.kind !== "arp") {
    conversation = index.find(p, frame)
    from = index.from
    if (conversation !== undefined && isNewConnection(conversation, p, from)) {
      index.forget(conversation)
      conversation = index.find(p, frame)
      from = index.from
    }
    if (conversation === undefined) counts.unkept++
    else marks |= addToConversation(conversation, from, p, frame)
  }
  const isCopy = (marks & mark.copy) !== 0
  if (isCopy) counts.copies++
  else count(counts, p)
  if (!isCopy && conversation !== undefined) look(context, conversation, from, p, bytes, frame)
  if (p.kind === "arp") addArp(context, p, frame)
  addRow(trace.table, p, frame, conversation?.index ?? -1, from, marks)
}

function count(counts: Counts, p: Packet): void {
  switch (p.kind) {
    case "tcp":
      counts.tcp++
      if ((p.flags & RST) !== 0) counts.rst++
      else if ((p.flags & (SYN | ACK)) === SYN) counts.syn++
      else if ((p.flags & (SYN | ACK)) === (SYN | ACK)) counts.synAck++
      if ((p.flags & FIN) !== 0) counts.fin++
      return
    case "udp":
      counts.udp++
      return
    case "icmp":
    case "icmp6":
      counts.icmp++
      return
    case "arp":
      counts.arp++
      return
    default:
      counts.other++
  }
}

/** What stands inside: an error about another packet, a question, a name. */
function look(context: Context, c: Conversation, from: number, p: Packet, bytes: Uint8Array, frame: PacketFrame): void {
  if (p.kind === "icmp" || p.kind === "icmp6") {
    if (p.hasQuoted) addIcmpError(context, p, frame)
    else if (p.icmpType === NDISC_NEIGHBOUR_SOLICITATION && p.kind === "icmp6")
      addNeighbour(context, p.neighbour, false, true, frame.number)
    else if (p.icmpType === NDISC_NEIGHBOUR_ADVERTISEMENT && p.kind === "icmp6")
      addNeighbour(context, p.neighbour, false, false, frame.number)
    return
  }
  if (p.kind === "udp" && (p.sourcePort === DNS_PORT || p.targetPort === DNS_PORT)) {
    const message = readDns(bytes, p.payloadAt, p.payloadEnd)
    if (message !== undefined) addDns(context, c, from, message, frame)
    return
  }
  // A server's name is asked for in the first data of a connection.
  if (p.kind === "tcp" && p.payloadLength > 0 && c.serverName === undefined && c.sides[from]!.dataPackets === 1) {
    if (isClientHello(bytes, p.payloadAt, p.payloadEnd)) c.serverName = readServerName(bytes, p.payloadAt, p.payloadEnd)
  }
}

function addIcmpError({ index, packets: { quoted } }: Context, p: Packet, frame: PacketFrame): void {
  const about = index.find(quoted, undefined)
  if (about === undefined) return
  about.icmp = noted<IcmpError>(about.icmp, {
    number: frame.number,
    atUs: frame.atUs,
    type: p.icmpType,
    code: p.icmpCode,
    value: p.icmpValue,
    family: p.family,
    from: [...p.source],
    answers: index.from,
  })
}

function addArp(context: Context, p: Packet, frame: PacketFrame): void {
  // Gratuitous ARP asks for nobody.
  const isOwn = p.source.every((word, i) => word === p.target[i])
  if (isOwn) return
  if (p.arpOperation === ARPOP_REQUEST) addNeighbour(context, p.target, true, true, frame.number)
  if (p.arpOperation === ARPOP_REPLY) addNeighbour(context, p.source, true, false, frame.number)
}

function addNeighbour(context: Context, words: Uint32Array, isArp: boolean, isRequest: boolean, number: number): void {
  const key = words.join(" ")
  const known = context.neighbours.get(key)
  if (known !== undefined) {
    if (isRequest) {
      known.requests++
      known.packets = noted(known.packets, number)
    } else known.replies++
    return
  }
  if (context.neighbours.size >= NEIGHBOURS_MAX) return
  const made = {
    isArp,
    target: [...words],
    requests: isRequest ? 1 : 0,
    replies: isRequest ? 0 : 1,
    packets: isRequest ? [number] : [],
  }
  context.neighbours.set(key, made)
  context.trace.neighbours.push(made)
}

function addDns(
  context: Context,
  c: Conversation,
  from: number,
  message: DnsMessage,
  { number, atUs }: PacketFrame,
): void {
  const { pending, trace } = context
  const asker = message.isResponse ? 1 - from : from
  const key = `${c.index} ${asker} ${message.id}`
  const known = pending.get(key)
  if (message.isResponse) {
    if (known === undefined || known.rcode !== undefined) return
    known.rcode = message.rcode
    known.answeredUs = atUs
    if (message.rcode !== NOERROR && message.rcode !== NXDOMAIN) trace.dnsFailures++
    return
  }
  if (known !== undefined && known.rcode === undefined) {
    known.asked++
    return
  }
  if (trace.questions.length >= QUESTIONS_MAX) return
  const { id, name = "", type = "" } = message
  const question: DnsQuestion = {
    conversation: c.index,
    id,
    name,
    type,
    number,
    atUs,
    asked: 1,
    rcode: undefined,
    answeredUs: NEVER,
  }
  pending.set(key, question)
  trace.questions.push(question)
}

/** Cooked captures see every interface, and a packet that crosses several more than once. */
export const isCooked = (trace: Trace): boolean =>
  trace.linkTypes.has(LINKTYPE_LINUX_SLL) || trace.linkTypes.has(LINKTYPE_LINUX_SLL2)

/** Link types that were met and are not read, by name. */
export const unreadLinkTypes = (trace: Trace): string[] =>
  [...trace.linkTypes].filter((type) => !isKnownLinkType(type)).map(linkTypeName)
