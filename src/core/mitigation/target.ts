/**
 * Whom an action is about: a peer or a network, and the local port it is kept from.
 *
 * A target is plain data with one spelling: canonical addresses, no bits behind the prefix, mapped IPv6 is IPv4.
 */
import { parsePeerRange } from "../model/peer-range.ts"
import { formatAddress, formatEndpoint, parseAddress } from "../wire/address.ts"

export interface Target {
  readonly family: 4 | 6
  /** Canonical text. */
  readonly address: string
  /** 32 or 128 for one host. */
  readonly prefixLength: number
  /** The port on this host. Absent: every port. */
  readonly port?: number
}

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string }

export const PORT_MAX = 65_535
export const MINUTES_MAX = 1_440
export const MINUTES_DEFAULT = 5

/** The widest networks that an action takes. */
const WIDEST = { 4: 8, 6: 32 } as const

const wholeLength = (family: 4 | 6) => (family === 4 ? 32 : 128)

export const isHost = ({ family, prefixLength }: Target): boolean => prefixLength === wholeLength(family)

/** `203.0.113.7`, `10.0.0.0/8`; the peer without the port. */
export const peerText = (target: Target): string =>
  isHost(target) ? target.address : `${target.address}/${target.prefixLength}`

/** As it is typed: `203.0.113.7:443`, `[2001:db8::1]:443`, `10.0.0.0/8:443`, `203.0.113.7`. */
export const targetText = (target: Target): string =>
  target.port === undefined ? peerText(target) : formatEndpoint(peerText(target), target.port)

/** 4 or 16 bytes. */
export function addressOf({ address }: Target): Uint8Array {
  const bytes = parseAddress(address)
  if (bytes === undefined) throw new Error(`a target whose address is none: ${address}`)
  return bytes
}

/** The first and the last address, 4 or 16 bytes each. */
export function boundsOf(target: Target): { readonly first: Uint8Array; readonly last: Uint8Array } {
  const first = addressOf(target)
  const last = first.slice()
  for (let bit = target.prefixLength; bit < last.length * 8; bit++) last[bit >> 3]! |= 0x80 >> (bit & 7)
  return { first, last }
}

export const isSameTarget = (a: Target, b: Target): boolean =>
  a.family === b.family && a.address === b.address && a.prefixLength === b.prefixLength && a.port === b.port

/** Whether the address (any spelling) is one of the target's. */
export function holdsAddress(target: Target, address: string): boolean {
  const bytes = parseAddress(address.replace(/%.*$/, ""))
  if (bytes === undefined || bytes.length !== (target.family === 4 ? 4 : 16)) return false
  return startsAlike(addressOf(target), bytes, target.prefixLength)
}

/** Whether some packet could be meant by both. */
export function overlaps(a: Target, b: Target): boolean {
  if (a.family !== b.family) return false
  if (a.port !== undefined && b.port !== undefined && a.port !== b.port) return false
  return startsAlike(addressOf(a), addressOf(b), Math.min(a.prefixLength, b.prefixLength))
}

function startsAlike(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  const whole = bits >> 3
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false
  const mask = (0xff << (8 - (bits & 7))) & 0xff
  return mask === 0 || (a[whole]! & mask) === (b[whole]! & mask)
}

/** What is typed: PEER, PEER:PORT, [IPV6]:PORT, a network in the place of PEER; `port` as given beside it. */
export function parseTarget(text: string, port?: number): Parsed<Target> {
  const split = splitPort(text.trim())
  if (!split.ok) return split
  const { peer, portText } = split.value
  const inside = portText === undefined ? undefined : parsePort(portText)
  if (inside?.ok === false) return inside
  if (inside !== undefined && port !== undefined && inside.value !== port)
    return no(`the port is given twice: ${inside.value} and ${port}`)
  const wanted = inside?.value ?? port
  if (wanted !== undefined && !(Number.isInteger(wanted) && wanted >= 1 && wanted <= PORT_MAX))
    return no(`a port is a whole number from 1 to ${PORT_MAX}`)
  const found = parsePeer(peer)
  if (!found.ok || wanted === undefined) return found
  return yes({ ...found.value, port: wanted })
}

