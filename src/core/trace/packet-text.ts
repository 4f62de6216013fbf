/** Packets as text: one line for the list, and every layer for the detail of one. */
import { addressText, endpointText } from "./address-text.ts"
import { type Conversation, mark } from "./conversations.ts"
import { readDns } from "./dns.ts"
import { createPacketReader, formatFlags, linkTypeName, type Packet } from "./packet.ts"
import { kindAt } from "./packet-table.ts"
import { readServerName } from "./tls.ts"
import type { Trace } from "./trace.ts"

const markWords: readonly (readonly [bit: number, word: string])[] = [
  [mark.retransmit, "retransmission"],
  [mark.lateFill, "fills a gap"],
  [mark.reordered, "out of order"],
  [mark.duplicateAck, "duplicate ACK"],
  [mark.zeroWindow, "zero window"],
  [mark.keepAlive, "keep-alive"],
  [mark.copy, "seen before on another interface"],
  [mark.cut, "cut"],
  [mark.malformed, "malformed"],
]

export const markText = (marks: number): string =>
  markWords.flatMap(([bit, word]) => ((marks & bit) === 0 ? [] : [word])).join(", ")

export interface PacketLine {
  readonly number: number
  readonly sinceStartUs: number
  /** Endpoints; empty where the packet has none. */
  readonly from: string
  readonly to: string
  /** `[S]`, or the protocol's name. */
  readonly what: string
  readonly payloadLength: number
  readonly seq: number
  readonly ack: number
  readonly window: number
  readonly remark: string
}

/** The row of the list; `row` counts from 0. */
export function packetLine(trace: Trace, row: number): PacketLine {
  const { table } = trace
  const c: Conversation | undefined = trace.conversations[table.conversation[row]!]
  const from = table.from[row]!
  const kind = kindAt(table, row)
  const end = (which: number) => (c === undefined ? "" : endpointText(c.addresses[which]!, c.ports[which]!))
  return {
    number: row + 1,
    sinceStartUs: table.atUs[row]! - trace.firstUs,
    from: end(from),
    to: end(1 - from),
    what: kind === "tcp" ? formatFlags(table.flags[row]!) : kind,
    payloadLength: table.payloadLength[row]!,
    seq: table.seq[row]!,
    ack: table.ack[row]!,
    window: table.window[row]!,
    remark: markText(table.marks[row]!),
  }
}

export interface Layer {
  readonly name: string
  readonly fields: readonly (readonly [name: string, value: string])[]
}

/** Everything that is read of one packet, from its bytes. */
export function packetLayers(
  bytes: Uint8Array,
  about: { readonly linkType: number; readonly wireLength: number },
): readonly Layer[] {
  const reader = createPacketReader()
  const p = reader.read(bytes, 0, bytes.length, about.linkType, about.wireLength)
  return [
    linkLayer(p, about.linkType, bytes.length, about.wireLength),
    ...(p.kind === "arp" ? [arpLayer(p)] : p.family === 0 ? [] : [ipLayer(p)]),
    ...transportLayers(p, bytes),
    ...(p.hasQuoted ? quotedLayers(reader.quoted) : []),
  ]
}

const linkLayer = (p: Packet, linkType: number, captured: number, wireLength: number): Layer => ({
  name: linkTypeName(linkType),
  fields: [
    ["length", captured === wireLength ? `${wireLength}` : `${wireLength}, ${captured} captured`],
    ...(p.vlan < 0 ? [] : [["vlan", `${p.vlan}`] as const]),
    ...(p.interfaceIndex === 0 ? [] : [["interface", `${p.interfaceIndex}`] as const]),
    ...(p.etherType === 0 ? [] : [["type", `0x${p.etherType.toString(16).padStart(4, "0")}`] as const]),
    ...(p.isMalformed ? [["problem", "a length contradicts another"] as const] : []),
    ...(p.isCut ? [["problem", "the capture holds only its beginning"] as const] : []),
  ],
})

