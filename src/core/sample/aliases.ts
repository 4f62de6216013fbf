/**
 * Under which other names the packets of a peer pass this host: what connection tracking translates.
 *
 * Who asks for PEER:PORT as a socket names it would not see those packets where they carry the other name: a service
 * address that stands for a pod, a published or redirected port.
 */
import { createAddressSet, hasAddress, isSameAddress } from "./address-column.ts"
import type { FlowTable } from "./flow-table.ts"
import { addressText, IPPROTO_TCP, IPPROTO_UDP } from "./socket-table.ts"

/** What is PEER at `port` in one place is `address` at `aliasPort` in another. */
export interface Alias {
  readonly port: number
  readonly address: string
  readonly aliasPort: number
}

export interface Aliases {
  /** Some flow of the peer carries other addresses or ports on one of its sides. */
  readonly isTranslated: boolean
  readonly list: readonly Alias[]
}

/** More names are not looked for: no filter takes so many. */
const ALIASES_MAX = 64

/** Of the peer in 4 (IPv4) or 16 network-order bytes. Hot where there are many flows: most are told apart by one word. */
export function findAliases(flows: FlowTable, peer: Uint8Array): Aliases {
  const set = createAddressSet([peer])
  const list = new Map<string, Alias>()
  let isTranslated = false
  for (let row = 0; row < flows.length && list.size < ALIASES_MAX; row++) {
    const protocol = flows.protocol[row]
    if (protocol !== IPPROTO_TCP && protocol !== IPPROTO_UDP) continue
    const isSource = hasAddress(set, flows.originalSource, row)
    const isTarget = hasAddress(set, flows.originalTarget, row)
    if (!isSource && !isTarget && !hasAddress(set, flows.replySource, row)) continue
    if (!isTranslatedAt(flows, row)) continue
    isTranslated = true
    for (const alias of aliasesAt(flows, row, isSource, isTarget))
      list.set(`${alias.port} ${alias.address} ${alias.aliasPort}`, alias)
  }
  return { isTranslated, list: [...list.values()] }
}

const isTranslatedAt = (flows: FlowTable, row: number): boolean =>
  flows.originalTargetPort[row] !== flows.replySourcePort[row] ||
  flows.originalSourcePort[row] !== flows.replyTargetPort[row] ||
  !isSameAddress(flows.originalTarget, row, flows.replySource, row) ||
  !isSameAddress(flows.originalSource, row, flows.replyTarget, row)

function aliasesAt(flows: FlowTable, row: number, isSource: boolean, isTarget: boolean): readonly Alias[] {
  const asked = flows.originalTargetPort[row]!
  const real = flows.replySourcePort[row]!
  if (isSource) {
    // The peer keeps its address; what it asked for has another port on the inner side, or is only seen there.
    const address = addressText(flows.originalSource, row)
    return asked === real
      ? []
      : [
          { port: asked, address, aliasPort: real },
          { port: real, address, aliasPort: asked },
        ]
  }
  if (isSameAddress(flows.originalTarget, row, flows.replySource, row) && asked === real) return []
  return isTarget
    ? [{ port: asked, address: addressText(flows.replySource, row), aliasPort: real }]
    : [{ port: real, address: addressText(flows.originalTarget, row), aliasPort: asked }]
}
