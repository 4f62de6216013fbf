/**
 * The sockets of one port, picked out by the kernel: a host with 100,000 connections answers with the few that have it.
 *
 * The kernel keeps the connections of all namespaces in one table and walks through all of it for each question, so each
 * namespace is asked once a family and protocol.
 */
import type { NetworkNamespace } from "../../core/sample/network-namespace.ts"
import { appendSocket, type SocketTable } from "../../core/sample/socket-table.ts"
import {
  AF_INET,
  AF_INET6,
  IPPROTO_TCP,
  IPPROTO_UDP,
  NETLINK_SOCK_DIAG,
  writeSocketDump,
} from "../../core/wire/inet-diag.ts"
import { Conversation, KernelError } from "./netlink.ts"

export interface PortAsk {
  readonly port: number
  readonly namespace: NetworkNamespace
  /** What the rows carry as their namespace. */
  readonly index: number
}

/**
 * Adds every TCP and UDP socket of the namespace that has the port at its own end or at the other. Answers what is missing,
 * in sentences. Throws `KernelError` when the namespace cannot be entered or IPv4 TCP not be listed.
 */
export async function appendPortSockets(table: SocketTable, ask: PortAsk): Promise<readonly string[]> {
  const { id, path } = ask.namespace
  const place = path === undefined ? undefined : { path, inode: id }
  using conversation = Conversation.open(NETLINK_SOCK_DIAG, undefined, place)
  const missing: string[] = []
  for (const protocol of [IPPROTO_TCP, IPPROTO_UDP])
    for (const family of [AF_INET, AF_INET6]) {
      try {
        await appendFamily(conversation, table, ask, protocol, family)
      } catch (error) {
        if (!(error instanceof KernelError) || (protocol === IPPROTO_TCP && family === AF_INET)) throw error
        // A host may have IPv6 switched off; without udp_diag there is no UDP.
        if (protocol === IPPROTO_UDP && family === AF_INET)
          missing.push(error.answer === "ENOENT" ? `${error.message}. Run: modprobe udp_diag` : error.message)
      }
    }
  return missing
}

async function appendFamily(
  conversation: Conversation,
  table: SocketTable,
  { port, index }: PortAsk,
  protocol: number,
  family: number,
): Promise<void> {
  await conversation.dump(
    `list ${family === AF_INET ? "IPv4" : "IPv6"} ${protocol === IPPROTO_TCP ? "TCP" : "UDP"} sockets`,
    (sequence) => writeSocketDump({ family, protocol, sequence, isBare: true, filter: { eitherPort: port } }),
    (data, at, end) => {
      const row = table.length
      if (!appendSocket(table, data, at, end, protocol, index)) return
      if (table.localPort[row] !== port && table.remotePort[row] !== port) table.length = row
    },
  )
}
