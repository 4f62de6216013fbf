/**
 * One packet: link header, VLAN, IP with its extension headers, TCP with its options, UDP, ICMP with the packet that it
 * quotes, ARP and neighbour discovery.
 *
 * Hot: 500,000 packets are read in half a second, so the fields are written into one object that is used again for every
 * packet. Reading never looks outside `bytes[start]` … `bytes[end - 1]`. A capture may hold less than was on the wire
 * (`isCut`); what cannot be so even then is `isMalformed`. A field holds what its comment says only where `kind` is of
 * that protocol.
 */

// LINKTYPE_*, from the list at tcpdump.org
export const LINKTYPE_NULL = 0
export const LINKTYPE_ETHERNET = 1
const DLT_RAW_BSD = 12
const DLT_RAW_OPENBSD = 14
export const LINKTYPE_RAW = 101
export const LINKTYPE_LOOP = 108
export const LINKTYPE_LINUX_SLL = 113
export const LINKTYPE_IPV4 = 228
export const LINKTYPE_IPV6 = 229
export const LINKTYPE_LINUX_SLL2 = 276

const linkNames = new Map<number, string>([
  [LINKTYPE_NULL, "BSD loopback"],
  [LINKTYPE_ETHERNET, "Ethernet"],
  [DLT_RAW_BSD, "raw IP"],
  [DLT_RAW_OPENBSD, "raw IP"],
  [LINKTYPE_RAW, "raw IP"],
  [LINKTYPE_LOOP, "OpenBSD loopback"],
  [LINKTYPE_LINUX_SLL, "Linux cooked v1"],
  [LINKTYPE_IPV4, "raw IPv4"],
  [LINKTYPE_IPV6, "raw IPv6"],
  [LINKTYPE_LINUX_SLL2, "Linux cooked v2"],
])

export const isKnownLinkType = (linkType: number): boolean => linkNames.has(linkType)
export const linkTypeName = (linkType: number): string => linkNames.get(linkType) ?? `link type ${linkType}`

// linux/if_ether.h
const ETH_P_IP = 0x0800
const ETH_P_ARP = 0x0806
const ETH_P_8021Q = 0x8100
const ETH_P_IPV6 = 0x86dd
const ETH_P_8021AD = 0x88a8
const ETH_P_QINQ1 = 0x9100

// linux/in.h, linux/in6.h
export const IPPROTO_ICMP = 1
export const IPPROTO_TCP = 6
export const IPPROTO_UDP = 17
export const IPPROTO_ICMPV6 = 58
const IPPROTO_HOPOPTS = 0
const IPPROTO_ROUTING = 43
const IPPROTO_FRAGMENT = 44
const IPPROTO_AH = 51
const IPPROTO_DSTOPTS = 60
const IPPROTO_MH = 135
const IPPROTO_HIP = 139
const IPPROTO_SHIM6 = 140

// RFC 9293, 3.1; with the two bits of RFC 3168
export const FIN = 0x01
export const SYN = 0x02
export const RST = 0x04
export const PSH = 0x08
export const ACK = 0x10
export const URG = 0x20
export const ECE = 0x40
export const CWR = 0x80

const VLAN_TAGS_MAX = 8
const EXTENSION_HEADERS_MAX = 32

export type PacketKind = "tcp" | "udp" | "icmp" | "icmp6" | "arp" | "ip" | "other"

export interface Packet {
  kind: PacketKind
  /** The capture holds fewer bytes than a header needs that was on the wire. */
  isCut: boolean
  /** A length contradicts another, or a header does not fit into its packet. */
  isMalformed: boolean
  /** ETH_P_*, behind VLAN tags; 0 where the link does not say. */
  etherType: number
  /** The innermost VLAN, or -1. */
  vlan: number
  /** Index of the interface in Linux cooked v2, else 0. */
  interfaceIndex: number
  /** PACKET_* of Linux cooked: 0 to us, 1 broadcast, 2 multicast, 3 to others, 4 from us; -1 where it is not told. */
  packetType: number

