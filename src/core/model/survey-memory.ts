/** Who holds most memory of sockets. */
import type { Owner } from "../sample/owners.ts"
import type { SocketTable } from "../sample/socket-table.ts"
import type { Subject } from "./survey-subject.ts"

/** Bytes by owner. */
export interface HeldMemory {
  /** What was received and not read, and what waits to be sent or acknowledged. */
  readonly memory: Float64Array
  /** Of that, what was received and not read. */
  readonly unread: Float64Array
}

/** What is not read counts as the cause from this part of the greatest holding on. */
const UNREAD_SHARE = 0.2

/**
 * The greatest holder of the host, when it has sockets in this namespace. One that does not read comes before one that
 * cannot send: where both are on this host the second waits for the first.
 */
export function holderOf(
  { memory, unread }: HeldMemory,
  owners: readonly Owner[],
  { owner, namespace, length }: SocketTable,
  net: number,
): { readonly memory?: Subject & { readonly bytes: number } } {
  const greatest = indexOfMost(memory)
  const slowest = indexOfMost(unread)
  const isUnread = slowest >= 0 && unread[slowest]! >= memory[greatest]! * UNREAD_SHARE
  const worst = isUnread ? slowest : greatest
  const holder = owners[worst]
  if (holder === undefined) return {}
  let isHere = false
  for (let row = 0; row < length && !isHere; row++) isHere = owner[row] === worst && namespace[row] === net
  if (!isHere) return {}
  return { memory: { pid: holder.pid, ...(holder.name === "" ? {} : { process: holder.name }), bytes: memory[worst]! } }
}

/** -1 where all are 0. */
function indexOfMost(values: Float64Array): number {
  let most = -1
  for (let i = 0; i < values.length; i++) if (values[i]! > (most < 0 ? 0 : values[most]!)) most = i
  return most
}
