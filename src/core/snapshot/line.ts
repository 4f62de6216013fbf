/**
 * A snapshot as its line in a file: connections of one look joined by peer, service port and process.
 *
 * The format is older than this program and other readers know it: names, their order, and that every key of a row is
 * always written. A sum of which nothing is known is 0 here, with `bandwidth_available` telling whether that means
 * anything.
 */
import type { Connections, Side } from "../model/connections.ts"
import { busiestGroups } from "../model/group-order.ts"
import { describeGroups, type Group, groupConnections } from "../model/groups.ts"
import { selectRows } from "../model/selection.ts"
import { json } from "../text/json.ts"

export interface SnapshotOptions {
  /** RFC 3339, when the sockets were read. */
  readonly capturedAt: string
  /** A label: the rows are those of the whole host. */
  readonly interfaceName: string
  readonly topLimitPerSide: number
  readonly version: string
  /** Connections of this process are left out. */
  readonly ownPid: number
  /** What this program itself costs; left out where it is not known. */
  readonly usage?: { readonly cpuCores?: number; readonly rssBytes?: number }
}

/** One row, keys in the order they are written. */
interface SnapshotRow {
  readonly peer_ip: string
  readonly port: number
  readonly proc_name: string
  readonly conn_count: number
  readonly tx_queue: number
  readonly rx_queue: number
  readonly total_queue: number
  readonly tx_bytes_delta: number
  readonly rx_bytes_delta: number
  readonly total_bytes_delta: number
  readonly tx_bytes_per_sec: number
  readonly rx_bytes_per_sec: number
  readonly total_bytes_per_sec: number
  readonly states: Readonly<Record<string, number>>
}

/** The line, with its line feed. */
export function writeSnapshotLine(connections: Connections, options: SnapshotOptions): string {
  const { elapsedMs } = connections
  const { cpuCores, rssBytes } = options.usage ?? {}
  const record = {
    captured_at: options.capturedAt,
    interface: options.interfaceName,
    top_limit_per_side: options.topLimitPerSide,
    sample_seconds: elapsedMs === undefined ? 0 : elapsedMs / 1000,
    bandwidth_available: elapsedMs !== undefined,
    incoming_groups: snapshotRows(connections, "in", options),
    outgoing_groups: snapshotRows(connections, "out", options),
    version: options.version,
    ...(cpuCores === undefined || cpuCores === 0 ? {} : { cpu_cores: cpuCores }),
    ...(rssBytes === undefined || rssBytes === 0 ? {} : { rss_bytes: rssBytes }),
  }
  return `${json(record)}\n`
}

function snapshotRows(
  connections: Connections,
  side: Side,
  { ownPid, topLimitPerSide }: SnapshotOptions,
): SnapshotRow[] {
  const rows = selectRows(connections, { side }, ownPid)
  const groups = groupConnections(connections, rows, "peer-process-port", side)
  const wanted = busiestGroups(connections, groups, topLimitPerSide)
  return describeGroups(connections, rows, groups, side, wanted).map((group) => rowOf(group, connections.elapsedMs))
}

function rowOf(group: Group, elapsedMs: number | undefined): SnapshotRow {
  const { process: name, txQueue, rxQueue, txBytes = 0, rxBytes = 0 } = group
  const perSecond = (bytes: number) => (elapsedMs === undefined ? 0 : bytes / (elapsedMs / 1000))
  return {
    peer_ip: group.peerAddress,
    port: group.ports[0]!,
    proc_name: name.trim() === "" ? "-" : name,
    conn_count: group.connectionCount,
    tx_queue: txQueue,
    rx_queue: rxQueue,
    total_queue: txQueue + rxQueue,
    tx_bytes_delta: txBytes,
    rx_bytes_delta: rxBytes,
    total_bytes_delta: txBytes + rxBytes,
    tx_bytes_per_sec: perSecond(txBytes),
    rx_bytes_per_sec: perSecond(rxBytes),
    total_bytes_per_sec: perSecond(txBytes + rxBytes),
    states: Object.fromEntries([...group.states].sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}