  /** 4 or 6; 0 for what is not IP. For ARP 4: source and target are the sender's and the target's IP address. */
  family: number
  /** Addresses as four words of network order; an IPv4 address is mapped (::ffff:a.b.c.d). */
  source: Uint32Array
  target: Uint32Array
  /** IPPROTO_* behind the extension headers. */
  protocol: number
  hopLimit: number
  /** Identification: IPv4, or IPv6 fragments. */
  identification: number
  mayNotFragment: boolean
  /** Bytes; behind the first fragment there is no transport header. */
  fragmentOffset: number
  hasMoreFragments: boolean
  /** Bytes behind the IP headers, by the IP header. */
  ipPayloadLength: number
  /** Where the transport header begins, or `end` when it is not in the capture. */
  transportAt: number

  sourcePort: number
  targetPort: number
  seq: number
  ack: number
  flags: number
  window: number
  /** Payload of TCP or UDP by the headers, captured or not. */
  payloadLength: number
  payloadAt: number
  /** One past the last captured byte of the payload. */
  payloadEnd: number
  /** Options of TCP; -1 where they are absent. */
  mss: number
  windowScale: number
  timestamp: number
  timestampEcho: number
  isSackPermitted: boolean
  /** Blocks of SACK, as pairs of sequence numbers. */
  sackCount: number
  sack: Uint32Array

  icmpType: number
  icmpCode: number
  /** MTU of "fragmentation needed" and "packet too big"; id of an echo. */
  icmpValue: number
  /** The target of neighbour discovery. */
  neighbour: Uint32Array
  /** ARP: 1 request, 2 reply. */
  arpOperation: number
  /** The packet that an ICMP error quotes, as far as it goes. */
  hasQuoted: boolean
}

export interface PacketReader {
  readonly packet: Packet
  /** What `packet` quotes, when `packet.hasQuoted`. */
  readonly quoted: Packet
  /** Reads one packet of `linkType` into `packet`. */
  read(bytes: Uint8Array, start: number, end: number, linkType: number, wireLength: number): Packet
}

const createPacket = (): Packet => ({
  kind: "other",
  isCut: false,
  isMalformed: false,
  etherType: 0,
  vlan: -1,
  interfaceIndex: 0,
  packetType: -1,
  family: 0,
  source: new Uint32Array(4),
  target: new Uint32Array(4),
  protocol: -1,
  hopLimit: 0,
  identification: 0,
  mayNotFragment: false,
  fragmentOffset: 0,
  hasMoreFragments: false,
  ipPayloadLength: 0,
  transportAt: 0,
  sourcePort: 0,
  targetPort: 0,
  seq: 0,
  ack: 0,
  flags: 0,
  window: 0,
  payloadLength: 0,
  payloadAt: 0,
  payloadEnd: 0,
  mss: -1,
  windowScale: -1,
  timestamp: -1,
  timestampEcho: -1,
  isSackPermitted: false,
  sackCount: 0,
  sack: new Uint32Array(8),
  icmpType: -1,
  icmpCode: -1,
  icmpValue: 0,
  neighbour: new Uint32Array(4),
  arpOperation: 0,
  hasQuoted: false,
})

export function createPacketReader(): PacketReader {
  const packet = createPacket()
  const quoted = createPacket()
  return {
    packet,
    quoted,
    read(bytes, start, end, linkType, wireLength) {
      clear(packet, end)
      const problems = readLink(packet, quoted, bytes, start, end, linkType, start + wireLength)
      packet.isCut = (problems & CUT) !== 0
      packet.isMalformed = (problems & MALFORMED) !== 0
      return packet
    },
  }
}

function clear(p: Packet, end: number): void {
  p.kind = "other"
  p.isCut = false
  p.isMalformed = false
  p.etherType = 0
  p.vlan = -1
  p.interfaceIndex = 0
  p.packetType = -1
  p.family = 0
  p.protocol = -1
  p.hopLimit = 0
  p.identification = 0
  p.mayNotFragment = false
  p.fragmentOffset = 0
  p.hasMoreFragments = false
  p.ipPayloadLength = 0
  p.transportAt = end
  p.sourcePort = 0
  p.targetPort = 0
  p.flags = 0
  p.payloadLength = 0
  p.payloadAt = end
  p.payloadEnd = end
  p.mss = -1
  p.windowScale = -1
  p.timestamp = -1
  p.timestampEcho = -1
  p.isSackPermitted = false
  p.sackCount = 0
  p.icmpType = -1
  p.icmpCode = -1
  p.icmpValue = 0
  p.arpOperation = 0
  p.hasQuoted = false
}

