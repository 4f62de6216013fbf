/**
 * Writes days of a busy host's history, always the same ones: `bun tests/bench/history-day.ts FOLDER [DAYS] [plain]`.
 *
 * A day is 2,880 snapshots of 2 x 190 rows, a third of a gigabyte, with an outage and two incidents in it. With more than
 * one, all days are compressed as the worker does it.
 */
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs"
import { join } from "node:path"
import { segmentName } from "../../src/core/snapshot/segments.ts"
import { compressDay } from "../../src/shell/files/compress.ts"
import { DataFolder } from "../../src/shell/files/data-folder.ts"

export const SNAPSHOTS = 2_880
const ROWS = 190
const STEP_MS = 30_000
const SEED = 20_260_308
/** Nothing is written between these. */
const OUTAGE = { from: 1_200, to: 1_240 } as const
const INCIDENTS = [
  { from: 700, to: 760, findings: [{ id: "conntrack-near-full", severity: "warn", culprit: "nginx, port 443" }] },
  { from: 2_000, to: 2_100, findings: [{ id: "accept-queue-overflow", severity: "crit", culprit: "api, port 8080" }] },
] as const

const processes = ["nginx", "sshd", "postgres", "api", "haproxy", "node", "redis-server", "-", "ct/nat", "python3"]
const ports = [443, 80, 22, 5432, 8080, 6379, 9090, 53, 3306, 11211]

/** The same numbers for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Rows of one side, without the brackets; a few hundred different ones, of which each snapshot has its own choice. */
function sideOf(random: () => number): { readonly text: string; readonly connections: number; readonly bytes: number } {
  let connections = 0
  let bytes = 0
  const rows = Array.from({ length: ROWS }, () => {
    const count = 1 + Math.floor(random() * 9)
    const tx = Math.floor(random() * 4_000_000)
    const rx = Math.floor(random() * 400_000)
    connections += count
    bytes += tx + rx
    const peer = `10.${Math.floor(random() * 8)}.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}`
    return JSON.stringify({
      peer_ip: peer,
      port: ports[Math.floor(random() * ports.length)],
      proc_name: processes[Math.floor(random() * processes.length)],
      conn_count: count,
      tx_queue: 0,
      rx_queue: 0,
      total_queue: 0,
      tx_bytes_delta: tx,
      rx_bytes_delta: rx,
      total_bytes_delta: tx + rx,
      tx_bytes_per_sec: perSecond(tx),
      rx_bytes_per_sec: perSecond(rx),
      total_bytes_per_sec: perSecond(tx + rx),
      states: count > 1 ? { ESTABLISHED: count - 1, TIME_WAIT: 1 } : { ESTABLISHED: 1 },
    })
  })
  return { text: rows.join(","), connections, bytes }
}

/** To a thousandth, so that the day is as large as one of the Go program was measured to be. */
const perSecond = (bytes: number) => Math.round((bytes / 29.999999695) * 1_000) / 1_000

const SIDES = 64

export interface DayLines {
  lineAt(index: number, dayStart: number): string
}

/** Lines of any day: what differs between days is the time. */
export function createLines(): DayLines {
  const random = randomOf(SEED)
  const sides = Array.from({ length: SIDES }, () => sideOf(random))
  const choice = Array.from({ length: SNAPSHOTS * 2 }, () => Math.floor(random() * SIDES))
  return {
    lineAt(index, dayStart) {
      const at = dayStart + index * STEP_MS + 196
      const incoming = sides[choice[index % SNAPSHOTS]!]!
      const outgoing = sides[choice[SNAPSHOTS + (index % SNAPSHOTS)]!]!
      const findings = INCIDENTS.find(({ from, to }) => index >= from && index < to)?.findings ?? []
      const total = (side: typeof incoming) => ({
        rows: ROWS,
        conn_count: side.connections,
        tx_bytes_delta: side.bytes,
        rx_bytes_delta: 0,
        total_bytes_delta: side.bytes,
        cut_rows: 0,
        cut_conn_count: 0,
        cut_bytes_delta: 0,
      })
      const more = JSON.stringify({
        version: "1.0.0",
        cpu_cores: 0.03,
        rss_bytes: 14_876_672,
        schema: 2,
        epoch_ms: at,
        run: "bench",
        seq: index + 1,
        interval_seconds: 30,
        totals: { incoming: total(incoming), outgoing: total(outgoing) },
        health: {
          level: findings[0]?.severity ?? "ok",
          tcp_states: { ESTABLISHED: 900, LISTEN: 12, TIME_WAIT: 300 },
          conntrack: { level: "ok", used: 2_000, max: 262_144, used_percent: 0.8 },
          load: [0.5, 0.4, 0.3],
        },
        findings,
      })
      return (
        `{"captured_at":"${new Date(at).toISOString()}","interface":"eth0","top_limit_per_side":500,` +
        `"sample_seconds":29.999999695,"bandwidth_available":true,"incoming_groups":[${incoming.text}],` +
        `"outgoing_groups":[${outgoing.text}],${more.slice(1)}\n`
      )
    },
  }
}

const DAY_MS = 86_400_000
/** The last of the days; UTC, as the measurements set it. */
export const LAST_DAY = Date.UTC(2026, 2, 8)

export const dayName = (dayStart: number): string => new Date(dayStart).toISOString().slice(0, 10).replaceAll("-", "")

/** Writes one day as a plain file; answers its path. */
export function writeDay(folder: string, dayStart = LAST_DAY, lines = createLines()): string {
  mkdirSync(folder, { recursive: true, mode: 0o750 })
  const path = join(folder, segmentName(dayName(dayStart), "plain"))
  const fd = openSync(path, "w", 0o640)
  try {
    for (let i = 0; i < SNAPSHOTS; i++) if (i < OUTAGE.from || i >= OUTAGE.to) writeSync(fd, lines.lineAt(i, dayStart))
  } finally {
    closeSync(fd)
  }
  return path
}

/** Writes that many days, compressed. */
export async function writeCompressedDays(folder: string, days: number): Promise<void> {
  const lines = createLines()
  for (let i = days - 1; i >= 0; i--) {
    const start = LAST_DAY - i * DAY_MS
    writeDay(folder, start, lines)
    const data = DataFolder.open(folder, { create: false })
    try {
      await compressDay(data, dayName(start), { goOn: async () => true })
    } finally {
      data.close()
    }
  }
}

if (import.meta.main) {
  const [folder, days = "1", kind] = process.argv.slice(2)
  if (folder === undefined) throw new Error("usage: bun tests/bench/history-day.ts FOLDER [DAYS]")
  if (days === "1" || kind === "plain") console.log(writeDay(folder))
  else await writeCompressedDays(folder, Number(days))
}
