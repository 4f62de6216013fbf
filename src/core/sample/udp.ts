/** Who opened a UDP connection, as far as the sockets themselves tell. */
import { IPPROTO_UDP, type SocketTable } from "./socket-table.ts"

/**
 * Decides it for connected UDP sockets that are new: one that shares its local port with a socket without a peer serves
 * there, any other one asked. Where connection tracking has seen the first packet, `appendFlowRows` knows better. Runs
 * after `settleLook`.
 */
export function settleUdp(table: SocketTable): void {
  const { protocol, remotePort, localPort, namespace, previousRow, isOpener } = table
  const serving = new Set<number>()
  const place = (row: number) => namespace[row]! * 65_536 + localPort[row]!
  for (let row = 0; row < table.length; row++)
    if (protocol[row] === IPPROTO_UDP && remotePort[row] === 0) serving.add(place(row))
  for (let row = 0; row < table.length; row++)
    if (protocol[row] === IPPROTO_UDP && previousRow[row]! < 0) isOpener[row] = serving.has(place(row)) ? 0 : 1
}
