/** Ports that this host sends elsewhere, and where that is. */
import { createFlowTable } from "../../core/sample/flow-table.ts"
import type { NetworkNamespace } from "../../core/sample/network-namespace.ts"
import { type PublishedEnd, publishedEnds } from "../../core/sample/published.ts"
import { listFlows, openConntrack } from "./conntrack.ts"
import { listHostAddresses } from "./links.ts"
import { KernelError } from "./netlink.ts"

/** Where connections to the port are sent on by this host now; nothing where connection tracking cannot be read. */
export async function findPublishedEnds(port: number): Promise<readonly PublishedEnd[]> {
  try {
    using conversation = openConntrack()
    const table = createFlowTable()
    await listFlows(conversation, table, { scope: "translated-and-udp" })
    return publishedEnds(table, port)
  } catch (error) {
    // Without connection tracking nothing is translated.
    if (error instanceof KernelError) return []
    throw error
  }
}

/** The index of the namespace that has the address; the host's own is asked last, since its bridges stand in front. */
export async function namespaceOfAddress(
  address: string,
  namespaces: readonly (NetworkNamespace | undefined)[],
): Promise<number | undefined> {
  for (const [index, namespace] of [...namespaces.entries()].toReversed()) {
    if (namespace === undefined) continue
    const { path, id } = namespace
    try {
      const addresses = await listHostAddresses(path === undefined ? undefined : { path, inode: id })
      if (addresses.some((each) => each.address === address)) return index
    } catch (error) {
      // One that may not be entered, or has gone.
      if (!(error instanceof KernelError)) throw error
    }
  }
  return undefined
}
