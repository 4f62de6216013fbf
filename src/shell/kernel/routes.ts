/** The way to an address, as the kernel would take it now. Needs no privilege. */
import { formatAddress } from "../../core/wire/address.ts"
import { bodyAt } from "../../core/wire/inet-diag.ts"
import { NETLINK_ROUTE, type RouteMessage, readRouteMessage, writeRouteRequest } from "../../core/wire/rtnetlink.ts"
import { listLinks } from "./links.ts"
import { Conversation, KernelError } from "./netlink.ts"

export interface Route {
  readonly interfaceName: string
  readonly isLoopback: boolean
  /** The next hop, when it is not the target itself. Canonical text. */
  readonly gateway?: string
}

/** Throws `KernelError`, ENETUNREACH when there is none. */
export async function findRoute(target: Uint8Array): Promise<Route> {
  const operation = `find the route to ${formatAddress(target)}`
  let route: RouteMessage | undefined
  {
    using conversation = Conversation.open(NETLINK_ROUTE)
    await conversation.dump(
      operation,
      (sequence) => writeRouteRequest({ target, sequence }),
      (data, at, end) => {
        route = readRouteMessage(data.bytes.subarray(bodyAt(at), end))
      },
    )
  }
  const index = route?.interfaceIndex
  const link = index === undefined ? undefined : (await listLinks()).find((one) => one.index === index)
  if (route === undefined || link === undefined) throw new KernelError(operation, "an answer without an interface")
  const { gateway } = route
  return {
    interfaceName: link.name,
    isLoopback: link.isLoopback,
    ...(gateway === undefined ? {} : { gateway: formatAddress(gateway) }),
  }
}
