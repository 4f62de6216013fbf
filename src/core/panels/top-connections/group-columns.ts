/** The columns of the grouped view, and which of them a width has room for. */
import type { Group } from "../../model/groups.ts"
import type { Tone } from "../../text/line.ts"
import { maskAddress } from "../../text/mask.ts"
import type { Column } from "../../text/table.ts"
import { bytes, count, rate } from "../../text/units.ts"
import { harmless } from "../../text/width.ts"

export interface GroupRow {
  readonly group: Group
  readonly elapsedMs?: number
  readonly isMasked: boolean
  readonly side: "in" | "out"
}

const PORTS_SHOWN = 6

/** `80,443`, at most six and how many more. */
export function portList(ports: readonly number[]): string {
  const more = ports.length - PORTS_SHOWN
  return ports.slice(0, PORTS_SHOWN).join(",") + (more > 0 ? ` +${more}` : "")
}

const perSecond = (value: number | undefined, elapsedMs: number | undefined) =>
  value === undefined || elapsedMs === undefined ? undefined : (value * 1000) / elapsedMs

const tone = (value: number | undefined): Tone => (value === undefined || value === 0 ? "muted" : "plain")

const all = {
  peer: {
    id: "peer",
    title: "PEER",
    width: 21,
    cell: ({ group, isMasked }: GroupRow) => (isMasked ? maskAddress(group.peerAddress) : group.peerAddress),
  },
  connections: {
    id: "connections",
    title: "CONNS",
    width: 7,
    align: "right",
    cell: ({ group }: GroupRow) => count(group.connectionCount),
  },
  txQueue: {
    id: "tx-queue",
    title: "SEND-Q",
    width: 7,
    align: "right",
    cell: ({ group }: GroupRow) => bytes(group.txQueue),
    tone: ({ group }: GroupRow) => tone(group.txQueue),
  },
  rxQueue: {
    id: "rx-queue",
    title: "RECV-Q",
    width: 7,
    align: "right",
    cell: ({ group }: GroupRow) => bytes(group.rxQueue),
    tone: ({ group }: GroupRow) => tone(group.rxQueue),
  },
  tx: {
    id: "tx",
    title: "TX/s",
    width: 9,
    align: "right",
    cell: ({ group, elapsedMs }: GroupRow) => rate(perSecond(group.txBytes, elapsedMs)),
    tone: ({ group }: GroupRow) => tone(group.txBytes),
  },
  rx: {
    id: "rx",
    title: "RX/s",
    width: 9,
    align: "right",
    cell: ({ group, elapsedMs }: GroupRow) => rate(perSecond(group.rxBytes, elapsedMs)),
    tone: ({ group }: GroupRow) => tone(group.rxBytes),
  },
  process: {
    id: "process",
    title: "PROCESS",
    width: 13,
    cell: ({ group }: GroupRow) => (group.process === "" ? "-" : harmless(group.process)),
    tone: ({ group }: GroupRow) => (group.process === "" ? "muted" : "plain"),
  },
  ports: { id: "port", title: "PORTS", width: "rest", cell: ({ group }: GroupRow) => portList(group.ports) },
} as const satisfies Record<string, Column<GroupRow>>

const forms: readonly { readonly from: number; readonly columns: readonly Column<GroupRow>[] }[] = [
  { from: 98, columns: [all.peer, all.connections, all.txQueue, all.rxQueue, all.tx, all.rx, all.process, all.ports] },
  { from: 70, columns: [all.peer, all.connections, all.tx, all.rx, all.process, all.ports] },
  { from: 0, columns: [all.peer, all.connections, all.process, all.ports] },
]

export const groupColumnsFor = (width: number): readonly Column<GroupRow>[] =>
  forms.find(({ from }) => width >= from)!.columns
