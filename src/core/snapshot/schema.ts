/**
 * The line of a snapshot, key by key, as docs/snapshot-format.md describes it.
 *
 * Whoever reads a file meets lines of older and newer programs: keys that are not known are passed over, keys that were
 * added later may be absent, and a key that is there must have its type.
 */
import * as v from "valibot"

/** The number of this format. 1 are the lines without a number. It rises when a key changes its meaning. */
export const SCHEMA = 2

const count = v.pipe(v.number(), v.integer())
const text = v.string()

/** RFC 3339 with a zone. */
const instant = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/),
  v.check((value) => !Number.isNaN(Date.parse(value))),
)

const sums = {
  conn_count: count,
  tx_queue: count,
  rx_queue: count,
  total_queue: count,
  tx_bytes_delta: count,
  rx_bytes_delta: count,
  total_bytes_delta: count,
  tx_bytes_per_sec: v.number(),
  rx_bytes_per_sec: v.number(),
  total_bytes_per_sec: v.number(),
}

const states = v.nullish(v.record(v.string(), count), {})

export const rowSchema = v.looseObject({
  peer_ip: text,
  port: count,
  proc_name: text,
  ...sums,
  states,
  netns: v.optional(text),
  unit: v.optional(text),
})

/** What was cut from one side: the sums of its rows. */
export const othersSchema = v.looseObject({ rows: count, ...sums, states })

/** One side before the cut. */
export const sideTotalsSchema = v.looseObject({
  rows: count,
  conn_count: count,
  tx_bytes_delta: count,
  rx_bytes_delta: count,
  total_bytes_delta: count,
  cut_rows: count,
  cut_conn_count: count,
  cut_bytes_delta: count,
})

const bothSides = <T extends v.GenericSchema>(side: T) =>
  v.looseObject({ incoming: v.optional(side), outgoing: v.optional(side) })

export const healthSchema = v.looseObject({
  level: text,
  tcp_states: v.optional(v.record(v.string(), count)),
  retransmits: v.optional(
    v.looseObject({
      level: text,
      percent: v.optional(v.number()),
      retransmits_per_sec: v.number(),
      segments_per_sec: v.number(),
    }),
  ),
  conntrack: v.optional(v.looseObject({ level: text, used: count, max: count, used_percent: v.optional(v.number()) })),
  interface: v.optional(
    v.looseObject({
      name: text,
      rx_bytes_per_sec: v.number(),
      tx_bytes_per_sec: v.number(),
      rx_packets_per_sec: v.number(),
      tx_packets_per_sec: v.number(),
      rx_errors: count,
      tx_errors: count,
      rx_dropped: count,
      tx_dropped: count,
      used_percent: v.optional(v.number()),
    }),
  ),
  drops: v.optional(v.record(v.string(), count)),
  load: v.optional(v.array(v.number())),
})

export const findingSchema = v.looseObject({
  id: text,
  severity: text,
  culprit: v.optional(text),
  netns: v.optional(text),
  evidence: v.optional(v.array(text)),
  explains: v.optional(v.array(text)),
})

export const eventSchema = v.looseObject({
  at: instant,
  kind: text,
  text: v.optional(text),
  count: v.optional(count),
})

export const lineSchema = v.looseObject({
  captured_at: instant,
  interface: v.optional(text, ""),
  top_limit_per_side: count,
  sample_seconds: v.optional(v.number(), 0),
  bandwidth_available: v.optional(v.boolean(), false),
  incoming_groups: v.nullable(v.array(rowSchema), []),
  outgoing_groups: v.nullable(v.array(rowSchema), []),
  version: v.optional(text, ""),
  cpu_cores: v.optional(v.number()),
  rss_bytes: v.optional(count),
  schema: v.optional(count),
  epoch_ms: v.optional(count),
  run: v.optional(text),
  seq: v.optional(count),
  interval_seconds: v.optional(count),
  stretched_from_seconds: v.optional(count),
  look: v.optional(v.boolean()),
  totals: v.optional(bothSides(sideTotalsSchema)),
  others: v.optional(bothSides(othersSchema)),
  health: v.optional(healthSchema),
  findings: v.optional(v.array(findingSchema)),
  coverage_percent: v.optional(v.number()),
  events: v.optional(v.array(eventSchema)),
})

export type SnapshotLine = v.InferOutput<typeof lineSchema>
export type SnapshotEvent = v.InferOutput<typeof eventSchema>
export type SnapshotFinding = v.InferOutput<typeof findingSchema>
export type SnapshotHealth = v.InferOutput<typeof healthSchema>
