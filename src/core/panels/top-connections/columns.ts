/** The columns of the connections view, and which of them a width has room for. */

import type { Band } from "../../app/facts.ts"
import { type Connection, HOST, PASSED_ON } from "../../model/connections.ts"
import { byteMark } from "../../model/rates.ts"
import { endpoint, isAny } from "../../text/endpoint.ts"
import type { Tone } from "../../text/line.ts"
import { type Mask, maskAddress } from "../../text/mask.ts"
import { shortState } from "../../text/states.ts"
import type { Column } from "../../text/table.ts"
import { bytes, microseconds, rate } from "../../text/units.ts"
import { harmless } from "../../text/width.ts"
import { queueTone, rateTone, whyTone } from "./tones.ts"

/** A row of the table: the connection, and how addresses are shown. */
export interface ConnectionRow {
  readonly connection: Connection
  readonly mask: Mask
  /** Bytes a second from which a rate is coloured. */
  readonly band: Band
}

/** `1204/nginx`, with `?` when inferred; `-` when nobody is known. */
export function processLabel({ owner, translation }: Connection): string {
  if (owner === undefined) return translation === undefined ? "-" : PASSED_ON
  const mark = owner.isSure ? "" : "?"
  return owner.name === "" ? `${owner.pid}${mark}` : `${owner.pid}/${harmless(owner.name)}${mark}`
}

const processName = (connection: Connection): string => {
  const { owner } = connection
  if (owner === undefined) return processLabel(connection)
  return `${owner.name === "" ? owner.pid : harmless(owner.name)}${owner.isSure ? "" : "?"}`
}

export const endpointText = (address: string, port: number, mask: Mask): string =>
  endpoint(isAny(address) ? address : maskAddress(address, mask), port)

/** The unit, container or pod; in another network namespace than ours its name too, where that says more. */
export function unitLabel({ unit, namespace }: Connection): string {
  const isElsewhere = namespace !== HOST && namespace !== unit
  const parts = [...(isElsewhere ? [namespace] : []), ...(unit === undefined ? [] : [unit])]
  return parts.length === 0 ? "-" : harmless(parts.join(" "))
}

/** UDP has no states: what stands there says that it is UDP. */
const stateLabel = ({ proto, state }: Connection): string =>
  proto === "tcp" ? state : `UDP ${state === "UNCONN" ? state : ""}`.trim()
const shortStateLabel = ({ proto, state }: Connection): string => (proto === "tcp" ? shortState(state) : "UDP")

/** A rate, or why there is none: `!` for a counter that cannot be believed. */
function rateText(value: number | undefined, mark: number): string {
  return mark === byteMark.wentBack || mark === byteMark.impossible ? "!" : rate(value)
}

const sum = (a: number | undefined, b: number | undefined) => (a === undefined || b === undefined ? undefined : a + b)
const stateTone = (state: string): Tone => (state === "ESTABLISHED" ? "plain" : "muted")

const column = (
  id: string,
  title: string,
  width: number | "rest",
  rest: Omit<Column<ConnectionRow>, "id" | "title" | "width">,
) => ({
  id,
  title,
  width,
  ...rest,
})