const u16 = (bytes: Uint8Array, at: number) => (bytes[at]! << 8) | bytes[at + 1]!
const u32 = (bytes: Uint8Array, at: number) =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0

/** `wireEnd` is where the packet would end if all of it had been captured. */
function readLink(
  p: Packet,
  quoted: Packet,
  bytes: Uint8Array,
  start: number,
  end: number,
  linkType: number,
  wireEnd: number,
): number {
  let at = start
  switch (linkType) {
    case LINKTYPE_ETHERNET:
      if (end - at < 14) return CUT
      p.etherType = u16(bytes, at + 12)
      at += 14
      break
    case LINKTYPE_LINUX_SLL:
      if (end - at < 16) return CUT
      p.packetType = u16(bytes, at)
      p.etherType = u16(bytes, at + 14)
      at += 16
      break
    case LINKTYPE_LINUX_SLL2:
      if (end - at < 20) return CUT
      p.etherType = u16(bytes, at)
      p.interfaceIndex = u32(bytes, at + 4)
      p.packetType = bytes[at + 10]!
      at += 20
      break
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP: {
      if (end - at < 4) return CUT
      // The family is in the order of the machine that wrote it, and its number for IPv6 that of its system.
      const family = bytes[at]! === 0 && bytes[at + 1]! === 0 ? u16(bytes, at + 2) : bytes[at]!
      p.etherType = family === 2 ? ETH_P_IP : [10, 24, 26, 28, 30].includes(family) ? ETH_P_IPV6 : 0
      at += 4
      break
    }
    case LINKTYPE_RAW:
    case DLT_RAW_BSD:
    case DLT_RAW_OPENBSD:
    case LINKTYPE_IPV4:
    case LINKTYPE_IPV6:
      if (end - at < 1) return CUT
      p.etherType = bytes[at]! >> 4 === 4 ? ETH_P_IP : bytes[at]! >> 4 === 6 ? ETH_P_IPV6 : 0
      break
    default:
      return FINE
  }
  for (let tags = 0; isVlan(p.etherType); tags++) {
    if (tags === VLAN_TAGS_MAX) return MALFORMED
    if (end - at < 4) return CUT
    p.vlan = u16(bytes, at) & 0xfff
    p.etherType = u16(bytes, at + 2)
    at += 4
  }
  if (p.etherType === ETH_P_IP) return readIpv4(p, quoted, bytes, at, end, wireEnd)
  if (p.etherType === ETH_P_IPV6) return readIpv6(p, quoted, bytes, at, end, wireEnd)
  return p.etherType === ETH_P_ARP ? readArp(p, bytes, at, end) : FINE
}

const isVlan = (etherType: number) =>
  etherType === ETH_P_8021Q || etherType === ETH_P_8021AD || etherType === ETH_P_QINQ1

// What a reader answers: nothing is wrong, or bits of what is.
const FINE = 0
const CUT = 1
const MALFORMED = 2

// ---- IP ------------------------------------------------------------------------------------------------------------

function setIpv4(words: Uint32Array, bytes: Uint8Array, at: number): void {
  words[0] = 0
  words[1] = 0
  words[2] = 0xffff
  words[3] = u32(bytes, at)
}

function setIpv6(words: Uint32Array, bytes: Uint8Array, at: number): void {
  words[0] = u32(bytes, at)
  words[1] = u32(bytes, at + 4)
  words[2] = u32(bytes, at + 8)
  words[3] = u32(bytes, at + 12)
}

