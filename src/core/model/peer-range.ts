/** Peers by address or network: `203.0.113.7`, `10.0.0.0/8`, `2001:db8::/32`. */
import { isIpv4At, type SocketTable } from "../sample/socket-table.ts"
import { parseAddress } from "../wire/address.ts"

export interface PeerRange {
  /** Network order, IPv4 as ::ffff:a.b.c.d, of which the first `prefixLength` bits count. */
  readonly address: Uint8Array
  readonly prefixLength: number
  readonly isIpv4: boolean
}

/** The bits of a mapped address before the IPv4 one begins. */
const MAPPED_BITS = 96

/** Undefined when the text is no address and no network. A mapped IPv6 address is the IPv4 one. */
export function parsePeerRange(text: string): PeerRange | undefined {
  const [addressText = "", prefixText, ...more] = text.split("/")
  const bytes = parseAddress(addressText)
  if (bytes === undefined || more.length > 0) return undefined
  const isIpv4 = bytes.length === 4
  const address = new Uint8Array(16)
  if (isIpv4) address.set([0xff, 0xff, ...bytes], 10)
  else address.set(bytes)
  if (prefixText === undefined) return { address, prefixLength: 128, isIpv4 }
  if (!/^\d{1,3}$/.test(prefixText)) return undefined
  // Written as IPv6, the length counts from the first of the 128 bits.
  const isDotted = !addressText.includes(":")
  const prefixLength = Number(prefixText) + (isDotted ? MAPPED_BITS : 0)
  if (prefixLength > 128 || (isIpv4 && prefixLength < MAPPED_BITS)) return undefined
  return { address, prefixLength, isIpv4 }
}

/** Whether the peer of a row is in `range`. Hot: asked for every socket. */
export function peerMatcher({ remoteAddress }: SocketTable, range: PeerRange): (row: number) => boolean {
  const { address, prefixLength, isIpv4 } = range
  const bytes = new Uint8Array(remoteAddress.buffer, remoteAddress.byteOffset, remoteAddress.byteLength)
  const whole = prefixLength >> 3
  const mask = (0xff << (8 - (prefixLength & 7))) & 0xff
  return (row) => {
    // `::/0` is all of IPv6, and none of IPv4 although that is written inside it.
    if (isIpv4At(remoteAddress, row) !== isIpv4) return false
    const at = row * 16
    for (let i = 0; i < whole; i++) if (bytes[at + i] !== address[i]) return false
    return mask === 0 || (bytes[at + whole]! & mask) === (address[whole]! & mask)
  }
}
