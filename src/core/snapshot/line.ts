/**
 * A snapshot as its line in a file: connections of one look joined by peer, service port, process and network namespace.
 *
 * The format is older than this program and other readers know it: names, their order, and that every key of a row is
 * always written. A sum of which nothing is known is 0 here, with `bandwidth_available` telling whether that means
 * anything. What was added since stands behind the older keys; see docs/snapshot-format.md.
 */
import type { Connections, Side } from "../model/connections.ts"
import { busiestGroups } from "../model/group-order.ts"
import { describeGroups, type Group, groupConnections } from "../model/groups.ts"
import { selectRows } from "../model/selection.ts"
import { json } from "../text/json.ts"
import { type Place, placesOf } from "./places.ts"
import { SCHEMA, type SnapshotEvent, type SnapshotFinding, type SnapshotHealth } from "./schema.ts"
import { type SnapshotSums, sortedStates, sumsOf } from "./sums.ts"
import { type SideTotals, sideTotals } from "./totals.ts"

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
  /** Absent: the older keys only. */
  readonly more?: SnapshotMore
}

/** What was added to the format. Blocks whose source is not known are absent. */
export interface SnapshotMore {
  readonly epochMs: number
  readonly health?: SnapshotHealth
  readonly findings?: readonly SnapshotFinding[]
  /** Bytes of the rows as a share of what the interface carried. */
  readonly coveragePercent?: number
  readonly worker?: WorkerStamp
  readonly events?: readonly SnapshotEvent[]
}

/** Which worker wrote the line, and how often it looks. */
export interface WorkerStamp {
  /** One start of a worker. */
  readonly run: string
  /** Counts the lines of a run, from 1. */
  readonly seq: number
  readonly intervalSeconds: number
  /** The interval that was asked for, when looks are too expensive for it. */
  readonly stretchedFromSeconds?: number
}

/** One row, keys in the order they are written. */
interface SnapshotRow extends SnapshotSums {
  readonly peer_ip: string
  readonly port: number
  readonly proc_name: string
  readonly states: Readonly<Record<string, number>>
  readonly netns?: string
  readonly unit?: string
}

/** The line, with its line feed. */
export function writeSnapshotLine(connections: Connections, options: SnapshotOptions): string {
  const { elapsedMs } = connections
  const { cpuCores, rssBytes } = options.usage ?? {}
  const incoming = snapshotSide(connections, "in", options)
  const outgoing = snapshotSide(connections, "out", options)
  const record = {
    captured_at: options.capturedAt,
    interface: options.interfaceName,
    top_limit_per_side: options.topLimitPerSide,
    sample_seconds: elapsedMs === undefined ? 0 : elapsedMs / 1000,
    bandwidth_available: elapsedMs !== undefined,
    incoming_groups: incoming.rows,
    outgoing_groups: outgoing.rows,
    version: options.version,
    ...(cpuCores === undefined || cpuCores === 0 ? {} : { cpu_cores: cpuCores }),
    ...(rssBytes === undefined || rssBytes === 0 ? {} : { rss_bytes: rssBytes }),
    ...(options.more === undefined ? {} : moreKeys(options.more, incoming.totals, outgoing.totals)),
  }
  return `${json(record)}\n`
}

/** A line that tells events and no look: it has no rows, and `look` is false. */
export function writeEventLine(
  options: Pick<SnapshotOptions, "capturedAt" | "interfaceName" | "topLimitPerSide" | "version"> & {
    readonly more: SnapshotMore
  },
): string {
  return `${json({
    captured_at: options.capturedAt,
    interface: options.interfaceName,
    top_limit_per_side: options.topLimitPerSide,
    sample_seconds: 0,
    bandwidth_available: false,
    incoming_groups: [],
    outgoing_groups: [],
    version: options.version,
    ...stampKeys(options.more),
    look: false,
    events: options.more.events ?? [],
  })}\n`
}

function moreKeys(more: SnapshotMore, incoming: SideTotals, outgoing: SideTotals): object {
  const { health, findings, coveragePercent, events } = more
  const others = {
    ...(incoming.others === undefined ? {} : { incoming: incoming.others }),
    ...(outgoing.others === undefined ? {} : { outgoing: outgoing.others }),
  }
  return {
    ...stampKeys(more),
    totals: { incoming: incoming.totals, outgoing: outgoing.totals },
    ...(Object.keys(others).length === 0 ? {} : { others }),
    ...(health === undefined ? {} : { health }),
    ...(findings === undefined ? {} : { findings }),
    ...(coveragePercent === undefined ? {} : { coverage_percent: coveragePercent }),
    ...(events === undefined || events.length === 0 ? {} : { events }),
  }
}

function stampKeys({ epochMs, worker }: SnapshotMore): object {
  const stretched = worker?.stretchedFromSeconds
  return {
    schema: SCHEMA,
    epoch_ms: epochMs,
    ...(worker === undefined ? {} : { run: worker.run, seq: worker.seq, interval_seconds: worker.intervalSeconds }),
    ...(stretched === undefined ? {} : { stretched_from_seconds: stretched }),
  }
}

function snapshotSide(
  connections: Connections,
  side: Side,
  { ownPid, topLimitPerSide, more }: SnapshotOptions,
): { readonly rows: readonly SnapshotRow[]; readonly totals: SideTotals } {
  const selected = selectRows(connections, { side }, ownPid)
  const groups = groupConnections(connections, selected, "peer-process-port-namespace", side)
  const wanted = busiestGroups(connections, groups, topLimitPerSide)
  const described = describeGroups(connections, selected, groups, side, wanted)
  const places = more === undefined ? [] : placesOf(connections, selected, groups, wanted)
  return {
    rows: described.map((group, i) => rowOf(group, connections.elapsedMs, places[i])),
    totals: sideTotals(connections, selected, groups, wanted),
  }
}

function rowOf(group: Group, elapsedMs: number | undefined, place: Place = {}): SnapshotRow {
  const { process: name, txQueue, rxQueue, txBytes = 0, rxBytes = 0 } = group
  return {
    peer_ip: group.peerAddress,
    port: group.ports[0]!,
    proc_name: name.trim() === "" ? "-" : name,
    ...sumsOf({ connections: group.connectionCount, txQueue, rxQueue, txBytes, rxBytes }, elapsedMs),
    states: sortedStates(group.states),
    ...place,
  }
}