/** `quoted` is absent inside a quoted packet, whose lengths reach beyond what is quoted. */
function readIpv4(
  p: Packet,
  quoted: Packet | undefined,
  bytes: Uint8Array,
  at: number,
  end: number,
  wireEnd: number,
): number {
  if (end - at < 20) return wireEnd - at < 20 ? MALFORMED : CUT
  const headerLength = (bytes[at]! & 0x0f) * 4
  if (bytes[at]! >> 4 !== 4 || headerLength < 20) return MALFORMED
  p.family = 4
  p.kind = "ip"
  setIpv4(p.source, bytes, at + 12)
  setIpv4(p.target, bytes, at + 16)
  p.protocol = bytes[at + 9]!
  p.hopLimit = bytes[at + 8]!
  p.identification = u16(bytes, at + 4)
  const fragment = u16(bytes, at + 6)
  p.mayNotFragment = (fragment & 0x4000) !== 0
  p.hasMoreFragments = (fragment & 0x2000) !== 0
  p.fragmentOffset = (fragment & 0x1fff) * 8
  // 0 is written for segments that the device cuts up later and that are larger than the field can say.
  const totalLength = u16(bytes, at + 2) || wireEnd - at
  if (totalLength < headerLength) return MALFORMED
  const problem = quoted !== undefined && totalLength > wireEnd - at ? MALFORMED : FINE
  p.ipPayloadLength = totalLength - headerLength
  return problem | readTransport(p, quoted, bytes, at + headerLength, Math.min(end, at + totalLength))
}

function readIpv6(
  p: Packet,
  quoted: Packet | undefined,
  bytes: Uint8Array,
  start: number,
  end: number,
  wireEnd: number,
): number {
  if (end - start < 40) return wireEnd - start < 40 ? MALFORMED : CUT
  if (bytes[start]! >> 4 !== 6) return MALFORMED
  p.family = 6
  p.kind = "ip"
  setIpv6(p.source, bytes, start + 8)
  setIpv6(p.target, bytes, start + 24)
  p.hopLimit = bytes[start + 7]!
  // 0 is written for jumbograms, whose length stands in an option.
  const length = u16(bytes, start + 4) || wireEnd - start - 40
  const problem = quoted !== undefined && length > wireEnd - start - 40 ? MALFORMED : FINE
  const packetEnd = start + 40 + Math.max(0, length)
  const readEnd = Math.min(end, packetEnd)
  let at = start + 40
  let next = bytes[start + 6]!
  for (let headers = 0; isExtension(next); headers++) {
    if (headers === EXTENSION_HEADERS_MAX) return MALFORMED
    if (readEnd - at < 8) {
      p.protocol = next
      return packetEnd - at < 8 ? MALFORMED : CUT
    }
    const following = bytes[at]!
    if (next === IPPROTO_FRAGMENT) {
      const fragment = u16(bytes, at + 2)
      p.fragmentOffset = fragment & 0xfff8
      p.hasMoreFragments = (fragment & 1) !== 0
      p.identification = u32(bytes, at + 4)
      at += 8
      next = following
      if (p.fragmentOffset > 0) break
      continue
    }
    at += next === IPPROTO_AH ? (bytes[at + 1]! + 2) * 4 : (bytes[at + 1]! + 1) * 8
    next = following
  }
  p.protocol = next
  if (at > packetEnd) return MALFORMED
  p.ipPayloadLength = packetEnd - at
  return problem | readTransport(p, quoted, bytes, at, readEnd)
}

const isExtension = (next: number) =>
  next === IPPROTO_HOPOPTS ||
  next === IPPROTO_ROUTING ||
  next === IPPROTO_FRAGMENT ||
  next === IPPROTO_DSTOPTS ||
  next === IPPROTO_AH ||
  next === IPPROTO_MH ||
  next === IPPROTO_HIP ||
  next === IPPROTO_SHIM6

// ---- transport -----------------------------------------------------------------------------------------------------

function readTransport(p: Packet, quoted: Packet | undefined, bytes: Uint8Array, at: number, end: number): number {
  p.transportAt = Math.min(at, end)
  if (p.fragmentOffset > 0) return FINE
  if (p.protocol === IPPROTO_TCP) return readTcp(p, bytes, at, end, quoted === undefined)
  if (p.protocol === IPPROTO_UDP) return readUdp(p, bytes, at, end)
  if (p.protocol === IPPROTO_ICMP && p.family === 4) return readIcmp(p, quoted, bytes, at, end)
  return p.protocol === IPPROTO_ICMPV6 && p.family === 6 ? readIcmp6(p, quoted, bytes, at, end) : FINE
}

