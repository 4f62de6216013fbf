import type { Bytes } from "../../../../ffi/memory.ts"
import { rawSocket, sendPacket, sockaddr } from "../libc.ts"
import { type Ends, IPPROTO_TCP, IPPROTO_UDP, ipv4Packet, tcpFlag, tcpSegment, udpDatagram } from "../packets.ts"
import { pace } from "./pace.ts"

type Make = (ends: Ends, number: number) => Bytes

const packet = (ends: Ends, protocol: number, payload: Bytes) => ipv4Packet({ ...ends, protocol, payload })

/** What a sender that is broken or hostile may send. */
const kinds = {
  syn: (ends, number) => packet(ends, IPPROTO_TCP, tcpSegment(ends, { flags: tcpFlag.syn, sequence: number * 7919 })),
  /** An acknowledgement out of nowhere. */
  ack: (ends) => packet(ends, IPPROTO_TCP, tcpSegment(ends, { flags: tcpFlag.ack })),
  datagram: (ends) => packet(ends, IPPROTO_UDP, udpDatagram(ends, { bytes: 32 })),
  "tcp-bad-checksum": (ends) =>
    packet(ends, IPPROTO_TCP, tcpSegment(ends, { flags: tcpFlag.syn, hasBadChecksum: true })),
  "udp-bad-checksum": (ends) => packet(ends, IPPROTO_UDP, udpDatagram(ends, { bytes: 32, hasBadChecksum: true })),
  /** The first part of a datagram whose rest never comes. */
  "lone-fragment": (ends, number) =>
    ipv4Packet({
      ...ends,
      protocol: IPPROTO_UDP,
      payload: udpDatagram(ends, { bytes: 504 }),
      id: number,
      fragment: { offset: 0, hasMore: true },
    }),
} satisfies Record<string, Make>

/**
 * Sends packets by hand at a steady rate. `source` is an address, or the first two numbers of one, such as `10.99`: then the
 * rest changes with every packet.
 */
export function raw(options: {
  readonly kind: keyof typeof kinds
  readonly source: string
  readonly to: string
  readonly port: number
  readonly perSecond: number
  readonly seconds?: number
}): void {
  const { kind, source, to, port, perSecond, seconds = 60 } = options
  const fd = rawSocket()
  const target = sockaddr(to, 0)
  const isPrefix = source.split(".").length === 2
  const make: Make = kinds[kind]
  void pace({ perSecond, seconds }, (number) => {
    const from = isPrefix ? `${source}.${(number >> 8) & 255}.${number & 255 || 1}` : source
    const ends = { source: from, target: to, sourcePort: 20_000 + (number % 40_000), targetPort: port }
    sendPacket(fd, make(ends, number), target)
  })
  setInterval(() => {}, 60_000)
}