const yes = <T>(value: T): Parsed<T> => ({ ok: true, value })
const no = (reason: string): Parsed<never> => ({ ok: false, reason })

/** A bare IPv6 address is full of colons, so its port needs brackets. */
function splitPort(text: string): Parsed<{ readonly peer: string; readonly portText?: string }> {
  if (text.startsWith("[")) {
    const [, peer, rest] = /^\[([^\]]*)\](.*)$/s.exec(text) ?? []
    if (peer === undefined || rest === undefined) return no("a bracket is not closed: [2001:db8::1]:443")
    if (rest === "") return yes({ peer })
    if (rest.startsWith(":")) return yes({ peer, portText: rest.slice(1) })
    if (rest.startsWith("/")) return no(`a network is written inside the brackets: [${peer}${rest}]:443`)
    return no("behind the bracket comes :PORT, as in [2001:db8::1]:443")
  }
  const colons = text.split(":").length - 1
  if (colons !== 1) return yes({ peer: text })
  const at = text.indexOf(":")
  return yes({ peer: text.slice(0, at), portText: text.slice(at + 1) })
}

export function parsePort(text: string): Parsed<number> {
  const port = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN
  return port >= 1 && port <= PORT_MAX ? yes(port) : no(`a port is a whole number from 1 to ${PORT_MAX}`)
}

/** Minutes of a block; 0 kills and blocks nothing. */
export function parseMinutes(text: string): Parsed<number> {
  const minutes = /^\d{1,7}$/.test(text.trim()) ? Number(text) : Number.NaN
  return minutes <= MINUTES_MAX ? yes(minutes) : no(`minutes are a whole number from 0 to ${MINUTES_MAX}`)
}

const EXAMPLES = "an address such as 203.0.113.7 or 2001:db8::1, or a network such as 203.0.113.0/24"

function parsePeer(text: string): Parsed<Target> {
  if (text.includes("%"))
    return no("an address with a zone (%) names a link of this host; blocks and kills know addresses only")
  const range = parsePeerRange(text)
  if (range === undefined) return no(`the peer is ${EXAMPLES}`)
  const family = range.isIpv4 ? 4 : 6
  const all = range.isIpv4 ? range.address.slice(12) : range.address
  const prefixLength = range.isIpv4 ? range.prefixLength - 96 : range.prefixLength
  const first = all.map((byte, at) => byte & maskByte(prefixLength, at))
  const target: Target = { family, address: formatAddress(first), prefixLength }
  if (first.some((byte, at) => byte !== all[at]))
    return no(`${text} has bits behind its prefix; the network is ${peerText(target)}`)
  if (prefixLength < WIDEST[family])
    return no(`${peerText(target)} is too wide: at most /${WIDEST[family]} for IPv${family}`)
  const problem = noHost(first)
  return problem === undefined ? yes(target) : no(`${peerText(target)} is ${problem}, not a peer`)
}

/** The bits of byte `at` that a prefix of this length keeps. */
const maskByte = (prefixLength: number, at: number) =>
  prefixLength >= at * 8 + 8 ? 0xff : prefixLength <= at * 8 ? 0 : (0xff << (8 - (prefixLength & 7))) & 0xff

/** Addresses that no connection has at its other end. */
function noHost(bytes: Uint8Array): string | undefined {
  if (bytes.every((byte) => byte === 0)) return "the unspecified address"
  if (bytes.length === 4) {
    if (bytes[0]! >= 224 && bytes[0]! <= 239) return "multicast"
    if (bytes.every((byte) => byte === 255)) return "the broadcast address"
    if (bytes[0] === 0) return "no address of a host"
    return undefined
  }
  return bytes[0] === 0xff ? "multicast" : undefined
}
