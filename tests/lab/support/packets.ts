/** IPv4 packets written by hand (RFC 791, 768, 9293), for senders that no ordinary program would be. */
import { alloc, type Bytes } from "../../../ffi/memory.ts"

export const IPPROTO_TCP = 6
export const IPPROTO_UDP = 17

export const tcpFlag = { fin: 1, syn: 2, rst: 4, ack: 16 } as const

export interface Ends {
  readonly source: string
  readonly target: string
  readonly sourcePort: number
  readonly targetPort: number
}

const octets = (address: string) => address.split(".").map(Number)

/** A whole packet. `fragment` is the offset in bytes and whether more follow; its payload is taken as it is. */
export function ipv4Packet(options: {
  readonly source: string
  readonly target: string
  readonly protocol: number
  readonly payload: Bytes
  readonly id?: number
  readonly fragment?: { readonly offset: number; readonly hasMore: boolean }
}): Bytes {
  const { source, target, protocol, payload, id = 0, fragment } = options
  const packet = alloc(20 + payload.length)
  const view = new DataView(packet.buffer)
  packet.set([0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0, ...octets(source), ...octets(target)])
  view.setUint16(2, packet.length)
  view.setUint16(4, id & 0xffff)
  if (fragment !== undefined) view.setUint16(6, (fragment.hasMore ? 0x2000 : 0) | (fragment.offset >> 3))
  packet.set(payload, 20)
  return packet
}

export function tcpSegment(
  ends: Ends,
  options: { readonly flags: number; readonly sequence?: number; readonly hasBadChecksum?: boolean },
): Bytes {
  const segment = alloc(20)
  const view = new DataView(segment.buffer)
  view.setUint16(0, ends.sourcePort)
  view.setUint16(2, ends.targetPort)
  view.setUint32(4, options.sequence ?? 1)
  view.setUint32(8, (options.flags & tcpFlag.ack) === 0 ? 0 : 1)
  view.setUint16(12, 0x5000 | options.flags)
  view.setUint16(14, 0xffff)
  view.setUint16(16, wrongIf(options.hasBadChecksum, checksum(ends, IPPROTO_TCP, segment)))
  return segment
}

export function udpDatagram(ends: Ends, options: { readonly bytes: number; readonly hasBadChecksum?: boolean }): Bytes {
  const datagram = alloc(8 + options.bytes)
  const view = new DataView(datagram.buffer)
  view.setUint16(0, ends.sourcePort)
  view.setUint16(2, ends.targetPort)
  view.setUint16(4, datagram.length)
  // 0 would mean that there is no checksum.
  view.setUint16(6, wrongIf(options.hasBadChecksum, checksum(ends, IPPROTO_UDP, datagram)) || 0xffff)
  return datagram
}

const wrongIf = (isWrong: boolean | undefined, sum: number) => (isWrong === true ? sum ^ 0x5555 : sum)

function checksum(ends: Ends, protocol: number, payload: Bytes): number {
  const bytes = [...octets(ends.source), ...octets(ends.target), 0, protocol, payload.length >> 8, payload.length & 255]
  bytes.push(...payload)
  let sum = 0
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  return ~sum & 0xffff
}
