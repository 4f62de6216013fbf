/** What this host makes of a connection that it passes on for others. */
import { isSameAddress } from "../sample/address-column.ts"
import { type FlowTable, flowRole } from "../sample/flow-table.ts"
import { addressText, type SocketTable } from "../sample/socket-table.ts"

export interface Translation {
  readonly role: "published" | "masqueraded" | "routed"
  /** The end behind the translation: who answers a published port, who is behind a masquerade. */
  readonly inner?: { readonly address: string; readonly port: number }
}

const roles: Readonly<Record<number, Translation["role"]>> = {
  [flowRole.targetNat]: "published",
  [flowRole.sourceNat]: "masqueraded",
  [flowRole.forward]: "routed",
}

/** Of the row of a flow; nothing when the flow ends on this host. */
export function translationOf(flows: FlowTable, sockets: SocketTable, row: number): Translation | undefined {
  const flow = sockets.flow[row]!
  const role = roles[flows.role[flow]!]
  if (role === undefined) return undefined
  if (role === "published") return { role, inner: endOf(flows.replySource, flows.replySourcePort, flow) }
  const isShown =
    sockets.localPort[row] === flows.originalSourcePort[flow] &&
    isSameAddress(sockets.localAddress, row, flows.originalSource, flow)
  if (role === "routed" && isShown) return { role }
  return isShown
    ? { role, inner: endOf(flows.replyTarget, flows.replyTargetPort, flow) }
    : { role, inner: endOf(flows.originalSource, flows.originalSourcePort, flow) }
}

const endOf = (address: Uint32Array, port: Uint16Array, flow: number) => ({
  address: addressText(address, flow),
  port: port[flow]!,
})
