/**
 * IP addresses: sixteen bytes inside, one canonical text outside.
 *
 * Text of IPv6 follows RFC 5952 (lower case, the longest run of zero groups shortened, the first of two equal runs).
 * An IPv4-mapped address (::ffff:a.b.c.d) *is* the IPv4 address and is written as one.
 */

/** The IPv4 address whose four bytes stand at `at`. */
const dotted = (bytes: Uint8Array, at: number) => `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`

/** True for ::ffff:0:0/96 (RFC 4291, 2.5.5.2) in 16 network-order bytes. */
export function isMapped(bytes: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return false
  return bytes[10] === 0xff && bytes[11] === 0xff
}

/** Canonical text of 4 (IPv4) or 16 (IPv6) network-order bytes. */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return dotted(bytes, 0)
  if (isMapped(bytes)) return dotted(bytes, 12)
  const groups: number[] = []
  for (let i = 0; i < 16; i += 2) groups.push((bytes[i]! << 8) | bytes[i + 1]!)
  const gap = longestZeroRun(groups)
  const text = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(":")
  return gap === undefined ? text(0, 8) : `${text(0, gap.start)}::${text(gap.end, 8)}`
}

// RFC 5952, 4.2: a single zero group is not shortened, and of two equal runs the first is.
function longestZeroRun(groups: readonly number[]): { start: number; end: number } | undefined {
  let best: { start: number; end: number } | undefined
  for (let start = 0; start < groups.length; start++) {
    let end = start
    while (end < groups.length && groups[end] === 0) end++
    if (end - start >= 2 && (best === undefined || end - start > best.end - best.start)) best = { start, end }
    start = Math.max(start, end)
  }
  return best
}

/**
 * Reads an address: 4 bytes for IPv4 and for mapped IPv6, else 16; `undefined` when it is none. Strict: no zone, no
 * leading zeros in IPv4, no shortened IPv4. Blanks around it and one pair of brackets are allowed.
 */
export function parseAddress(text: string): Uint8Array | undefined {
  const bare = text.trim().replace(/^\[(.*)\]$/, "$1")
  if (!bare.includes(":")) return parseIpv4(bare)
  const bytes = parseIpv6(bare)
  return bytes !== undefined && isMapped(bytes) ? bytes.slice(12) : bytes
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".")
  if (parts.length !== 4) return undefined
  const numbers = parts.map((part) => (/^(0|[1-9]\d{0,2})$/.test(part) ? Number(part) : 256))
  return numbers.every((n) => n <= 255) ? Uint8Array.from(numbers) : undefined
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split("::")
  if (halves.length > 2) return undefined
  const sides = halves.map((half) => (half === "" ? [] : half.split(":")))
  const last = sides.at(-1)!
  const tail = last.at(-1)
  // The last 32 bits may be written as IPv4 (RFC 4291, 2.2.3).
  if (tail?.includes(".")) {
    const four = parseIpv4(tail)
    if (four === undefined) return undefined
    const word = (at: number) => ((four[at]! << 8) | four[at + 1]!).toString(16)
    last.splice(-1, 1, word(0), word(2))
  }
  const [head = [], rest] = sides
  const given = head.length + (rest?.length ?? 0)
  if (rest === undefined ? given !== 8 : given > 7) return undefined
  const groups = rest === undefined ? head : [...head, ...new Array<string>(8 - given).fill("0"), ...rest]
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  return Uint8Array.from(groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]))
}

/** An address with its port, as one reads it in a table or types it in a form: `1.2.3.4:80`, `[::1]:80`. */
export const formatEndpoint = (address: string, port: number | string): string =>
  address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`
