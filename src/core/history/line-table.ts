/** One snapshot as a table for people. */
import type { SnapshotLine } from "../snapshot/schema.ts"
import { alignedText } from "../text/aligned.ts"
import { bytes, count, rate } from "../text/units.ts"
import { harmless } from "../text/width.ts"

type Row = NonNullable<SnapshotLine["incoming_groups"]>[number]

export function lineTable(line: SnapshotLine, { wallTime }: { readonly wallTime: string }): readonly string[] {
  const { health, findings = [], sample_seconds: seconds } = line
  return [
    `${wallTime}  ${harmless(line.interface) || "–"}  ${seconds > 0 ? `over ${seconds.toFixed(1)} s` : "without rates"}`,
    ...(health === undefined ? [] : [`health: ${harmless(health.level)}`]),
    ...findings.flatMap(({ severity, id, culprit, evidence = [] }) => [
      harmless(`finding: ${severity} ${id}${typeof culprit === "string" && culprit !== "" ? `, ${culprit}` : ""}`),
      ...evidence.map((text) => harmless(`  ${text}`)),
    ]),
    "",
    ...side("INCOMING", "LPORT", line.incoming_groups ?? [], line),
    "",
    ...side("OUTGOING", "RPORT", line.outgoing_groups ?? [], line),
  ]
}

function side(
  title: string,
  port: string,
  rows: readonly Row[],
  { bandwidth_available: isMeasured }: SnapshotLine,
): string[] {
  if (rows.length === 0) return [`${title}  none`]
  const cells = rows.map((row) => [
    harmless(row.peer_ip),
    String(row.port),
    harmless(row.proc_name),
    count(row.conn_count),
    bytes(row.tx_queue),
    bytes(row.rx_queue),
    isMeasured ? rate(row.tx_bytes_per_sec) : "–",
    isMeasured ? rate(row.rx_bytes_per_sec) : "–",
    Object.entries(row.states ?? {})
      .map(([state, n]) => `${harmless(state)}:${n}`)
      .join(","),
  ])
  const head = [title, port, "PROCESS", "CONNS", "SEND-Q", "RECV-Q", "TX/s", "RX/s", "STATES"]
  const isRight = [false, true, false, true, true, true, true, true, false]
  return alignedText([head, ...cells], isRight)
}