/** A header that is not whole: cut when the packet was long enough for it. */
const tooShort = (p: Packet, needed: number): number => (p.ipPayloadLength < needed ? MALFORMED : CUT)

function readTcp(p: Packet, bytes: Uint8Array, at: number, end: number, isQuoted: boolean): number {
  // An ICMP error quotes at least eight bytes: ports and sequence number.
  if (end - at < (isQuoted ? 8 : 20)) return tooShort(p, 20)
  p.kind = "tcp"
  p.sourcePort = u16(bytes, at)
  p.targetPort = u16(bytes, at + 2)
  p.seq = u32(bytes, at + 4)
  if (end - at < 20) return CUT
  p.ack = u32(bytes, at + 8)
  p.flags = bytes[at + 13]!
  p.window = u16(bytes, at + 14)
  const headerLength = (bytes[at + 12]! >> 4) * 4
  if (headerLength < 20 || headerLength > p.ipPayloadLength) return MALFORMED
  p.payloadLength = p.ipPayloadLength - headerLength
  p.payloadAt = Math.min(at + headerLength, end)
  p.payloadEnd = end
  const problem = at + headerLength > end ? CUT : FINE
  return problem | (headerLength > 20 ? readTcpOptions(p, bytes, at + 20, Math.min(at + headerLength, end)) : FINE)
}

// RFC 9293, 3.2; RFC 7323; RFC 2018
const OPTION_END = 0
const OPTION_NOTHING = 1
const OPTION_MSS = 2
const OPTION_WINDOW_SCALE = 3
const OPTION_SACK_PERMITTED = 4
const OPTION_SACK = 5
const OPTION_TIMESTAMPS = 8

function readTcpOptions(p: Packet, bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end) {
    const kind = bytes[at]!
    if (kind === OPTION_END) return FINE
    if (kind === OPTION_NOTHING) {
      at++
      continue
    }
    if (at + 2 > end) return FINE
    const length = bytes[at + 1]!
    if (length < 2) return MALFORMED
    if (at + length > end) return FINE
    if (kind === OPTION_MSS && length === 4) p.mss = u16(bytes, at + 2)
    else if (kind === OPTION_WINDOW_SCALE && length === 3) p.windowScale = Math.min(14, bytes[at + 2]!)
    else if (kind === OPTION_SACK_PERMITTED) p.isSackPermitted = true
    else if (kind === OPTION_TIMESTAMPS && length === 10) {
      p.timestamp = u32(bytes, at + 2)
      p.timestampEcho = u32(bytes, at + 6)
    } else if (kind === OPTION_SACK) {
      p.sackCount = Math.min(4, (length - 2) >> 3)
      for (let i = 0; i < p.sackCount * 2; i++) p.sack[i] = u32(bytes, at + 2 + i * 4)
    }
    at += length
  }
  return FINE
}

function readUdp(p: Packet, bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 8) return tooShort(p, 8)
  p.kind = "udp"
  p.sourcePort = u16(bytes, at)
  p.targetPort = u16(bytes, at + 2)
  const length = u16(bytes, at + 4)
  // 0 stands for a jumbogram; in a first fragment the length is that of the whole datagram.
  if (length !== 0 && length < 8) return MALFORMED
  const isFragment = p.hasMoreFragments
  const problem = length > p.ipPayloadLength && !isFragment ? MALFORMED : FINE
  p.payloadLength = length === 0 ? p.ipPayloadLength - 8 : Math.min(length, p.ipPayloadLength) - 8
  p.payloadAt = at + 8
  p.payloadEnd = Math.min(end, at + 8 + p.payloadLength)
  return problem
}

// linux/icmp.h
export const ICMP_ECHOREPLY = 0
export const ICMP_DEST_UNREACH = 3
const ICMP_SOURCE_QUENCH = 4
const ICMP_REDIRECT = 5
export const ICMP_ECHO = 8
export const ICMP_TIME_EXCEEDED = 11
const ICMP_PARAMETERPROB = 12
export const ICMP_FRAG_NEEDED = 4

