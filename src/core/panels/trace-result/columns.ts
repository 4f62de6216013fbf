/** The columns of packets and of conversations, for narrow and for wide screens. */
import type { Tone } from "../../text/line.ts"
import type { Column } from "../../text/table.ts"
import { bytes, count, microseconds } from "../../text/units.ts"
import { harmless } from "../../text/width.ts"
import { endpointText } from "../../trace/address-text.ts"
import { type Conversation, NEVER } from "../../trace/conversations.ts"
import type { PacketLine } from "../../trace/packet-text.ts"
import { protocolName } from "../../trace/report.ts"

/** A row with what the screen makes of text: masked, harmless. */
export interface PacketRow {
  readonly packet: PacketLine
  readonly shown: (text: string) => string
}

const packetTone = ({ packet }: PacketRow): Tone =>
  /R/.test(packet.what) && packet.what.startsWith("[")
    ? "crit"
    : packet.remark === ""
      ? "plain"
      : /retransmission|fills|zero window|malformed/.test(packet.remark)
        ? "warn"
        : "muted"

const number: Column<PacketRow> = {
  id: "number",
  title: "NO",
  width: 6,
  align: "right",
  cell: ({ packet }) => String(packet.number),
  tone: () => "muted",
}
const time: Column<PacketRow> = {
  id: "time",
  title: "TIME",
  width: 10,
  align: "right",
  cell: ({ packet }) => (packet.sinceStartUs / 1e6).toFixed(6),
  tone: () => "muted",
}
const ends: Column<PacketRow> = {
  id: "ends",
  title: "FROM → TO",
  width: "rest",
  cut: "middle",
  cell: ({ packet: { from, to }, shown }) => (from === "" && to === "" ? "" : shown(`${from} → ${to}`)),
}
const flags: Column<PacketRow> = {
  id: "flags",
  title: "FLAGS",
  width: 6,
  cell: ({ packet }) => packet.what,
  tone: packetTone,
}
const length: Column<PacketRow> = {
  id: "length",
  title: "LEN",
  width: 5,
  align: "right",
  cell: ({ packet }) => String(packet.payloadLength),
}

/** One word of the remark, where there is no room for all of it. */
const shortWords: readonly (readonly [begins: string, word: string])[] = [
  ["retransmission", "again"],
  ["fills", "gap"],
  ["out of order", "order"],
  ["duplicate ACK", "dup"],
  ["zero window", "zero"],
  ["keep-alive", "alive"],
  ["seen before", "copy"],
  ["malformed", "bad"],
  ["cut", "cut"],
]
const shortRemark: Column<PacketRow> = {
  id: "remark",
  title: "NOTE",
  width: 5,
  cell: ({ packet }) => shortWords.find(([begins]) => packet.remark.startsWith(begins))?.[1] ?? "",
  tone: packetTone,
}
const remark: Column<PacketRow> = {
  id: "remark",
  title: "NOTE",
  width: 26,
  cell: ({ packet }) => packet.remark,
  tone: packetTone,
}
const isTcp = ({ packet }: PacketRow) => packet.what.startsWith("[")
const numberOf = (id: string, title: string, width: number, value: (packet: PacketLine) => number) =>
  ({
    id,
    title,
    width,
    align: "right",
    cell: (row) => (isTcp(row) ? String(value(row.packet)) : ""),
    tone: () => "muted",
  }) satisfies Column<PacketRow>

const sequence = numberOf("seq", "SEQ", 10, ({ seq }) => seq)
const acknowledged = numberOf("ack", "ACK", 10, ({ ack }) => ack)
const window = numberOf("window", "WIN", 5, (packet) => packet.window)

const WIDE_FROM = 110
/** Here there is room for sequence numbers too. */
const WIDER_FROM = 140

export const packetColumns = (width: number): readonly Column<PacketRow>[] =>
  width < WIDE_FROM
    ? [number, time, ends, flags, length, shortRemark]
    : width < WIDER_FROM
      ? [number, time, ends, flags, length, window, remark]
      : [number, time, ends, flags, length, sequence, acknowledged, window, remark]

export interface ConversationRow {
  readonly conversation: Conversation
  readonly shown: (text: string) => string
}

/** How it ended, in one word. */
export function endWord({ reset, finBy, sides, establishedUs, opener }: Conversation): string {
  if (reset !== undefined) return "reset"
  if (finBy >= 0) return sides[0].finCount > 0 && sides[1].finCount > 0 ? "closed" : "closing"
  if (opener >= 0 && establishedUs === NEVER) return "opening"
  return ""
}

const lostIn = ({ sides: [a, b] }: Conversation) => a.retransmits + a.lateFills + b.retransmits + b.lateFills

const conversationEnds: Column<ConversationRow> = {
  id: "ends",
  title: "A ⇄ B",
  width: "rest",
  cut: "middle",
  cell: ({ conversation: { addresses, ports }, shown }) =>
    shown(`${endpointText(addresses[0], ports[0])} ⇄ ${endpointText(addresses[1], ports[1])}`),
}
const conversationCells: readonly Column<ConversationRow>[] = [
  { id: "protocol", title: "PROTO", width: 5, cell: ({ conversation }) => protocolName(conversation.protocol) },
  conversationEnds,
  {
    id: "packets",
    title: "PKTS A/B",
    width: 11,
    align: "right",
    cell: ({ conversation: { sides } }) => `${count(sides[0].packets)}/${count(sides[1].packets)}`,
  },
  {
    id: "rtt",
    title: "RTT",
    width: 6,
    align: "right",
    cell: ({ conversation: { synUs, synAckUs } }) =>
      synUs === NEVER || synAckUs === NEVER ? "–" : microseconds(synAckUs - synUs),
  },
  {
    id: "again",
    title: "AGAIN",
    width: 5,
    align: "right",
    cell: ({ conversation }) => count(lostIn(conversation)),
    tone: ({ conversation }) => (lostIn(conversation) > 0 ? "warn" : "muted"),
  },
  {
    id: "end",
    title: "END",
    width: 7,
    cell: ({ conversation }) => endWord(conversation),
    tone: ({ conversation }) => (conversation.reset === undefined ? "plain" : "crit"),
  },
]
const conversationBytes: Column<ConversationRow> = {
  id: "bytes",
  title: "BYTES A/B",
  width: 13,
  align: "right",
  cell: ({ conversation: { sides } }) => `${bytes(sides[0].bytes)}/${bytes(sides[1].bytes)}`,
}
const serverName: Column<ConversationRow> = {
  id: "name",
  title: "ASKED FOR",
  width: 24,
  cell: ({ conversation }) => harmless(conversation.serverName ?? ""),
}

export const conversationColumns = (width: number): readonly Column<ConversationRow>[] =>
  width < WIDE_FROM
    ? conversationCells
    : [...conversationCells.slice(0, 3), conversationBytes, ...conversationCells.slice(3), serverName]
