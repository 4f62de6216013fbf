/** The columns of the grouped view, and which of them a width has room for. */

import type { Band } from "../../app/facts.ts"
import type { Side } from "../../model/connections.ts"
import type { Group } from "../../model/groups.ts"
import { maskAddress } from "../../text/mask.ts"
import { shortState } from "../../text/states.ts"
import type { Column } from "../../text/table.ts"
import { bytes, count, rate } from "../../text/units.ts"
import { harmless } from "../../text/width.ts"
import { queueTone, rateTone } from "./tones.ts"

export interface GroupRow {
  readonly group: Group
  readonly elapsedMs?: number
  readonly isMasked: boolean
  /** Bytes a second from which a rate is coloured. */
  readonly band: Band
  /** Of one of its connections, the namespace in front where it is not the host's; `-` where none is known. */
  readonly unit: string
}

type GroupColumn = Column<GroupRow>

const PORTS_SHOWN = 6

/** `80,443`; where not all fit, as many as do (at most six) and how many more: `80,443 +12`. */
export function portList(ports: readonly number[], width: number): string {
  for (let shown = Math.min(ports.length, PORTS_SHOWN); shown > 0; shown--) {
    const more = ports.length - shown
    const text = ports.slice(0, shown).join(",") + (more > 0 ? ` +${more}` : "")
    if (text.length <= width) return text
  }
  return ports.length === 1 ? String(ports[0]) : `${count(ports.length)} ports`
}

const perSecond = (value: number | undefined, { elapsedMs }: GroupRow) =>
  value === undefined || elapsedMs === undefined ? undefined : (value * 1000) / elapsedMs

const tx = (row: GroupRow) => perSecond(row.group.txBytes, row)
const rx = (row: GroupRow) => perSecond(row.group.rxBytes, row)
const both = (row: GroupRow) => perSecond(sum(row.group.txBytes, row.group.rxBytes), row)
const sum = (a: number | undefined, b: number | undefined) => (a === undefined || b === undefined ? undefined : a + b)

const rateColumn = (id: string, title: string, value: (row: GroupRow) => number | undefined): GroupColumn => ({
  id,
  title,
  width: 9,
  align: "right",
  cell: (row) => rate(value(row)),
  tone: (row) => rateTone(value(row), row.band),
})

const queueColumn = (id: string, title: string, value: (group: Group) => number): GroupColumn => ({
  id,
  title,
  width: 7,
  align: "right",
  cell: ({ group }) => bytes(value(group)),
  tone: ({ group }) => queueTone(value(group)),
})

const peer: GroupColumn = {
  id: "peer",
  title: "PEER",
  width: "rest",
  cut: "middle",
  cell: ({ group, isMasked }) => (isMasked ? maskAddress(group.peerAddress) : group.peerAddress),
}

const connections: GroupColumn = {
  id: "connections",
  title: "CONNS",
  width: 7,
  align: "right",
  cell: ({ group }) => count(group.connectionCount),
}

const process = (width: number): GroupColumn => ({
  id: "process",
  title: "PROCESS",
  width,
  cell: ({ group }) => (group.process === "" ? "-" : harmless(group.process)),
  tone: ({ group }) => (group.process === "" ? "muted" : "plain"),
})

/** The service ports: our own for IN, the peers' for OUT. */
const ports = (side: Side, width: number): GroupColumn => ({
  id: "port",
  title: side === "in" ? "PORTS" : "RPORTS",
  width,
  cell: ({ group }) => portList(group.ports, width),
})

const txQueue = queueColumn("tx-queue", "SEND-Q", ({ txQueue }) => txQueue)
const rxQueue = queueColumn("rx-queue", "RECV-Q", ({ rxQueue }) => rxQueue)
const txRate = rateColumn("tx", "TX/s", tx)
const rxRate = rateColumn("rx", "RX/s", rx)
const bandwidth = rateColumn("bandwidth", "TX+RX/s", both)

const unit: GroupColumn = {
  id: "unit",
  title: "UNIT",
  width: 20,
  cell: ({ unit: name }) => name,
  tone: () => "muted",
}

/** As many as there is room for, the most frequent first: `ESTABLISHED:4,TIME_WAIT:1`, or `EST:4,TW:1`. */
const states = (width: number, isShort: boolean): GroupColumn => ({
  id: "states",
  title: "STATES",
  width,
  cell: ({ group }) =>
    [...group.states]
      .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
      .map(([state, n]) => `${isShort ? shortState(state) : state}:${n}`)
      .join(","),
  tone: () => "muted",
})

const servicePort = (side: Side): GroupColumn => ({
  id: "port",
  title: side === "in" ? "LPORT" : "RPORT",
  width: 6,
  align: "right",
  cell: ({ group }) => String(group.ports[0] ?? "-"),
})

/** One row a service port. From 148 a whole IPv6 address is seen, with the unit and two states in full. */
const serviceForms: readonly { readonly from: number; readonly columns: (side: Side) => readonly GroupColumn[] }[] = [
  {
    from: 148,
    columns: (side) => [
      peer,
      servicePort(side),
      process(15),
      unit,
      connections,
      txQueue,
      rxQueue,
      txRate,
      rxRate,
      states(30, false),
    ],
  },
  {
    from: 104,
    columns: (side) => [
      peer,
      servicePort(side),
      process(13),
      connections,
      txQueue,
      rxQueue,
      txRate,
      rxRate,
      states(18, true),
    ],
  },
  {
    from: 73,
    columns: (side) => [peer, servicePort(side), process(10), connections, txRate, rxRate, states(10, true)],
  },
  { from: 0, columns: (side) => [peer, servicePort(side), process(10), connections, bandwidth] },
]

export const serviceColumnsFor = (width: number, side: Side): readonly GroupColumn[] =>
  serviceForms.find(({ from }) => width >= from)!.columns(side)

/** By the width they need, widest first. The peer always keeps room for an IPv4 address; from 117, for IPv6. */
const forms: readonly { readonly from: number; readonly columns: (side: Side) => readonly GroupColumn[] }[] = [
  {
    from: 94,
    columns: (side) => [peer, connections, txQueue, rxQueue, txRate, rxRate, process(13), ports(side, 18)],
  },
  { from: 70, columns: (side) => [peer, connections, txRate, rxRate, process(12), ports(side, 11)] },
  { from: 0, columns: (side) => [peer, connections, bandwidth, process(12), ports(side, 9)] },
]

export const groupColumnsFor = (width: number, side: Side): readonly GroupColumn[] =>
  forms.find(({ from }) => width >= from)!.columns(side)
