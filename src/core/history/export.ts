/** Rows of snapshots as CSV (RFC 4180): one line a row, with what it has from its snapshot. */
import type { SnapshotLine } from "../snapshot/schema.ts"
import { harmless } from "../text/width.ts"

type Row = NonNullable<SnapshotLine["incoming_groups"]>[number]

/** Columns in their order; a new one stands behind the others. */
const columns: readonly (readonly [name: string, value: (row: Row, line: SnapshotLine, side: string) => unknown])[] = [
  ["captured_at", (_, line) => line.captured_at],
  ["interface", (_, line) => line.interface],
  ["side", (_row, _line, side) => side],
  ["peer_ip", (row) => row.peer_ip],
  ["port", (row) => row.port],
  ["proc_name", (row) => row.proc_name],
  ["conn_count", (row) => row.conn_count],
  ["tx_queue", (row) => row.tx_queue],
  ["rx_queue", (row) => row.rx_queue],
  ["tx_bytes_delta", (row, line) => measured(line, row.tx_bytes_delta)],
  ["rx_bytes_delta", (row, line) => measured(line, row.rx_bytes_delta)],
  ["tx_bytes_per_sec", (row, line) => measured(line, row.tx_bytes_per_sec)],
  ["rx_bytes_per_sec", (row, line) => measured(line, row.rx_bytes_per_sec)],
  [
    "states",
    (row) =>
      Object.entries(row.states ?? {})
        .map(([state, n]) => `${state}:${n}`)
        .join(" "),
  ],
  ["netns", (row) => row.netns],
  ["unit", (row) => row.unit],
]

/** Not known is empty, and not 0. */
const measured = ({ bandwidth_available }: SnapshotLine, value: number) => (bandwidth_available ? value : undefined)

export const csvHead = (): string => `${columns.map(([name]) => name).join(",")}\r\n`

export function* csvRows(line: SnapshotLine): Generator<string> {
  const sides = [
    ["in", line.incoming_groups],
    ["out", line.outgoing_groups],
  ] as const
  for (const [side, rows] of sides)
    for (const row of rows ?? []) yield `${columns.map(([, value]) => cell(value(row, line, side))).join(",")}\r\n`
}

/** A spreadsheet takes what begins like this for a formula, and a process may call itself anything. */
const FORMULA = /^[=+\-@\t\r]/

function cell(value: unknown): string {
  if (value === undefined || value === null) return ""
  if (typeof value !== "string") return String(value)
  const text = harmless(value)
  const safe = FORMULA.test(text) && text !== "-" ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