function readIcmp(p: Packet, quoted: Packet | undefined, bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 8) return tooShort(p, 8)
  p.kind = "icmp"
  p.icmpType = bytes[at]!
  p.icmpCode = bytes[at + 1]!
  const isError =
    p.icmpType === ICMP_DEST_UNREACH ||
    p.icmpType === ICMP_TIME_EXCEEDED ||
    p.icmpType === ICMP_SOURCE_QUENCH ||
    p.icmpType === ICMP_REDIRECT ||
    p.icmpType === ICMP_PARAMETERPROB
  // The MTU stands in the lower half of the word, an echo's id in the upper one.
  p.icmpValue = isError ? u16(bytes, at + 6) : u16(bytes, at + 4)
  if (!isError || quoted === undefined || end - at < 28) return FINE
  clear(quoted, end)
  readIpv4(quoted, undefined, bytes, at + 8, end, end)
  p.hasQuoted = quoted.family === 4
  return FINE
}

// linux/icmpv6.h, net/ndisc.h
export const ICMPV6_DEST_UNREACH = 1
export const ICMPV6_PKT_TOOBIG = 2
export const ICMPV6_TIME_EXCEED = 3
const ICMPV6_PARAMPROB = 4
export const ICMPV6_ECHO_REQUEST = 128
export const ICMPV6_ECHO_REPLY = 129
export const NDISC_NEIGHBOUR_SOLICITATION = 135
export const NDISC_NEIGHBOUR_ADVERTISEMENT = 136

function readIcmp6(p: Packet, quoted: Packet | undefined, bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 8) return tooShort(p, 8)
  p.kind = "icmp6"
  p.icmpType = bytes[at]!
  p.icmpCode = bytes[at + 1]!
  const isError = p.icmpType >= ICMPV6_DEST_UNREACH && p.icmpType <= ICMPV6_PARAMPROB
  p.icmpValue = p.icmpType === ICMPV6_PKT_TOOBIG ? u32(bytes, at + 4) : u16(bytes, at + 4)
  const isNeighbour = p.icmpType === NDISC_NEIGHBOUR_SOLICITATION || p.icmpType === NDISC_NEIGHBOUR_ADVERTISEMENT
  if (isNeighbour) {
    if (end - at < 24) return tooShort(p, 24)
    setIpv6(p.neighbour, bytes, at + 8)
  }
  if (!isError || quoted === undefined || end - at < 48) return FINE
  clear(quoted, end)
  readIpv6(quoted, undefined, bytes, at + 8, end, end)
  p.hasQuoted = quoted.family === 6
  return FINE
}

// linux/if_arp.h
export const ARPOP_REQUEST = 1
export const ARPOP_REPLY = 2

function readArp(p: Packet, bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 8) return CUT
  const hardwareLength = bytes[at + 4]!
  const protocolLength = bytes[at + 5]!
  if (u16(bytes, at + 2) !== ETH_P_IP || protocolLength !== 4) return FINE
  if (end - at < 8 + 2 * (hardwareLength + 4)) return CUT
  p.kind = "arp"
  p.family = 4
  p.arpOperation = u16(bytes, at + 6)
  setIpv4(p.source, bytes, at + 8 + hardwareLength)
  setIpv4(p.target, bytes, at + 8 + 2 * hardwareLength + 4)
  return FINE
}

// ---- text ----------------------------------------------------------------------------------------------------------

const flagLetters: readonly (readonly [bit: number, letter: string])[] = [
  [FIN, "F"],
  [SYN, "S"],
  [RST, "R"],
  [PSH, "P"],
  [ACK, "."],
  [URG, "U"],
  [ECE, "E"],
  [CWR, "W"],
]

/** Flags as tcpdump writes them: `[S]`, `[S.]`, `[P.]`, `[R.]`, `[none]`. */
export function formatFlags(flags: number): string {
  let letters = ""
  for (const [bit, letter] of flagLetters) if ((flags & bit) !== 0) letters += letter
  return `[${letters === "" ? "none" : letters}]`
}
