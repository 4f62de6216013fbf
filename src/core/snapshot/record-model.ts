/**
 * A line of the history as the model that a look gives: what shows a look shows a record.
 *
 * A row of a line stands for connections that were joined, so it becomes one row for each state they are in. Bytes and
 * queues are known of all of them together and stand on the first. What a line does not tell is missing, with its reason.
 */
import type { Connections } from "../model/connections.ts"
import { deriveHealth } from "../model/health.ts"
import { type Level, levels } from "../model/level.ts"
import type { Model, Note } from "../model/model.ts"
import { parsePeerRange } from "../model/peer-range.ts"
import { byteMark, createRateTable, fitRateTable } from "../model/rates.ts"
import type { Retransmits } from "../model/retransmits.ts"
import type { Totals } from "../model/totals.ts"
import type { Traffic } from "../model/traffic.ts"
import type { Owner } from "../sample/owners.ts"
import { missing, type NamespaceLook, type Reading, reading } from "../sample/sample.ts"
import { appendBlankSockets, createSocketTable, IPPROTO_TCP, stateNumber } from "../sample/socket-table.ts"
import type { SnapshotLine } from "./schema.ts"

type Row = NonNullable<SnapshotLine["incoming_groups"]>[number]

const NOT_KEPT = "the record does not tell"
const WITHOUT_RATES = "the record has no rates: its worker had looked once"

/** A record keeps the levels that it was judged by. */
export function modelOfLine(line: SnapshotLine, at: number): Model {
  const { rows, connections } = readConnections(line)
  const retransmits = readRetransmits(line)
  const conntrack = readConntrack(line)
  const health = deriveHealth({ retransmits, conntrack })
  return {
    at,
    ...(connections.elapsedMs === undefined ? {} : { elapsedMs: connections.elapsedMs }),
    connections: reading(connections),
    totals: reading(readTotals(line)),
    coverage:
      line.coverage_percent === undefined
        ? missing(NOT_KEPT)
        : reading({
            interfaceName: line.interface,
            percent: line.coverage_percent,
            carriedBytes: Number.NaN,
            attributedBytes: Number.NaN,
            uncertainPercent: Number.NaN,
          }),
    states: new Map(Object.entries(line.health?.tcp_states ?? statesOf(line))),
    retransmits,
    conntrack,
    traffic: readTraffic(line),
    own:
      line.rss_bytes === undefined
        ? missing(NOT_KEPT)
        : reading({ rssBytes: line.rss_bytes, ...(line.cpu_cores === undefined ? {} : { cpuCores: line.cpu_cores }) }),
    load: readLoad(line),
    health: line.health === undefined ? health : { ...health, level: levelOf(line.health.level) },
    notes: notesOf(line, rows),
  }
}

// ---- rows ----------------------------------------------------------------------------------------------------------

const U32_MAX = 0xffff_ffff
const PORT_MAX = 0xffff
const whole = (value: number, max: number) => Math.min(Math.max(0, value), max)

interface RowCount {
  /** Rows whose peer or port makes no sense. */
  readonly unusable: number
}

