/** The kernel's sockets: list them. */
import type { NetworkNamespace } from "../../core/sample/network-namespace.ts"
import type { NamespaceLook, Note } from "../../core/sample/sample.ts"
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
  table.length = 0
  return appendSockets(table, 0)
}

/** As `listSockets`, for one namespace among others: rows are added, and carry its index. */
async function appendSockets(table: SocketTable, index: number, namespace?: NetworkNamespace): Promise<SocketListing> {
  const place = namespace?.path === undefined ? undefined : { path: namespace.path, inode: namespace.id }
  using conversation = Conversation.open(NETLINK_SOCK_DIAG, undefined, place)
  const ipv4 = await listFamily(conversation, table, AF_INET, index)
  const ipv4Rows = table.length
  try {
    const ipv6 = await listFamily(conversation, table, AF_INET6, index)
    return { skipped: ipv4.skipped + ipv6.skipped, interrupted: ipv4.interrupted || ipv6.interrupted }
  } catch (error) {
    // Half a list would look like a whole one.
    table.length = ipv4Rows
    return { ...ipv4, withoutIpv6: error instanceof Error ? error.message : String(error) }
  }
}

/** Throws `KernelError` where sockets cannot even be asked for. */
export const checkSockets = (): void => Conversation.open(NETLINK_SOCK_DIAG).close()

export interface NamespacesListing {
  /** By index, as given. */
  readonly namespaces: readonly NamespaceLook[]
  /** Beside `namespaces`: the rows of each, `from` up to, not including, `to`. */
  readonly rows: readonly { readonly from: number; readonly to: number }[]
  /** What is missing, by namespace. */
  readonly notes: readonly Note[]
}

/**
 * Reads every TCP socket of the given namespaces into `table`, one after the other; `undefined` stands for a namespace
 * that is not looked at. Each fails alone: what is missing becomes a note. Throws `KernelError` when the first, our own,
 * cannot be listed.
 */
export async function listSocketsOf(
  table: SocketTable,
  namespaces: readonly (NetworkNamespace | undefined)[],
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
      const listing = await appendSockets(table, index, namespace)
      if (listing.skipped > 0) note(`${listing.skipped} sockets could not be read`)
      if (listing.interrupted) note("the socket list changed while it was read")
      if (listing.withoutIpv6 !== undefined) note(listing.withoutIpv6)
      const isComplete = listing.skipped === 0 && !listing.interrupted && listing.withoutIpv6 === undefined
      looks.push({ id, name, isComplete })
    } catch (error) {
      if (index === 0) throw error
      table.length = start
      note(error instanceof Error ? error.message : String(error))
      looks.push({ id, name, isComplete: false })
    }
    rows.push({ from: start, to: table.length })
  }
  return { namespaces: looks, rows, notes }
}

async function listFamily(conversation: Conversation, table: SocketTable, family: number, namespace: number) {
  const start = table.length
  const ask = async () => {
    table.length = start
    let skipped = 0
    const { interrupted } = await conversation.dump(
      `list ${family === AF_INET ? "IPv4" : "IPv6"} TCP sockets`,
      (sequence) => writeSocketDump({ family, protocol: IPPROTO_TCP, sequence }),
      (data, at, end) => {
        if (!appendSocket(table, data, at, end, IPPROTO_TCP, namespace)) skipped++
      },
    )
    return { skipped, interrupted }
  }
  const first = await ask()
  return first.interrupted ? ask() : first
}
