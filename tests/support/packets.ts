/** Packets and capture files, built byte by byte: a test names only what it is about. */
import { parseAddress } from "../../src/core/wire/address.ts"

export type Bytes = Uint8Array<ArrayBuffer>

export const bytesOf = (...parts: readonly (Uint8Array | readonly number[] | number)[]): Bytes =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === "number" ? [part] : [...part])))

const be16 = (value: number) => [(value >> 8) & 255, value & 255]
const be32 = (value: number) => [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
const ip = (text: string): Bytes => parseAddress(text)! as Bytes

const flagBits: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, P: 8, ".": 16, U: 32, E: 64, W: 128 }

export interface SegmentSpec {
  from?: string
  to?: string
  fromPort?: number
  toPort?: number
  /** As tcpdump writes them, without brackets. */
  flags?: string
  seq?: number
  ack?: number
  window?: number
  options?: readonly number[]
  payload?: Uint8Array | number
  id?: number
  hopLimit?: number
}

export const mss = (value: number) => [2, 4, ...be16(value)]
export const windowScale = (value: number) => [3, 3, value, 1]
export const timestamps = (value: number, echo: number) => [1, 1, 8, 10, ...be32(value), ...be32(echo)]
export const sack = (from: number, to: number) => [1, 1, 5, 10, ...be32(from), ...be32(to)]

/** A TCP segment without its IP header. */
export function tcpBytes(spec: SegmentSpec): Bytes {
  const {
    fromPort = 40000,
    toPort = 443,
    flags = ".",
    seq = 1,
    ack = 0,
    window = 501,
    options = [],
    payload = 0,
  } = spec
  const padded = [...options, ...new Array<number>((4 - (options.length % 4)) % 4).fill(0)]
  const bits = [...flags].reduce((sum, letter) => sum | flagBits[letter]!, 0)
  const head = [...be16(fromPort), ...be16(toPort), ...be32(seq), ...be32(ack)]
  const words = 5 + padded.length / 4
  const body = typeof payload === "number" ? new Uint8Array(payload) : payload
  return bytesOf(head, [words << 4, bits], be16(window), [0, 0, 0, 0], padded, body)
}

export function udpBytes(spec: { fromPort?: number; toPort?: number; payload?: Uint8Array | number }): Bytes {
  const { fromPort = 40000, toPort = 53, payload = 0 } = spec
  const body = typeof payload === "number" ? new Uint8Array(payload) : payload
  return bytesOf(be16(fromPort), be16(toPort), be16(8 + body.length), [0, 0], body)
}

export interface IpSpec {
  from?: string
  to?: string
  protocol: number
  payload: Uint8Array
  id?: number
  hopLimit?: number
  /** The flags and the offset in eights, as in the header. */
  fragment?: number
  /** IPv6: headers in front of the payload; the first byte of each is filled in. */
  extensions?: readonly { readonly type: number; readonly bytes: readonly number[] }[]
  options?: readonly number[]
}

/** An IP packet; the family is that of `from`. */
export function ipBytes(spec: IpSpec): Bytes {
  const { from = "10.0.0.1", to = "10.0.0.2", protocol, payload, id = 1, hopLimit = 64, fragment = 0x4000 } = spec
  if (!from.includes(":")) {
    const options = spec.options ?? []
    const words = 5 + options.length / 4
    const total = words * 4 + payload.length
    return bytesOf(
      [0x40 | words, 0],
      be16(total),
      be16(id),
      be16(fragment),
      [hopLimit, protocol, 0, 0],
      ip(from),
      ip(to),
      options,
      payload,
    )
  }
  const chain = spec.extensions ?? []
  const extensions = chain.flatMap(({ bytes }, i) => [chain[i + 1]?.type ?? protocol, ...bytes.slice(1)])
  const length = extensions.length + payload.length
  return bytesOf(
    [0x60, 0, 0, 0],
    be16(length),
    chain[0]?.type ?? protocol,
    hopLimit,
    ip(from),
    ip(to),
    extensions,
    payload,
  )
}

/** An IP packet with one TCP segment. */
export const segment = (spec: SegmentSpec = {}): Bytes =>
  ipBytes({
    ...(spec.from === undefined ? {} : { from: spec.from }),
    ...(spec.to === undefined ? {} : { to: spec.to }),
    ...(spec.id === undefined ? {} : { id: spec.id }),
    ...(spec.hopLimit === undefined ? {} : { hopLimit: spec.hopLimit }),
    protocol: 6,
    payload: tcpBytes(spec),
  })

export const datagramPacket = (spec: { from?: string; to?: string } & Parameters<typeof udpBytes>[0]): Bytes =>
  ipBytes({
    ...(spec.from === undefined ? {} : { from: spec.from }),
    ...(spec.to === undefined ? {} : { to: spec.to }),
    protocol: 17,
    payload: udpBytes(spec),
  })

export const icmpPacket = (spec: {
  from?: string
  to?: string
  type: number
  code?: number
  value?: number
  quoted?: Uint8Array
}): Bytes => {
  const { from = "10.0.0.254", to = "10.0.0.1", type, code = 0, value = 0, quoted = new Uint8Array(0) } = spec
  const isV6 = from.includes(":")
  return ipBytes({ from, to, protocol: isV6 ? 58 : 1, payload: bytesOf([type, code, 0, 0], be32(value), quoted) })
}

// ---- links ---------------------------------------------------------------------------------------------------------

