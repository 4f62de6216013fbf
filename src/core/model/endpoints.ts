/** Endpoints of many rows as text: each IPv4 address is written once, however many rows have it. */
import { addressText, isIpv4At, type SocketTable } from "../sample/socket-table.ts"
import { formatEndpoint } from "../wire/address.ts"

export function endpointReader(table: SocketTable): { local(row: number): string; peer(row: number): string } {
  const written = new Map<number, string>()
  const address = (column: Uint32Array, row: number): string => {
    if (!isIpv4At(column, row)) return addressText(column, row)
    const word = column[row * 4 + 3]!
    const known = written.get(word)
    if (known !== undefined) return known
    const text = addressText(column, row)
    written.set(word, text)
    return text
  }
  return {
    local: (row) => formatEndpoint(address(table.localAddress, row), table.localPort[row]!),
    peer: (row) => formatEndpoint(address(table.remoteAddress, row), table.remotePort[row]!),
  }
}