const all = {
  process: column("process", "PROCESS", 16, {
    cell: ({ connection }) => processLabel(connection),
    tone: ({ connection }) => (connection.owner?.isSure === true ? "plain" : "muted"),
  }),
  processName: column("process", "PROCESS", 13, {
    cell: ({ connection }) => processName(connection),
    tone: ({ connection }) => (connection.owner?.isSure === true ? "plain" : "muted"),
  }),
  local: column("local", "SRC", 22, {
    cut: "middle",
    cell: ({ connection, mask }) => endpointText(connection.localAddress, connection.localPort, mask),
    tone: () => "muted",
  }),
  localPort: column("local", "LPORT", 5, {
    align: "right",
    cell: ({ connection }) => (connection.localPort === 0 ? "*" : String(connection.localPort)),
  }),
  unit: column("unit", "UNIT", 20, { cell: ({ connection }) => unitLabel(connection), tone: () => "muted" }),
  peer: column("peer", "PEER", "rest", {
    cut: "middle",
    cell: ({ connection, mask }) => endpointText(connection.peerAddress, connection.peerPort, mask),
  }),
  state: column("state", "STATE", 11, {
    cell: ({ connection }) => stateLabel(connection),
    tone: ({ connection }) => stateTone(connection.state),
  }),
  shortState: column("state", "ST", 3, {
    cell: ({ connection }) => shortStateLabel(connection),
    tone: ({ connection }) => stateTone(connection.state),
  }),
  txQueue: column("tx-queue", "SEND-Q", 7, {
    align: "right",
    cell: ({ connection }) => bytes(connection.txQueue),
    tone: ({ connection }) => queueTone(connection.txQueue),
  }),
  rxQueue: column("rx-queue", "RECV-Q", 7, {
    align: "right",
    cell: ({ connection }) => bytes(connection.rxQueue),
    tone: ({ connection }) => queueTone(connection.rxQueue),
  }),
  queue: column("queue", "QUEUE", 6, {
    align: "right",
    cell: ({ connection }) => bytes(connection.txQueue + connection.rxQueue),
    tone: ({ connection }) => queueTone(connection.txQueue + connection.rxQueue),
  }),
  tx: column("tx", "TX/s", 9, {
    align: "right",
    cell: ({ connection }) => rateText(connection.txBytesPerSecond, connection.mark),
    tone: ({ connection, band }) => rateTone(connection.txBytesPerSecond, band),
  }),
  rx: column("rx", "RX/s", 9, {
    align: "right",
    cell: ({ connection }) => rateText(connection.rxBytesPerSecond, connection.mark),
    tone: ({ connection, band }) => rateTone(connection.rxBytesPerSecond, band),
  }),
  bandwidth: column("bandwidth", "TX+RX/s", 9, {
    align: "right",
    cell: ({ connection }) => rateText(sum(connection.txBytesPerSecond, connection.rxBytesPerSecond), connection.mark),
    tone: ({ connection, band }) => rateTone(sum(connection.txBytesPerSecond, connection.rxBytesPerSecond), band),
  }),
  rtt: column("rtt", "RTT", 7, {
    align: "right",
    cell: ({ connection }) => microseconds(connection.rttUs === 0 ? undefined : connection.rttUs),
    tone: () => "muted",
  }),
  /** What holds the connection back. */
  why: column("why", "WHY", 11, {
    cell: ({ connection }) => connection.why,
    tone: ({ connection }) => whyTone(connection.why),
  }),
} as const satisfies Record<string, Column<ConnectionRow>>

/** Columns by the width they need, widest first: what carries least goes first, peer and port never. */
const forms: readonly { readonly from: number; readonly columns: readonly Column<ConnectionRow>[] }[] = [
  {
    from: 155,
    columns: [
      all.process,
      all.unit,
      all.local,
      all.peer,
      all.state,
      all.txQueue,
      all.rxQueue,
      all.tx,
      all.rx,
      all.rtt,
      all.why,
    ],
  },
  {
    from: 134,
    columns: [all.process, all.local, all.peer, all.state, all.txQueue, all.rxQueue, all.tx, all.rx, all.rtt, all.why],
  },
  {
    from: 122,
    columns: [all.process, all.local, all.peer, all.state, all.txQueue, all.rxQueue, all.tx, all.rx, all.rtt],
  },
  { from: 111, columns: [all.process, all.local, all.peer, all.state, all.txQueue, all.rxQueue, all.tx, all.rx] },
  { from: 90, columns: [all.process, all.localPort, all.peer, all.state, all.queue, all.tx, all.rx] },
  { from: 66, columns: [all.processName, all.localPort, all.peer, all.shortState, all.queue, all.tx, all.rx] },
  { from: 0, columns: [all.processName, all.localPort, all.peer, all.shortState, all.bandwidth] },
]

export const columnsFor = (width: number): readonly Column<ConnectionRow>[] =>
  forms.find(({ from }) => width >= from)!.columns
