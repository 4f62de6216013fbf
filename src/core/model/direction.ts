/**
 * Which side opened a connection: it came IN when its local address and port are listened on. UDP has no listeners, and
 * a flow no socket: there it came IN when the other end sent first.
 */
import { type Listeners, listenerOf } from "../sample/listeners.ts"
import { IPPROTO_UDP, rowSource, type SocketTable } from "../sample/socket-table.ts"

export { findListeners, LISTEN, type Listeners, listenerOf } from "../sample/listeners.ts"

/** Fills `isIncoming` for every row. Of a closed connection it was decided while its listener was there. Hot: once a look. */
export function deriveDirections(isIncoming: Uint8Array, table: SocketTable, listeners: Listeners): void {
  const { first } = listeners
  const { localPort, source, isOpener, protocol } = table
  for (let row = 0; row < table.length; row++) {
    if (source[row] !== rowSource.socket || protocol[row] === IPPROTO_UDP) isIncoming[row] = isOpener[row] === 1 ? 0 : 1
    // Most local ports of a busy client are not listened on: told by one array read.
    else isIncoming[row] = first[localPort[row]!]! >= 0 && listenerOf(table, listeners, row) >= 0 ? 1 : 0
  }
}
