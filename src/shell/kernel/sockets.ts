/** The kernel's sockets: list them. */
import { appendSocket, type SocketTable } from "../../core/sample/socket-table.ts"
import { AF_INET, AF_INET6, IPPROTO_TCP, NETLINK_SOCK_DIAG, writeSocketDump } from "../../core/wire/inet-diag.ts"
import { Conversation } from "./netlink.ts"

export interface SocketListing {
  /** Rows that could not be read. */
  readonly skipped: number
  /** The kernel marked the second try as interrupted too: rows may be missing or doubled. */
  readonly interrupted: boolean
  /** Why IPv6 is missing, when it is. A host may have it switched off. */
  readonly withoutIpv6?: string
}

/**
 * Reads every TCP socket of this network namespace into `table`, IPv4 then IPv6. Needs no privilege. A dump that the
 * kernel marks as interrupted is asked again, once. Throws `KernelError` when IPv4 cannot be listed.
 */
export async function listSockets(table: SocketTable): Promise<SocketListing> {
  using conversation = Conversation.open(NETLINK_SOCK_DIAG)
  table.length = 0
  const ipv4 = await listFamily(conversation, table, AF_INET)
  const ipv4Rows = table.length
  try {
    const ipv6 = await listFamily(conversation, table, AF_INET6)
    return { skipped: ipv4.skipped + ipv6.skipped, interrupted: ipv4.interrupted || ipv6.interrupted }
  } catch (error) {
    // Half a list would look like a whole one.
    table.length = ipv4Rows
    return { ...ipv4, withoutIpv6: error instanceof Error ? error.message : String(error) }
  }
}

async function listFamily(conversation: Conversation, table: SocketTable, family: number) {
  const start = table.length
  const ask = async () => {
    table.length = start
    let skipped = 0
    const { interrupted } = await conversation.dump(
      `list ${family === AF_INET ? "IPv4" : "IPv6"} TCP sockets`,
      (sequence) => writeSocketDump({ family, protocol: IPPROTO_TCP, sequence }),
      (data, at, end) => {
        if (!appendSocket(table, data, at, end, IPPROTO_TCP)) skipped++
      },
    )
    return { skipped, interrupted }
  }
  const first = await ask()
  return first.interrupted ? ask() : first
}
