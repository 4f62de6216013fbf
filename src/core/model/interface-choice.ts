/** Which interface to watch: the one that was asked for, else the one that leads out. */
import type { DefaultRoute } from "../proc/route.ts"

export interface InterfaceFacts {
  /** Every interface there is, in the order of their index. */
  readonly names: readonly string[]
  readonly ipv4: readonly DefaultRoute[]
  readonly ipv6: readonly DefaultRoute[]
}

export type InterfaceChoice =
  | { readonly ok: true; readonly name: string }
  | { readonly ok: false; readonly reason: string }

/** Takes `asked` when it exists, `lo` included. The reason names the interfaces that do exist. */
export function chooseInterface(asked: string | undefined, facts: InterfaceFacts): InterfaceChoice {
  if (asked === undefined) return chooseDefaultInterface(facts)
  if (facts.names.includes(asked)) return { ok: true, name: asked }
  return {
    ok: false,
    reason: `interface ${plain(asked)} does not exist. There are: ${facts.names.map(plain).join(", ")}`,
  }
}

/** The lowest metric wins, IPv4 before IPv6; without a default route the first interface that is not `lo`, else `lo`. */
function chooseDefaultInterface({ names, ipv4, ipv6 }: InterfaceFacts): InterfaceChoice {
  const name =
    bestRoute(ipv4, names) ?? bestRoute(ipv6, names) ?? names.find((candidate) => candidate !== "lo") ?? names[0]
  return name === undefined
    ? { ok: false, reason: "this network namespace has no interface. Name one with --interface once it exists" }
    : { ok: true, name }
}

/** Of equal metrics the first, as the kernel does. A route of `lo` or of an unlisted device leads nowhere. */
function bestRoute(routes: readonly DefaultRoute[], names: readonly string[]): string | undefined {
  let best: DefaultRoute | undefined
  for (const route of routes) {
    if (route.interface === "lo" || !names.includes(route.interface)) continue
    if (best === undefined || route.metric < best.metric) best = route
  }
  return best?.interface
}

/** A name fit for a terminal: the kernel allows control characters in the name of a device. */
export const plain = (name: string): string => name.replace(/\p{C}/gu, "\u{fffd}")