function readConnections(line: SnapshotLine): { readonly rows: RowCount; readonly connections: Connections } {
  const room = countStateRows(line)
  const table = createSocketTable(Math.max(16, room))
  appendBlankSockets(table, room)
  let length = 0
  const rates = createRateTable()
  const owners = new Names<Owner>((name) => ({ pid: -1, startTime: 0, name, isSure: true, sharerCount: 1 }))
  const places = new Names<NamespaceLook>((name) => ({ id: 0, name, isComplete: true }), ["host"])
  const units = new Names((unit) => ({ path: unit, unit }))
  const isMeasured = line.bandwidth_available && line.sample_seconds > 0
  fitRateTable(rates, table.capacity)
  const words = new Uint32Array(4)
  const bytesOfPeer = new Uint8Array(words.buffer)
  let unusable = 0

  const addRow = (row: Row, isIncoming: boolean) => {
    const peer = parsePeerRange(row.peer_ip.trim())
    if (peer === undefined || peer.prefixLength !== 128 || row.port < 0 || row.port > PORT_MAX) {
      unusable++
      return
    }
    bytesOfPeer.set(peer.address)
    const name = row.proc_name === "-" ? "" : row.proc_name
    for (const [i, [state, count]] of statesOfRow(row).entries()) {
      const at = length++
      table.protocol[at] = IPPROTO_TCP
      table.state[at] = state === "LISTEN" ? 0 : stateNumber(state)
      table.remoteAddress.set(words, at * 4)
      ;(isIncoming ? table.localPort : table.remotePort)[at] = row.port
      table.connectionCount[at] = whole(count, U32_MAX)
      table.sendQueue[at] = i === 0 ? whole(row.tx_queue, U32_MAX) : 0
      table.receiveQueue[at] = i === 0 ? whole(row.rx_queue, U32_MAX) : 0
      table.owner[at] = name === "" ? -1 : owners.numberOf(name)
      table.namespace[at] = row.netns === undefined ? 0 : places.numberOf(row.netns)
      table.cgroupId[at] = row.unit === undefined ? 0 : units.numberOf(row.unit) + 1
      table.cookieLow[at] = at
      rates.isIncoming[at] = isIncoming ? 1 : 0
      rates.txBytes[at] = isMeasured && i === 0 ? Math.max(0, row.tx_bytes_delta) : Number.NaN
      rates.rxBytes[at] = isMeasured && i === 0 ? Math.max(0, row.rx_bytes_delta) : Number.NaN
      rates.mark[at] = isMeasured ? byteMark.exact : byteMark.first
    }
  }
  for (const row of line.incoming_groups ?? []) addRow(row, true)
  for (const row of line.outgoing_groups ?? []) addRow(row, false)
  table.length = length
  return {
    rows: { unusable },
    connections: {
      table,
      owners: owners.list,
      rates,
      namespaces: places.list,
      units: { byCgroupId: new Map(units.list.map((unit, i) => [i + 1, unit])), byPid: new Map() },
      ...(isMeasured ? { elapsedMs: line.sample_seconds * 1000 } : {}),
    },
  }
}

/** Things that are known by a name, each once. */
class Names<T> {
  readonly list: T[] = []
  private readonly numbers = new Map<string, number>()

  constructor(
    private readonly make: (name: string) => T,
    first: readonly string[] = [],
  ) {
    for (const name of first) this.numberOf(name)
  }

  numberOf(name: string): number {
    const known = this.numbers.get(name)
    if (known !== undefined) return known
    this.numbers.set(name, this.list.length)
    return this.list.push(this.make(name)) - 1
  }
}

/** The state with the bytes first: established, else the one with most connections. */
function statesOfRow(row: Row): readonly (readonly [state: string, count: number])[] {
  const states = Object.entries(row.states ?? {})
    .filter(([, count]) => count > 0)
    .sort(([a, x], [b, y]) => Number(b === "ESTABLISHED") - Number(a === "ESTABLISHED") || y - x || (a < b ? -1 : 1))
  const known = states.reduce((sum, [, count]) => sum + count, 0)
  const [first, ...rest] = states
  if (first === undefined) return [["", row.conn_count]]
  // What the row counts beyond its states is in none that is named.
  return row.conn_count > known ? [...states, ["", row.conn_count - known]] : [first, ...rest]
}

const countStateRows = (line: SnapshotLine): number =>
  [...(line.incoming_groups ?? []), ...(line.outgoing_groups ?? [])].reduce(
    // One more for connections that are in none of its states.
    (sum, row) => sum + Object.keys(row.states ?? {}).length + 1,
    0,
  )

/** Of a line without totals: those of its rows. */
function statesOf(line: SnapshotLine): Readonly<Record<string, number>> {
  const sums = new Map<string, number>()
  for (const row of [...(line.incoming_groups ?? []), ...(line.outgoing_groups ?? [])])
    for (const [state, count] of Object.entries(row.states ?? {})) sums.set(state, (sums.get(state) ?? 0) + count)
  return Object.fromEntries(sums)
}

// ---- the host ------------------------------------------------------------------------------------------------------

