/** Builds socket tables by hand: a test says only what it is about. */
import { createSocketTable, growSocketTable, type SocketTable } from "../../src/core/sample/socket-table.ts"
import { AF_INET, IPPROTO_TCP } from "../../src/core/wire/inet-diag.ts"

export const ESTABLISHED = 1
export const SYN_RECV = 3
export const FIN_WAIT1 = 4
export const TIME_WAIT = 6
export const LISTEN = 10

export interface SocketRow {
  readonly cookie: number
  readonly inode?: number
  readonly state?: number
  /** `10.0.0.1:80`; IPv4 only. */
  readonly local?: string
  readonly remote?: string
  readonly owner?: number
}

/** Fills `table` with the rows, as a look would have. */
export function fillTable(table: SocketTable, rows: readonly SocketRow[]): SocketTable {
  growSocketTable(table, rows.length)
  table.length = rows.length
  rows.forEach((socket, row) => {
    table.family[row] = AF_INET
    table.protocol[row] = IPPROTO_TCP
    table.state[row] = socket.state ?? ESTABLISHED
    table.cookieLow[row] = socket.cookie
    table.cookieHigh[row] = 0
    table.inode[row] = socket.inode ?? 0
    table.isV6Only[row] = 0
    table.owner[row] = socket.owner ?? -1
    table.previousRow[row] = -1
    table.localPort[row] = setAddress(table.localAddress, row, socket.local ?? "10.0.0.1:1000")
    table.remotePort[row] = setAddress(table.remoteAddress, row, socket.remote ?? "10.0.0.2:2000")
  })
  return table
}

export const socketTable = (rows: readonly SocketRow[]): SocketTable => fillTable(createSocketTable(rows.length), rows)

function setAddress(column: Uint32Array, row: number, text: string): number {
  const [address = "", port = ""] = text.split(":")
  const bytes = new Uint8Array(16)
  bytes.set([0xff, 0xff, ...address.split(".").map(Number)], 10)
  column.set(new Uint32Array(bytes.buffer), row * 4)
  return Number(port)
}
