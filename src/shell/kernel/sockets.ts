/** The kernel's sockets, TCP and UDP: list them. */
import type { NetworkNamespace } from "../../core/sample/network-namespace.ts"
import type { NamespaceLook, Note } from "../../core/sample/sample.ts"
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
import { namespaceIdAt } from "./network-namespaces.ts"

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
  table.length = 0
  using conversation = Conversation.open(NETLINK_SOCK_DIAG)
  // Awaited here: the conversation is closed on the way out.
  return await appendTcp(conversation, table, 0)
}

/** As `listSockets`, for one namespace among others: rows are added, and carry its index. */
async function appendTcp(conversation: Conversation, table: SocketTable, index: number): Promise<SocketListing> {
  const ipv4 = await listFamily(conversation, table, { family: AF_INET, protocol: IPPROTO_TCP, index })
  const ipv4Rows = table.length
  try {
    const ipv6 = await listFamily(conversation, table, { family: AF_INET6, protocol: IPPROTO_TCP, index })
    return { skipped: ipv4.skipped + ipv6.skipped, interrupted: ipv4.interrupted || ipv6.interrupted }
  } catch (error) {
    // Half a list would look like a whole one.
    table.length = ipv4Rows
    return { ...ipv4, withoutIpv6: error instanceof Error ? error.message : String(error) }
  }
}

/** Throws `KernelError` where sockets cannot even be asked for. */
export const checkSockets = (): void => Conversation.open(NETLINK_SOCK_DIAG).close()

/** Adds the UDP sockets of one namespace. Answers why some are missing, when they are. */
async function appendUdp(conversation: Conversation, table: SocketTable, index: number): Promise<string | undefined> {
  let { length } = table
  try {
    for (const family of [AF_INET, AF_INET6]) {
      await listFamily(conversation, table, { family, protocol: IPPROTO_UDP, index })
      length = table.length
    }
    return undefined
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    table.length = length
    return error.answer === "ENOENT" ? `${error.message}. Run: modprobe udp_diag` : error.message
  }
}

export interface NamespacesListing {
  /** By index, as given. */
  readonly namespaces: readonly NamespaceLook[]
  /** Beside `namespaces`: the rows of each, `from` up to, not including, `to`. */
  readonly rows: readonly { readonly from: number; readonly to: number }[]
  /** What is missing, by namespace. */
  readonly notes: readonly Note[]
}

/**
 * Reads every TCP and UDP socket of the given namespaces into `table`, one after the other; `undefined` stands for a
 * namespace that is not looked at. `afterFirst` is called when our own has been read. Each fails alone: what is missing becomes a note, unless the namespace has gone
 * meanwhile. Throws `KernelError` when the first, our own, cannot be listed.
 */
export async function listSocketsOf(
  table: SocketTable,
  namespaces: readonly (NetworkNamespace | undefined)[],
  afterFirst: () => Promise<void> = async () => {},
): Promise<NamespacesListing> {
  table.length = 0
  const notes: Note[] = []
  const looks: NamespaceLook[] = []
  const rows: { from: number; to: number }[] = []
  for (const [index, namespace] of namespaces.entries()) {
    const start = table.length
    if (namespace === undefined) {
      rows.push({ from: start, to: start })
      looks.push({ id: 0, name: "", isComplete: false })
      continue
    }
    const { id, name } = namespace
    const note = (text: string) => notes.push({ source: "sockets", text: index === 0 ? text : `${name}: ${text}` })
    try {
      const place = namespace.path === undefined ? undefined : { path: namespace.path, inode: id }
      using conversation = Conversation.open(NETLINK_SOCK_DIAG, undefined, place)
      const listing = await appendTcp(conversation, table, index)
      const withoutUdp = await appendUdp(conversation, table, index)
      if (listing.skipped > 0) note(`${listing.skipped} sockets could not be read`)
      if (listing.interrupted) note("the socket list changed while it was read")
      if (listing.withoutIpv6 !== undefined) note(listing.withoutIpv6)
      if (withoutUdp !== undefined) note(withoutUdp)
      const isComplete = listing.skipped === 0 && !listing.interrupted && listing.withoutIpv6 === undefined
      looks.push({ id, name, isComplete })
    } catch (error) {
      if (index === 0) throw error
      table.length = start
      const isThere = namespace.path === undefined || namespaceIdAt(namespace.path) === id
      if (isThere) note(error instanceof Error ? error.message : String(error))
      looks.push({ id, name, isComplete: false })
    }
    rows.push({ from: start, to: table.length })
    if (index === 0) await afterFirst()
  }
  return { namespaces: looks, rows, notes }
}

async function listFamily(
  conversation: Conversation,
  table: SocketTable,
  { family, protocol, index }: { readonly family: number; readonly protocol: number; readonly index: number },
) {
  const start = table.length
  const ask = async () => {
    table.length = start
    let skipped = 0
    const { interrupted } = await conversation.dump(
      `list ${family === AF_INET ? "IPv4" : "IPv6"} ${protocol === IPPROTO_TCP ? "TCP" : "UDP"} sockets`,
      (sequence) => writeSocketDump({ family, protocol, sequence }),
      (data, at, end) => {
        if (!appendSocket(table, data, at, end, protocol, index)) skipped++
      },
    )
    return { skipped, interrupted }
  }
  const first = await ask()
  return first.interrupted ? ask() : first
}
