/** The connections as a table of text: for eyes, and for line tools. */
import { type Connection, type Connections, connectionAt, PASSED_ON } from "../model/connections.ts"
import type { Coverage } from "../model/coverage.ts"
import { byteMark } from "../model/rates.ts"
import { endpoint } from "../text/endpoint.ts"
import { type Line, plainText } from "../text/line.ts"
import { type Column, columnWidths, tableHead, tableRow } from "../text/table.ts"
import { bytes, count, microseconds, rate, UNKNOWN } from "../text/units.ts"
import { cellWidth, harmless } from "../text/width.ts"

/** `1204/nginx`, with `?` when inferred; `-` when nobody is known. */
function processText({ owner, translation }: Connection): string {
  if (owner === undefined) return translation === undefined ? "-" : PASSED_ON
  const name = owner.name === "" ? `${owner.pid}` : `${owner.pid}/${harmless(owner.name)}`
  return owner.isSure ? name : `${name}?`
}

/** A rate, or why there is none: `!` for a counter that cannot be believed. */
const rateText = (value: number | undefined, mark: number): string =>
  mark === byteMark.wentBack || mark === byteMark.impossible ? "!" : rate(value)

const column = (title: string, width: number | "rest", rest: Omit<Column<Connection>, "id" | "title" | "width">) => ({
  id: title,
  title,
  width,
  ...rest,
})

const all = {
  side: column("DIR", 3, { cell: ({ side }) => side.toUpperCase() }),
  proto: column("PROTO", 5, { cell: ({ proto }) => proto }),
  state: column("STATE", 11, { cell: ({ state }) => state }),
  local: column("LOCAL", 21, { cut: "middle", cell: (c) => endpoint(c.localAddress, c.localPort) }),
  peer: column("PEER", "rest", { cut: "middle", cell: (c) => endpoint(c.peerAddress, c.peerPort) }),
  port: column("PORT", 5, { align: "right", cell: (c) => String(c.side === "in" ? c.localPort : c.peerPort) }),
  process: column("PROCESS", 15, { cell: processText }),
  txQueue: column("TX-Q", 6, { align: "right", cell: ({ txQueue }) => bytes(txQueue) }),
  rxQueue: column("RX-Q", 6, { align: "right", cell: ({ rxQueue }) => bytes(rxQueue) }),
  tx: column("TX/s", 8, { align: "right", cell: (c) => rateText(c.txBytesPerSecond, c.mark) }),
  rx: column("RX/s", 8, { align: "right", cell: (c) => rateText(c.rxBytesPerSecond, c.mark) }),
  rtt: column("RTT", 6, { align: "right", cell: ({ rttUs }) => (rttUs === 0 ? UNKNOWN : microseconds(rttUs)) }),
  retrans: column("RETRANS", 7, { align: "right", cell: ({ retrans }) => count(retrans) }),
} as const satisfies Record<string, Column<Connection>>

type Columns = readonly Column<Connection>[]

const full: Columns = [
  all.side,
  all.proto,
  all.state,
  all.local,
  all.peer,
  all.process,
  all.txQueue,
  all.rxQueue,
  all.tx,
  all.rx,
  all.rtt,
  all.retrans,
]

/** For screens too narrow for everything: the first whose room for the peer is enough. */
const narrower: readonly Columns[] = [
  [all.side, all.state, all.local, all.peer, all.process, all.tx, all.rx],
  [all.side, all.peer, all.port, all.state, all.process, all.tx, all.rx],
  [all.side, all.peer, all.port, all.process, all.tx, all.rx],
]
/** An IPv4 address with its port. */
const PEER_MIN = 21

/**
 * The heading and one line for each of `rows`. `width` is that of the terminal; without it nothing is cut, and every
 * column is as wide as its widest cell.
 */
export function* connectionsTable(connections: Connections, rows: Uint32Array, width?: number): Generator<string> {
  let columns = full
  let widths = widestCells(connections, rows)
  if (width !== undefined && lineWidth(widths) > width) {
    const roomFor = (set: Columns) => columnWidths(set, width)[set.indexOf(all.peer)]!
    columns = narrower.find((set) => roomFor(set) >= PEER_MIN) ?? narrower.at(-1)!
    widths = columnWidths(columns, width)
  }
  yield textOf(tableHead(columns, widths))
  for (const row of rows) yield textOf(tableRow(columns, widths, connectionAt(connections, row)))
}

/** `connections account for 99.8% of what eth0 carried`. */
export const coverageText = ({ interfaceName, percent }: Coverage): string =>
  `connections account for ${percent.toFixed(1)}% of what ${harmless(interfaceName)} carried`

const textOf = (line: Line) => `${plainText([line]).trimEnd()}\n`

const lineWidth = (widths: readonly number[]) => widths.reduce((sum, width) => sum + width + 1, -1)

function widestCells(connections: Connections, rows: Uint32Array): number[] {
  const widths = full.map(({ title }) => title.length)
  for (const row of rows) {
    const connection = connectionAt(connections, row)
    for (const [i, { cell }] of full.entries()) widths[i] = Math.max(widths[i]!, cellWidth(cell(connection)))
  }
  return widths
}