const arpLayer = (p: Packet): Layer => ({
  name: "ARP",
  fields: [
    ["operation", p.arpOperation === 1 ? "request" : p.arpOperation === 2 ? "reply" : `${p.arpOperation}`],
    ["sender", addressText(p.source)],
    ["target", addressText(p.target)],
  ],
})

function ipLayer(p: Packet): Layer {
  const isFragment = p.hasMoreFragments || p.fragmentOffset > 0
  return {
    name: `IPv${p.family}`,
    fields: [
      ["source", addressText(p.source)],
      ["target", addressText(p.target)],
      ["hop limit", `${p.hopLimit}`],
      ["protocol", `${p.protocol}`],
      ...(p.identification === 0 ? [] : [["id", `${p.identification}`] as const]),
      ...(p.mayNotFragment ? [["fragments", "not allowed"] as const] : []),
      ...(isFragment
        ? [["fragment", `at ${p.fragmentOffset}${p.hasMoreFragments ? ", more follow" : ", the last"}`] as const]
        : []),
    ],
  }
}

function transportLayers(p: Packet, bytes: Uint8Array): Layer[] {
  if (p.kind === "tcp") {
    const serverName = readServerName(bytes, p.payloadAt, p.payloadEnd)
    return [
      tcpLayer(p),
      ...(serverName === undefined ? [] : [{ name: "TLS", fields: [["server name", serverName] as const] }]),
    ]
  }
  if (p.kind === "udp") {
    const ports: Layer = {
      name: "UDP",
      fields: [
        ["ports", `${p.sourcePort} → ${p.targetPort}`],
        ["payload", `${p.payloadLength}`],
      ],
    }
    const message = p.sourcePort === 53 || p.targetPort === 53 ? readDns(bytes, p.payloadAt, p.payloadEnd) : undefined
    if (message === undefined) return [ports]
    const question = `${message.name ?? "?"} ${message.type ?? ""}`.trim()
    return [
      ports,
      {
        name: "DNS",
        fields: [
          [message.isResponse ? "answer to" : "question", question],
          ["id", `${message.id}`],
        ],
      },
    ]
  }
  if (p.kind === "icmp" || p.kind === "icmp6")
    return [
      {
        name: p.kind === "icmp" ? "ICMP" : "ICMPv6",
        fields: [
          ["type", `${p.icmpType}`],
          ["code", `${p.icmpCode}`],
        ],
      },
    ]
  return []
}

const tcpLayer = (p: Packet): Layer => ({
  name: "TCP",
  fields: [
    ["ports", `${p.sourcePort} → ${p.targetPort}`],
    ["flags", formatFlags(p.flags)],
    ["seq", `${p.seq}`],
    ["ack", `${p.ack}`],
    ["window", `${p.window}`],
    ["payload", `${p.payloadLength}`],
    ...(p.mss < 0 ? [] : [["mss", `${p.mss}`] as const]),
    ...(p.windowScale < 0 ? [] : [["window scale", `${p.windowScale}`] as const]),
    ...(p.isSackPermitted ? [["sack", "permitted"] as const] : []),
    ...(p.sackCount === 0 ? [] : [["sack", sackText(p)] as const]),
    ...(p.timestamp < 0 ? [] : [["timestamps", `${p.timestamp}, echo ${p.timestampEcho}`] as const]),
  ],
})

const sackText = (p: Packet) =>
  Array.from({ length: p.sackCount }, (_, i) => `${p.sack[i * 2]}–${p.sack[i * 2 + 1]}`).join(" ")

const quotedLayers = (quoted: Packet): Layer[] => [
  { ...ipLayer(quoted), name: `quoted IPv${quoted.family}` },
  ...(quoted.sourcePort === 0 && quoted.targetPort === 0
    ? []
    : [
        {
          name: `quoted ${quoted.kind.toUpperCase()}`,
          fields: [["ports", `${quoted.sourcePort} → ${quoted.targetPort}`] as const],
        },
      ]),
]
