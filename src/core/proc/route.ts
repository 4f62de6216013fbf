/**
 * Default routes: /proc/net/route (net/ipv4/fib_trie.c) and /proc/net/ipv6_route (net/ipv6/route.c).
 *
 * A route that is down or that rejects leads nowhere and is left out, and so is one without a device.
 */
import { parseDecimal, parseHex, words } from "./number.ts"

export interface DefaultRoute {
  readonly interface: string
  /** Of two routes the one with the lower metric is used. */
  readonly metric: number
}

// linux/route.h
const RTF_UP = 0x1
const RTF_REJECT = 0x200
const isUsable = (flags: number) => (flags & (RTF_UP | RTF_REJECT)) === RTF_UP

/** Reads /proc/net/route, whose columns are named in its first line. Destination and mask are hexadecimal. */
export function parseIpv4DefaultRoutes(text: string): readonly DefaultRoute[] {
  const [header = "", ...lines] = text.split("\n")
  const names = words(header)
  const [name, destination, mask, flags, metric] = ["Iface", "Destination", "Mask", "Flags", "Metric"].map((column) =>
    names.indexOf(column),
  ) as [number, number, number, number, number]
  return lines.flatMap((line) => {
    const cells = words(line)
    const value = parseDecimal(cells[metric])
    // A prefix of length 0 and no other: the route to 0.0.0.0/8 has the same destination.
    if (parseHex(cells[destination]) !== 0 || parseHex(cells[mask]) !== 0 || value === undefined) return []
    return route(cells[name], parseHex(cells[flags]), value)
  })
}

// Columns of /proc/net/ipv6_route, which has no header: destination, length, source, length, next hop, metric,
// references, uses, flags, device. All hexadecimal.
const IPV6_METRIC = 5
const IPV6_FLAGS = 8
const IPV6_DEVICE = 9

/** Reads /proc/net/ipv6_route. A namespace without IPv6 routes still lists a rejecting default on `lo`. */
export function parseIpv6DefaultRoutes(text: string): readonly DefaultRoute[] {
  return text.split("\n").flatMap((line) => {
    const cells = words(line)
    const metric = parseHex(cells[IPV6_METRIC])
    if (!/^0{32}$/.test(cells[0] ?? "") || parseHex(cells[1]) !== 0 || metric === undefined) return []
    return route(cells[IPV6_DEVICE], parseHex(cells[IPV6_FLAGS]), metric)
  })
}

function route(name: string | undefined, flags: number | undefined, metric: number): readonly DefaultRoute[] {
  // A blackhole has `*` where the device stands.
  if (name === undefined || name === "*" || flags === undefined || !isUsable(flags)) return []
  return [{ interface: name, metric }]
}

/** Next hops of the IPv4 default routes in /proc/net/route, as dotted text; a route without one has none. */
export function parseIpv4Gateways(text: string): readonly string[] {
  const [header = "", ...lines] = text.split("\n")
  const names = words(header)
  const [destination, mask, gateway, flags] = ["Destination", "Mask", "Gateway", "Flags"].map((column) =>
    names.indexOf(column),
  ) as [number, number, number, number]
  return lines.flatMap((line) => {
    const cells = words(line)
    const hop = parseHex(cells[gateway])
    if (parseHex(cells[destination]) !== 0 || parseHex(cells[mask]) !== 0 || hop === undefined || hop === 0) return []
    if (!isUsable(parseHex(cells[flags]) ?? 0)) return []
    // The word as it lies in memory, written as a number of a little-endian machine.
    return [[hop & 0xff, (hop >>> 8) & 0xff, (hop >>> 16) & 0xff, hop >>> 24].join(".")]
  })
}

const IPV6_NEXT_HOP = 4

/** Next hops of the IPv6 default routes in /proc/net/ipv6_route: eight groups of four digits. */
export function parseIpv6Gateways(text: string): readonly string[] {
  return text.split("\n").flatMap((line) => {
    const cells = words(line)
    const hop = cells[IPV6_NEXT_HOP] ?? ""
    const isDefault = /^0{32}$/.test(cells[0] ?? "") && parseHex(cells[1]) === 0
    if (!isDefault || !/^[0-9a-f]{32}$/.test(hop) || /^0{32}$/.test(hop)) return []
    return isUsable(parseHex(cells[IPV6_FLAGS]) ?? 0) ? [hop.replace(/(.{4})(?!$)/g, "$1:")] : []
  })
}
