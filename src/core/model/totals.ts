/** What all connections together move. */
import { type AddressSet, hasAddress, isLoopbackAt, isSameAddress } from "../sample/address-column.ts"
import { IPPROTO_UDP, rowSource, type SocketTable } from "../sample/socket-table.ts"
import type { Connections } from "./connections.ts"
import { LISTEN } from "./direction.ts"

export interface Totals {
  readonly connectionCount: number
  /** Of those, how many have both ends on this host: each such pair of rows is one connection. */
  readonly pairCount: number
  /** Bytes of the window; absent when no row's are known. What a pair moves stands under what its opener sent. */
  readonly txBytes?: number
  readonly rxBytes?: number
}

/** `own` are the addresses of the namespace we were started in. Hot: once a look. */
export function deriveTotals({ table, rates }: Connections, own: AddressSet | undefined): Totals {
  let connectionCount = 0
  let pairCount = 0
  let tx = 0
  let rx = 0
  let knownCount = 0
  const { state, protocol, remotePort, connectionCount: counts, source } = table
  for (let row = 0; row < table.length; row++) {
    if (state[row] === LISTEN || (protocol[row] === IPPROTO_UDP && remotePort[row] === 0)) continue
    // A flow is one row, whoever its ends are.
    if (source[row] !== rowSource.conntrack && hasPeerHere(table, row, own)) {
      if (rates.isIncoming[row] === 1) continue
      pairCount += counts[row]!
    }
    connectionCount += counts[row]!
    if (Number.isNaN(rates.txBytes[row]!) || Number.isNaN(rates.rxBytes[row]!)) continue
    tx += rates.txBytes[row]!
    rx += rates.rxBytes[row]!
    knownCount++
  }
  return { connectionCount, pairCount, ...(knownCount === 0 ? {} : { txBytes: tx, rxBytes: rx }) }
}

/** True when both ends are in one network namespace: the other end has a row of its own. */
export function hasPeerHere(table: SocketTable, row: number, own: AddressSet | undefined): boolean {
  const { remoteAddress, localAddress, namespace } = table
  return (
    isLoopbackAt(remoteAddress, row) ||
    isSameAddress(remoteAddress, row, localAddress, row) ||
    (own !== undefined && namespace[row] === 0 && hasAddress(own, remoteAddress, row))
  )
}
