/**
 * Which side opened a connection: it came IN when its local address and port are listened on.
 *
 * Listeners come from the same look as the connections, so a service started a second ago is known. A listener on all
 * addresses of a family takes every address of that family; one on `::` takes IPv4 too unless it is v6-only.
 */
import { AF_INET6, type SocketTable } from "../sample/socket-table.ts"

export const LISTEN = 10
/** ::ffff:0:0 as it lies in memory on the little-endian machines we build for. */
const MAPPED_WORD = 0xffff0000

/** Rows in LISTEN by local port. */
export type Listeners = ReadonlyMap<number, readonly number[]>

export function findListeners(table: SocketTable): Listeners {
  const listeners = new Map<number, number[]>()
  for (let row = 0; row < table.length; row++) {
    if (table.state[row] !== LISTEN) continue
    const port = table.localPort[row]!
    const rows = listeners.get(port)
    if (rows === undefined) listeners.set(port, [row])
    else rows.push(row)
  }
  return listeners
}

/** The listener that takes connections to the local end of `row`, or -1. An exact address wins over a wildcard. */
export function listenerOf(table: SocketTable, listeners: Listeners, row: number): number {
  const candidates = listeners.get(table.localPort[row]!)
  if (candidates === undefined) return -1
  let wildcard = -1
  for (const listener of candidates) {
    if (takesSameAddress(table, listener, row)) return listener
    if (wildcard < 0 && takesAnyAddress(table, listener, row)) wildcard = listener
  }
  return wildcard
}

function takesSameAddress({ localAddress }: SocketTable, listener: number, row: number): boolean {
  for (let i = 0; i < 4; i++) if (localAddress[listener * 4 + i] !== localAddress[row * 4 + i]) return false
  return true
}

function takesAnyAddress(table: SocketTable, listener: number, row: number): boolean {
  const { localAddress } = table
  const at = listener * 4
  if (localAddress[at + 3] !== 0 || localAddress[at] !== 0 || localAddress[at + 1] !== 0) return false
  const rowIsIpv4 =
    localAddress[row * 4 + 2] === MAPPED_WORD && localAddress[row * 4] === 0 && localAddress[row * 4 + 1] === 0
  if (localAddress[at + 2] === MAPPED_WORD) return rowIsIpv4
  // `::` was bound by an IPv6 socket.
  return (
    localAddress[at + 2] === 0 && table.family[listener] === AF_INET6 && !(rowIsIpv4 && table.isV6Only[listener] === 1)
  )
}

/** Fills `isIncoming` for every row. Hot: once a look. */
export function deriveDirections(isIncoming: Uint8Array, table: SocketTable, listeners: Listeners): void {
  for (let row = 0; row < table.length; row++) isIncoming[row] = listenerOf(table, listeners, row) >= 0 ? 1 : 0
}
