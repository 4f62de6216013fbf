/**
 * The packets of a capture in columns, for the list: no object a packet. What a row does not hold is read again from the
 * file when the row is looked at. The columns never grow: packets beyond them are judged and not listed.
 */
import type { Packet, PacketKind } from "./packet.ts"

/** Enough for everything that is captured here, and for a file of 50 MB; 27 MB of memory. */
export const PACKETS_MAX = 600_000

const kinds: readonly PacketKind[] = ["tcp", "udp", "icmp", "icmp6", "arp", "ip", "other"]
const kindNumbers = new Map(kinds.map((kind, i) => [kind, i]))

export interface PacketTable {
  count: number
  /** Microseconds since 1970. */
  atUs: Float64Array
  fileOffset: Float64Array
  /** Index of the conversation, or -1. */
  conversation: Int32Array
  wireLength: Uint32Array
  payloadLength: Uint32Array
  seq: Uint32Array
  ack: Uint32Array
  window: Uint16Array
  flags: Uint8Array
  kind: Uint8Array
  /** 1 when end 1 of the conversation sent it. */
  from: Uint8Array
  /** Bits of `mark`. */
  marks: Uint16Array
}

/** Room for `size` packets. */
export const createPacketTable = (size: number): PacketTable => ({
  count: 0,
  atUs: new Float64Array(size),
  fileOffset: new Float64Array(size),
  conversation: new Int32Array(size),
  wireLength: new Uint32Array(size),
  payloadLength: new Uint32Array(size),
  seq: new Uint32Array(size),
  ack: new Uint32Array(size),
  window: new Uint16Array(size),
  flags: new Uint8Array(size),
  kind: new Uint8Array(size),
  from: new Uint8Array(size),
  marks: new Uint16Array(size),
})

/** Adds a row; answers false when the table is full. */
export function addRow(
  table: PacketTable,
  p: Packet,
  about: { atUs: number; fileOffset: number; wireLength: number },
  conversation: number,
  from: number,
  marks: number,
): boolean {
  const row = table.count
  if (row === table.atUs.length) return false
  table.atUs[row] = about.atUs
  table.fileOffset[row] = about.fileOffset
  table.conversation[row] = conversation
  table.wireLength[row] = about.wireLength
  table.payloadLength[row] = p.payloadLength
  table.seq[row] = p.seq
  table.ack[row] = p.ack
  table.window[row] = p.window
  table.flags[row] = p.kind === "tcp" ? p.flags : 0
  table.kind[row] = kindNumbers.get(p.kind)!
  table.from[row] = from
  table.marks[row] = marks
  table.count = row + 1
  return true
}

export const kindAt = (table: PacketTable, row: number): PacketKind => kinds[table.kind[row]!]!
