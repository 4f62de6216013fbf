/**
 * What is going on: two looks at the host, and what follows from them.
 *
 * Every rate, group and percentage of the program is made under this folder. Without a previous look there are no
 * rates, which is not the same as zero.
 */
import type { Thresholds } from "../config/thresholds.ts"
import { createAddressSet } from "../sample/address-column.ts"
import { linkLimit } from "../sample/host-addresses.ts"
import { missing, type Note, type Reading, reading, type Sample } from "../sample/sample.ts"
import { parseAddress } from "../wire/address.ts"
import { type Connections, countStates } from "./connections.ts"
import { type ConntrackUse, deriveConntrack } from "./conntrack.ts"
import { isWindow } from "./counter-difference.ts"
import { type Coverage, deriveCoverage } from "./coverage.ts"
import { deriveDirections, findListeners } from "./direction.ts"
import { applyFlowBytes, deriveFlowBytes, flowPart } from "./flows.ts"
import { deriveHealth, type Health } from "./health.ts"
import { deriveOwnLoad, type OwnLoad } from "./own-usage.ts"
import { deriveBytes, type RateTable } from "./rates.ts"
import { deriveRetransmits, type Retransmits } from "./retransmits.ts"
import { deriveTotals, type Totals } from "./totals.ts"
import { deriveTraffic, type Traffic } from "./traffic.ts"
import { deriveWhys } from "./why.ts"

export type { Note }

export interface Model {
  /** When the sockets were read, wall clock in milliseconds. */
  readonly at: number
  /** Milliseconds between the two looks. Absent after one look, when there are no rates. */
  readonly elapsedMs?: number
  readonly connections: Reading<Connections>
  readonly totals: Reading<Totals>
  /** How much of what the interface carried in the window the connections account for. */
  readonly coverage: Reading<Coverage>
  /** Sockets by state, listeners included; empty when sockets could not be read. */
  readonly states: ReadonlyMap<string, number>
  readonly retransmits: Reading<Retransmits>
  readonly conntrack: Reading<ConntrackUse>
  /** The interface over the whole window. What it does right now is the lane's. */
  readonly traffic: Reading<Traffic>
  readonly own: Reading<OwnLoad>
  /** The host's load averages over 1, 5 and 15 minutes. */
  readonly load: Reading<readonly [number, number, number]>
  readonly health: Health
  readonly notes: readonly Note[]
}

export interface Looks {
  readonly sample: Sample
  /** The look before; `sample.sockets` must have been linked with its sockets. */
  readonly previous?: Sample
  /** Receives the rates: a table that no model in use has. */
  readonly into: RateTable
  readonly thresholds: Thresholds
}

export function deriveModel({ sample, previous, into, thresholds }: Looks): Model {
  const before = window(sample, previous)
  const states = sample.sockets.ok ? countStates(sample.sockets.value.table) : new Map<string, number>()
  const retransmits = map(sample.counters, (counters) =>
    deriveRetransmits(
      {
        counters,
        ...pair(before, (look) => look.counters, "counters"),
        establishedCount: establishedCount(sample),
      },
      thresholds,
    ),
  )
  const conntrack = map(sample.conntrack, (table) => deriveConntrack(table, thresholds.conntrackPercent))
  const connections = deriveConnections(sample, before, into)
  const own = map(sample.addresses, (addresses) =>
    createAddressSet(addresses.flatMap(({ address }) => parseAddress(address) ?? [])),
  )
  const coverage = connections.ok ? coverageOf(connections.value, sample, before) : connections
  const explanation = coverage.ok ? coverage.value.explanation : undefined
  return {
    at: sample.at,
    ...(before === undefined ? {} : { elapsedMs: before.elapsedMs }),
    connections,
    totals: map(connections, (value) => deriveTotals(value, own.ok ? own.value : undefined)),
    coverage,
    states,
    retransmits,
    conntrack,
    traffic: map(sample.interface, (counters) =>
      deriveTraffic(counters, pair(before, (look) => look.interface, "counters").before),
    ),
    own: map(sample.own, (usage) => deriveOwnLoad(usage, pair(before, (look) => look.own, "usage").before)),
    load: sample.load,
    health: deriveHealth({ retransmits, conntrack }),
    notes: explanation === undefined ? sample.notes : [...sample.notes, { source: "coverage", text: explanation }],
  }
}