function readTotals(line: SnapshotLine): Totals {
  const rows = (side: "incoming" | "outgoing") => {
    const total = line.totals?.[side]
    if (total !== undefined) return total
    const given = line[`${side}_groups`] ?? []
    const sum = (key: "conn_count" | "tx_bytes_delta" | "rx_bytes_delta") =>
      given.reduce((all, row) => all + row[key], 0)
    return {
      conn_count: sum("conn_count"),
      tx_bytes_delta: sum("tx_bytes_delta"),
      rx_bytes_delta: sum("rx_bytes_delta"),
    }
  }
  const [incoming, outgoing] = [rows("incoming"), rows("outgoing")]
  return {
    connectionCount: incoming.conn_count + outgoing.conn_count,
    pairCount: 0,
    ...(line.bandwidth_available
      ? {
          txBytes: incoming.tx_bytes_delta + outgoing.tx_bytes_delta,
          rxBytes: incoming.rx_bytes_delta + outgoing.rx_bytes_delta,
        }
      : {}),
  }
}

const levelOf = (text: string): Level => levels.find((level) => level === text) ?? "unknown"

function readRetransmits({ health }: SnapshotLine): Reading<Retransmits> {
  const kept = health?.retransmits
  if (kept === undefined) return missing(NOT_KEPT)
  const rates = {
    retransmitsPerSecond: kept.retransmits_per_sec,
    segmentsPerSecond: kept.segments_per_sec,
    establishedCount: health?.tcp_states?.ESTABLISHED ?? 0,
  }
  return reading(
    kept.percent === undefined
      ? { kind: "low-sample", ...rates }
      : { kind: "judged", percent: kept.percent, level: levelOf(kept.level), ...rates },
  )
}

function readConntrack({ health }: SnapshotLine): Model["conntrack"] {
  const kept = health?.conntrack
  if (kept === undefined) return missing(NOT_KEPT)
  return reading({
    count: kept.used,
    max: kept.max,
    level: levelOf(kept.level),
    ...(kept.used_percent === undefined ? {} : { usedPercent: kept.used_percent }),
  })
}

function readTraffic(line: SnapshotLine): Reading<Traffic> {
  const kept = line.health?.interface
  if (kept === undefined) return missing(line.health === undefined ? NOT_KEPT : WITHOUT_RATES)
  return reading({
    name: kept.name,
    rxErrors: kept.rx_errors,
    txErrors: kept.tx_errors,
    rxDropped: kept.rx_dropped,
    txDropped: kept.tx_dropped,
    rates: {
      rxBytesPerSecond: kept.rx_bytes_per_sec,
      txBytesPerSecond: kept.tx_bytes_per_sec,
      rxPacketsPerSecond: kept.rx_packets_per_sec,
      txPacketsPerSecond: kept.tx_packets_per_sec,
      ...(kept.used_percent === undefined ? {} : { usedPercent: kept.used_percent }),
    },
  })
}

function readLoad({ health }: SnapshotLine): Model["load"] {
  const [one, five, fifteen] = health?.load ?? []
  return one === undefined || five === undefined || fifteen === undefined
    ? missing(NOT_KEPT)
    : reading([one, five, fifteen])
}

/** What a reader must know of the rows before believing them to be all. */
function notesOf(line: SnapshotLine, { unusable }: RowCount): readonly Note[] {
  const cut = (["incoming", "outgoing"] as const).flatMap((side) => {
    const total = line.totals?.[side]
    if (total === undefined || total.cut_rows === 0) return []
    return [`${total.rows - total.cut_rows} of ${total.rows} ${side} rows were kept`]
  })
  return [
    ...(cut.length === 0 ? [] : [{ source: "sockets", text: `${cut.join(", ")}: the busiest` }]),
    ...(line.bandwidth_available
      ? []
      : [{ source: "sockets", text: "byte counters are unavailable in this snapshot" }]),
    ...(unusable === 0 ? [] : [{ source: "sockets", text: `${unusable} rows name no peer that could be one` }]),
    ...(line.health === undefined
      ? [{ source: "record", text: "health was not recorded; states are those of the rows" }]
      : []),
  ]
}
