/** The sockets of one port as the text files of a process in the namespace show them. */
import { parseNetSockets } from "../../core/proc/net-sockets.ts"
import {
  appendBlankSocket,
  IPPROTO_TCP,
  IPPROTO_UDP,
  rowSource,
  type SocketTable,
} from "../../core/sample/socket-table.ts"
import type { PortAsk } from "../kernel/port-sockets.ts"
import { readText } from "../text-file.ts"

/** 100,000 sockets are 15 MB of text. */
const BYTES_MAX = 32 << 20

const AF_INET = 2
const AF_INET6 = 10

const files = [
  { name: "tcp", protocol: IPPROTO_TCP },
  { name: "tcp6", protocol: IPPROTO_TCP },
  { name: "udp", protocol: IPPROTO_UDP },
  { name: "udp6", protocol: IPPROTO_UDP },
] as const

/** False when not even the first file can be read; without IPv6 some are not there. `folder` is `/proc/PID`. */
export function appendSocketsOfProcess(table: SocketTable, { port, index }: PortAsk, folder: string): boolean {
  let isRead = false
  for (const { name, protocol } of files) {
    let text: string
    try {
      text = readText(`${folder}/net/${name}`, BYTES_MAX).text
    } catch {
      if (name === "tcp") return false
      continue
    }
    isRead = true
    for (const socket of parseNetSockets(text, port)) {
      const row = appendBlankSocket(table)
      table.family[row] = socket.isIpv6 ? AF_INET6 : AF_INET
      table.protocol[row] = protocol
      table.state[row] = socket.state
      table.localAddress.set(socket.localAddress, row * 4)
      table.remoteAddress.set(socket.remoteAddress, row * 4)
      table.localPort[row] = socket.localPort
      table.remotePort[row] = socket.remotePort
      table.uid[row] = socket.uid
      table.inode[row] = socket.inode
      table.source[row] = rowSource.socket
      table.namespace[row] = index
    }
  }
  return isRead
}