/** The protocol counters are those of the namespace we were started in, and so are the sockets that they are held against. */
const establishedCount = ({ sockets }: Sample): number =>
  sockets.ok ? (countStates(sockets.value.table, 0).get("ESTABLISHED") ?? 0) : 0

function coverageOf(connections: Connections, sample: Sample, before: Before | undefined): Reading<Coverage> {
  const earlier = before?.sample
  if (!sample.interface.ok) return missing(sample.interface.reason)
  if (!sample.addresses.ok) return missing(sample.addresses.reason)
  if (earlier === undefined || !earlier.sockets.ok || !earlier.interface.ok)
    return missing("it comes with the next look")
  const flows = sample.sockets.ok ? sample.sockets.value.flows : undefined
  const flowsBefore = flows?.before?.table
  const windows = { flows: earlier.sockets.value.flows, elapsedMs: before!.elapsedMs }
  return deriveCoverage({
    connections,
    before: earlier.sockets.value.table,
    ...(flows !== undefined && flowsBefore !== undefined && { flowsBefore, flowPart: flowPart(flows, windows) }),
    now: sample.interface.value,
    earlier: earlier.interface.value,
    addresses: sample.addresses.value,
  })
}

/** The look to measure against, where there is one far enough away. */
interface Before {
  readonly sample: Sample
  readonly elapsedMs: number
}

function window(sample: Sample, previous: Sample | undefined): Before | undefined {
  if (previous === undefined) return undefined
  const elapsedMs = sample.monotonicMs - previous.monotonicMs
  return isWindow(elapsedMs) ? { sample: previous, elapsedMs } : undefined
}

/** `{ before: { [name]: value, elapsedMs } }` where the earlier look has that reading, else nothing. */
function pair<T, const N extends string>(
  before: Before | undefined,
  of: (sample: Sample) => Reading<T>,
  name: N,
): { readonly before?: { readonly [K in N]: T } & { readonly elapsedMs: number } } {
  if (before === undefined) return {}
  const earlier = of(before.sample)
  if (!earlier.ok) return {}
  return { before: { [name]: earlier.value, elapsedMs: before.elapsedMs } as { [K in N]: T } & { elapsedMs: number } }
}

const map = <T, U>(from: Reading<T>, derive: (value: T) => U): Reading<U> =>
  from.ok ? reading(derive(from.value)) : from

function deriveConnections(sample: Sample, before: Before | undefined, rates: RateTable): Reading<Connections> {
  if (!sample.sockets.ok) return missing(sample.sockets.reason)
  const sockets = sample.sockets.value
  const earlier = before?.sample.sockets
  const linked = earlier?.ok === true ? { sockets: earlier.value, elapsedMs: before!.elapsedMs } : undefined
  const link =
    sample.interface.ok && sample.addresses.ok ? linkLimit(sample.addresses.value, sample.interface.value) : undefined
  deriveBytes(rates, sockets, linked, link)
  const { flows } = sockets
  if (flows !== undefined) {
    const { now, before: flowsBefore } = flows
    const elapsedMs = now.readAtMs - (flowsBefore?.readAtMs ?? now.readAtMs)
    deriveFlowBytes(rates.flows, now, flowsBefore && { flows: flowsBefore, elapsedMs })
    const part = flowPart(flows, linked && { flows: linked.sockets.flows, elapsedMs: linked.elapsedMs })
    applyFlowBytes(rates, sockets.table, { table: now.table, rates: rates.flows, part })
  }
  deriveWhys(rates.why, sockets.table, linked?.sockets.table, linked?.elapsedMs ?? 0)
  deriveDirections(rates.isIncoming, sockets.table, findListeners(sockets.table))
  return reading({
    table: sockets.table,
    owners: sockets.owners,
    rates,
    ...(linked === undefined ? {} : { elapsedMs: linked.elapsedMs }),
    ...(sockets.namespaces !== undefined && { namespaces: sockets.namespaces }),
    ...(flows !== undefined && { flows: flows.now }),
    ...(sockets.units !== undefined && { units: sockets.units }),
  })
}
