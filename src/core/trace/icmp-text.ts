/** What an ICMP error says, in words. */
import { addressText } from "./address-text.ts"
import type { IcmpError } from "./conversations.ts"
import {
  ICMP_DEST_UNREACH,
  ICMP_FRAG_NEEDED,
  ICMP_TIME_EXCEEDED,
  ICMPV6_DEST_UNREACH,
  ICMPV6_PKT_TOOBIG,
  ICMPV6_TIME_EXCEED,
} from "./packet.ts"

export interface IcmpText {
  readonly from: string
  readonly short: string
  readonly meaning: string
}

const NO_ROUTE =
  "A router on the way has no route to the target, or nobody answers for its address in the last network."
const NO_LISTENER = "The packet arrived, and nothing listens on that port there."
const FORBIDDEN = "A firewall or router on the way refuses this traffic, and says so."

// linux/icmp.h
const codes: Readonly<Record<number, readonly [short: string, meaning: string]>> = {
  0: ["network unreachable", NO_ROUTE],
  1: ["host unreachable", NO_ROUTE],
  2: ["protocol unreachable", "The target does not speak this protocol."],
  3: ["port unreachable", NO_LISTENER],
  5: ["source route failed", FORBIDDEN],
  6: ["network unknown", NO_ROUTE],
  7: ["host unknown", NO_ROUTE],
  9: ["network administratively prohibited", FORBIDDEN],
  10: ["host administratively prohibited", FORBIDDEN],
  13: ["communication administratively prohibited", FORBIDDEN],
}

// linux/icmpv6.h
const codes6: typeof codes = {
  0: ["no route to destination", NO_ROUTE],
  1: ["communication administratively prohibited", FORBIDDEN],
  3: ["address unreachable", NO_ROUTE],
  4: ["port unreachable", NO_LISTENER],
  5: ["source address failed policy", FORBIDDEN],
  6: ["route rejected", FORBIDDEN],
}

/** Nothing for what only asks for smaller packets. */
export function unreachableText(error: IcmpError): IcmpText | undefined {
  if (mtuOf(error) !== undefined) return undefined
  const from = addressText(error.from)
  const is6 = error.family === 6
  if (error.type === (is6 ? ICMPV6_TIME_EXCEED : ICMP_TIME_EXCEEDED))
    return {
      from,
      short: error.code === 0 ? "the packet went through too many routers" : "fragments did not all arrive",
      meaning:
        error.code === 0
          ? "Packets go round in a circle between routers, or were sent with too small a hop limit (as traceroute does on purpose)."
          : "Parts of a fragmented packet are lost, and with them the whole packet.",
    }
  if (error.type !== (is6 ? ICMPV6_DEST_UNREACH : ICMP_DEST_UNREACH)) return undefined
  const known = (is6 ? codes6 : codes)[error.code]
  const [short, meaning] = known ?? [`unreachable, code ${error.code}`, NO_ROUTE]
  return { from, short, meaning }
}

/** The MTU that a router asks for; 0 when it does not say. */
export function mtuOf(error: IcmpError): number | undefined {
  const is6 = error.family === 6
  const isTooBig = is6
    ? error.type === ICMPV6_PKT_TOOBIG
    : error.type === ICMP_DEST_UNREACH && error.code === ICMP_FRAG_NEEDED
  return isTooBig ? error.value : undefined
}
