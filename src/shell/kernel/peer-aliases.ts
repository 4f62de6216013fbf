/** What this host translates of a peer's flows, as the kernel tracks them. */
import { type Aliases, findAliases } from "../../core/sample/aliases.ts"
import { createFlowTable } from "../../core/sample/flow-table.ts"
import { listFlows, openConntrack } from "./conntrack.ts"
import { KernelError } from "./netlink.ts"

/** Without connection tracking, or the right to ask it, nothing is known to be translated. */
export async function listAliases(peer: Uint8Array): Promise<Aliases> {
  try {
    using conversation = openConntrack()
    const table = createFlowTable()
    await listFlows(conversation, table)
    return findAliases(table, peer)
  } catch (error) {
    if (error instanceof KernelError) return { isTranslated: false, list: [] }
    throw error
  }
}
