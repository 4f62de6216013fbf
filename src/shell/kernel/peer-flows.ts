/** Connection tracking entries of one peer: found in a dump, and each deleted by its own identity. */
import type { NamespacePlace } from "../../../ffi/namespace.ts"
import { holdsAddress, type Target } from "../../core/mitigation/target.ts"
import { createFlowTable, type FlowTable, flowIdentity } from "../../core/sample/flow-table.ts"
import { addressText } from "../../core/sample/socket-table.ts"
import { IPPROTO_TCP, IPPROTO_UDP } from "../../core/wire/inet-diag.ts"
import { deleteFlow, listFlows, openConntrack } from "./conntrack.ts"
import type { Conversation } from "./netlink.ts"

/** After this many deletions the event loop is handed back: about a millisecond of work. */
const DELETIONS_A_TURN = 128

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/**
 * Deletes the TCP and UDP flows that the target's peers opened to its port, as they themselves name it: a published
 * port is found by the one outside. What this host opened to them has another source and stays. Answers how many were
 * deleted; one that ended by itself meanwhile is not among them. Throws `KernelError`.
 */
export async function deletePeerFlows(target: Target, namespace?: NamespacePlace): Promise<number> {
  using conversation = openConntrack(namespace)
  const { table, rows } = await findPeerFlows(conversation, target)
  let deleted = 0
  for (const [at, row] of rows.entries()) {
    if (await deleteFlow(conversation, flowIdentity(table, row))) deleted++
    if ((at + 1) % DELETIONS_A_TURN === 0) await turn()
  }
  return deleted
}

/** How many `deletePeerFlows` would delete. Throws `KernelError`. */
export async function countPeerFlows(target: Target, namespace?: NamespacePlace): Promise<number> {
  using conversation = openConntrack(namespace)
  return (await findPeerFlows(conversation, target)).rows.length
}

async function findPeerFlows(conversation: Conversation, target: Target) {
  const table = createFlowTable()
  await listFlows(conversation, table)
  const rows: number[] = []
  for (let row = 0; row < table.length; row++) if (isOfPeer(table, row, target)) rows.push(row)
  return { table, rows }
}

/** More published ports than this are not blocked in front of a container. */
const PUBLISHED_MAX = 16

/**
 * The ports of this host by which the target's peers reach its port at one of `addresses`, which are those of a
 * container: what destination NAT made of them. Throws `KernelError`.
 */
export async function findPublishedPorts(target: Target, addresses: readonly string[]): Promise<readonly number[]> {
  using conversation = openConntrack()
  const table = createFlowTable()
  await listFlows(conversation, table)
  const ports = new Set<number>()
  for (let row = 0; row < table.length && ports.size < PUBLISHED_MAX; row++) {
    const port = table.originalTargetPort[row]!
    if (target.port !== undefined && table.replySourcePort[row] !== target.port) continue
    const answerer = addressText(table.replySource, row)
    const isTranslated = port !== table.replySourcePort[row] || addressText(table.originalTarget, row) !== answerer
    if (!isTranslated || !addresses.includes(answerer)) continue
    if (port > 0 && holdsAddress(target, addressText(table.originalSource, row))) ports.add(port)
  }
  return [...ports]
}

/** Hot where there are many flows: the port tells most of them apart before an address is written. */
function isOfPeer(table: FlowTable, row: number, target: Target): boolean {
  const protocol = table.protocol[row]
  if (protocol !== IPPROTO_TCP && protocol !== IPPROTO_UDP) return false
  if (target.port !== undefined && table.originalTargetPort[row] !== target.port) return false
  return holdsAddress(target, addressText(table.originalSource, row))
}
