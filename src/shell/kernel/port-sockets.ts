/** The sockets of one port, picked out by the kernel: a host with 100,000 connections answers with the few that have it. */
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
        await appendBothEnds(conversation, table, ask, protocol, family)
      } catch (error) {
        if (!(error instanceof KernelError) || (protocol === IPPROTO_TCP && family === AF_INET)) throw error
        // A host may have IPv6 switched off; without udp_diag there is no UDP.
        if (protocol === IPPROTO_UDP && family === AF_INET)
          missing.push(error.answer === "ENOENT" ? `${error.message}. Run: modprobe udp_diag` : error.message)
      }
    }
  return missing
}

async function appendBothEnds(
  conversation: Conversation,
  table: SocketTable,
  { port, index }: PortAsk,
  protocol: number,
  family: number,
): Promise<void> {
  const dump = async (end: { readonly localPort: number } | { readonly remotePort: number }) => {
    await conversation.dump(
      `list ${family === AF_INET ? "IPv4" : "IPv6"} ${protocol === IPPROTO_TCP ? "TCP" : "UDP"} sockets`,
      (sequence) => writeSocketDump({ family, protocol, sequence, isBare: true, ...end }),
      (data, at, limit) => {
        const row = table.length
        if (!appendSocket(table, data, at, limit, protocol, index)) return
        // A socket with the port at both ends is in both answers; and a kernel that picks nothing out sends all.
        const isWanted =
          "localPort" in end
            ? table.localPort[row] === port
            : table.remotePort[row] === port && table.localPort[row] !== port
        if (!isWanted) table.length = row
      },
    )
  }
  await dump({ localPort: port })
  await dump({ remotePort: port })
}