const etherTypeOf = (packet: Uint8Array) => (packet[0]! >> 4 === 6 ? 0x86dd : 0x0800)

export const linkTypes = {
  null: 0,
  ethernet: 1,
  raw: 101,
  loop: 108,
  cooked: 113,
  ipv4: 228,
  ipv6: 229,
  cooked2: 276,
} as const

export const ethernet = (
  packet: Uint8Array,
  options: { vlans?: readonly number[]; etherType?: number } = {},
): Bytes => {
  const tags = (options.vlans ?? []).flatMap((vlan) => [0x81, 0x00, ...be16(vlan)])
  return bytesOf([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1], tags, be16(options.etherType ?? etherTypeOf(packet)), packet)
}

export const cooked = (packet: Uint8Array, packetType = 0): Bytes =>
  bytesOf(be16(packetType), [0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0], be16(etherTypeOf(packet)), packet)

export const cooked2 = (packet: Uint8Array, interfaceIndex = 2, packetType = 0): Bytes =>
  bytesOf(
    be16(etherTypeOf(packet)),
    [0, 0],
    be32(interfaceIndex),
    [0, 1, packetType, 6, 2, 0, 0, 0, 0, 1, 0, 0],
    packet,
  )

export const arp = (spec: { operation: number; sender: string; target: string }): Bytes =>
  ethernet(
    bytesOf(
      [0, 1, 8, 0, 6, 4],
      be16(spec.operation),
      [2, 0, 0, 0, 0, 1],
      ip(spec.sender),
      [0, 0, 0, 0, 0, 0],
      ip(spec.target),
    ),
    { etherType: 0x0806 },
  )

// ---- files ---------------------------------------------------------------------------------------------------------

export interface FilePacket {
  readonly bytes: Uint8Array
  /** Microseconds since 1970. */
  readonly atUs?: number
  /** When it was longer on the wire. */
  readonly wireLength?: number
}

const START_US = 1_700_000_000_000_000

export interface PcapOptions {
  linkType?: number
  isBig?: boolean
  isNanosecond?: boolean
  snapLength?: number
}

const timed = (packets: readonly (FilePacket | Uint8Array)[]): Required<FilePacket>[] =>
  packets.map((packet, i) => {
    const {
      bytes,
      atUs = START_US + i * 1000,
      wireLength,
    } = packet instanceof Uint8Array ? ({ bytes: packet } as FilePacket) : packet
    return { bytes, atUs, wireLength: wireLength ?? bytes.length }
  })

export function pcap(packets: readonly (FilePacket | Uint8Array)[], options: PcapOptions = {}): Bytes {
  const { linkType = linkTypes.ethernet, isBig = false, isNanosecond = false, snapLength = 262_144 } = options
  const list = timed(packets)
  const out = new Uint8Array(24 + list.reduce((sum, { bytes }) => sum + 16 + bytes.length, 0))
  const view = new DataView(out.buffer)
  const u32 = (at: number, value: number) => view.setUint32(at, value, !isBig)
  u32(0, isNanosecond ? 0xa1b23c4d : 0xa1b2c3d4)
  view.setUint16(4, 2, !isBig)
  view.setUint16(6, 4, !isBig)
  u32(16, snapLength)
  u32(20, linkType)
  let at = 24
  for (const { bytes, atUs, wireLength } of list) {
    u32(at, Math.floor(atUs / 1e6))
    u32(at + 4, Math.round((atUs % 1e6) * (isNanosecond ? 1000 : 1)))
    u32(at + 8, bytes.length)
    u32(at + 12, wireLength)
    out.set(bytes, at + 16)
    at += 16 + bytes.length
  }
  return out
}

export function pcapng(
  packets: readonly (FilePacket | Uint8Array)[],
  options: PcapOptions & { resolution?: number } = {},
): Bytes {
  const { linkType = linkTypes.ethernet, isBig = false, snapLength = 0, resolution = 6 } = options
  const order = (list: number[]) => (isBig ? list : list.reverse())
  const w16 = (value: number) => order(be16(value))
  const w32 = (value: number) => order(be32(value))
  const block = (type: number, body: readonly number[]) => {
    const padded = [...body, ...new Array<number>((4 - (body.length % 4)) % 4).fill(0)]
    const length = w32(padded.length + 12)
    return [...w32(type), ...length, ...padded, ...length]
  }
  const units = BigInt(10 ** (resolution - 6))
  return bytesOf(
    block(0x0a0d0d0a, [...w32(0x1a2b3c4d), ...w16(1), ...w16(0), ...w32(0xffffffff), ...w32(0xffffffff)]),
    // A block that nobody knows, and one with the interface's name and resolution.
    block(0x0bad, [1, 2, 3, 4]),
    block(1, [
      ...w16(linkType),
      0,
      0,
      ...w32(snapLength),
      ...w16(2),
      ...w16(4),
      101,
      116,
      104,
      48,
      ...w16(9),
      ...w16(1),
      resolution,
      0,
      0,
      0,
      ...w16(0),
      ...w16(0),
    ]),
    ...timed(packets).map(({ bytes, atUs, wireLength }) => {
      const time = BigInt(Math.round(atUs)) * units
      const captured = [...bytes]
      return block(6, [
        ...w32(0),
        ...w32(Number(time >> 32n)),
        ...w32(Number(time & 0xffff_ffffn)),
        ...w32(captured.length),
        ...w32(wireLength),
        ...captured,
      ])
    }),
  )
}
