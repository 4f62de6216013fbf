/** The kernel's UDP sockets. */
import { appendSocket, type SocketTable } from "../../core/sample/socket-table.ts"
import { AF_INET, AF_INET6, IPPROTO_UDP, NETLINK_SOCK_DIAG, writeSocketDump } from "../../core/wire/inet-diag.ts"
import { Conversation, KernelError } from "./netlink.ts"

/** Reads every UDP socket of this network namespace into `table`. A host may have no IPv6. Throws `KernelError`. */
export async function listUdpSockets(table: SocketTable): Promise<void> {
  using conversation = Conversation.open(NETLINK_SOCK_DIAG)
  table.length = 0
  await listFamily(conversation, table, AF_INET)
  const rows = table.length
  try {
    await listFamily(conversation, table, AF_INET6)
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    table.length = rows
  }
}

async function listFamily(conversation: Conversation, table: SocketTable, family: number): Promise<void> {
  await conversation.dump(
    `list ${family === AF_INET ? "IPv4" : "IPv6"} UDP sockets`,
    (sequence) => writeSocketDump({ family, protocol: IPPROTO_UDP, sequence }),
    (data, at, end) => {
      appendSocket(table, data, at, end, IPPROTO_UDP)
    },
  )
}
