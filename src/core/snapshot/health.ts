/** The health of the host as a block of the line: an incident of 03:00 can be told from it at 09:00. */
import { riseOf } from "../model/counter-difference.ts"
import type { Model } from "../model/model.ts"
import type { Sample } from "../sample/sample.ts"
import type { SnapshotHealth } from "./schema.ts"

/** Counters of what the kernel threw away, by the key of the line. Each is the rise since the look before. */
const drops = {
  listen_overflows: ["TcpExt", "ListenOverflows"],
  listen_drops: ["TcpExt", "ListenDrops"],
  backlog_drops: ["TcpExt", "TCPBacklogDrop"],
  receive_queue_drops: ["TcpExt", "TCPRcvQDrop"],
  memory_aborts: ["TcpExt", "TCPAbortOnMemory"],
  udp_receive_errors: ["Udp", "RcvbufErrors"],
  udp_send_errors: ["Udp", "SndbufErrors"],
} as const

/** What is not known is absent. */
export function snapshotHealth(
  model: Model,
  { sample, previous }: { readonly sample: Sample; readonly previous?: Sample },
): SnapshotHealth {
  return {
    level: model.health.level,
    ...(model.states.size === 0 ? {} : { tcp_states: Object.fromEntries([...model.states].sort()) }),
    ...retransmitBlock(model),
    ...conntrackBlock(model),
    ...interfaceBlock(model),
    ...dropBlock(sample, previous),
    ...(model.load.ok ? { load: [...model.load.value] } : {}),
  }
}

function retransmitBlock({ retransmits }: Model): Pick<SnapshotHealth, "retransmits"> {
  if (!retransmits.ok) return {}
  const { value } = retransmits
  if (value.kind === "first" || value.kind === "unknown") return {}
  return {
    retransmits: {
      level: value.kind === "judged" ? value.level : "unknown",
      ...(value.kind === "judged" ? { percent: value.percent } : {}),
      retransmits_per_sec: value.retransmitsPerSecond,
      segments_per_sec: value.segmentsPerSecond,
    },
  }
}

function conntrackBlock({ conntrack }: Model): Pick<SnapshotHealth, "conntrack"> {
  if (!conntrack.ok) return {}
  const { count, max, level, usedPercent } = conntrack.value
  return {
    conntrack: { level, used: count, max, ...(usedPercent === undefined ? {} : { used_percent: usedPercent }) },
  }
}

function interfaceBlock({ traffic }: Model): Pick<SnapshotHealth, "interface"> {
  if (!traffic.ok || traffic.value.rates === undefined) return {}
  const { name, rates, rxErrors, txErrors, rxDropped, txDropped } = traffic.value
  return {
    interface: {
      name,
      rx_bytes_per_sec: rates.rxBytesPerSecond,
      tx_bytes_per_sec: rates.txBytesPerSecond,
      rx_packets_per_sec: rates.rxPacketsPerSecond,
      tx_packets_per_sec: rates.txPacketsPerSecond,
      rx_errors: rxErrors,
      tx_errors: txErrors,
      rx_dropped: rxDropped,
      tx_dropped: txDropped,
      ...(rates.usedPercent === undefined ? {} : { used_percent: rates.usedPercent }),
    },
  }
}

function dropBlock(sample: Sample, previous: Sample | undefined): Pick<SnapshotHealth, "drops"> {
  const found: Record<string, number> = {}
  if (sample.counters.ok && previous?.counters.ok === true) {
    const counters = { now: sample.counters.value, before: previous.counters.value }
    for (const [key, [group, name]] of Object.entries(drops)) {
      const rise = riseOf(counters, group, name)
      if (rise !== undefined) found[key] = rise
    }
  }
  if (sample.softnet.ok && previous?.softnet.ok === true) {
    const total = (cpus: readonly { readonly dropped: number }[]) => cpus.reduce((sum, { dropped }) => sum + dropped, 0)
    const rise = total(sample.softnet.value) - total(previous.softnet.value)
    if (rise >= 0) found.softnet_drops = rise
  }
  return Object.keys(found).length === 0 ? {} : { drops: found }
}
