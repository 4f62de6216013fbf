/** The flows of one look, how complete they are, and what stands where bytes would when there are none. */
import { flowStatus } from "../wire/conntrack.ts"
import { IPPROTO_UDP } from "../wire/inet-diag.ts"
import type { IndexedFlows } from "./flow-link.ts"
import type { FlowTable } from "./flow-table.ts"

/**
 * Which flows were asked for: all; or, where the table is so large that the kernel had better leave most out, those
 * that no TCP socket of this host can tell of: translated ones, and UDP.
 */
export type FlowScope = "all" | "translated-and-udp"

export interface Flows extends IndexedFlows {
  readonly scope: FlowScope
  /** Nothing is missing of what was asked for: a flow not seen last time has begun since. */
  readonly isComplete: boolean
  /** Flows of other protocols than TCP and UDP, by protocol number: they are counted, not kept. */
  readonly others: ReadonlyMap<number, number>
  /** Why flows have no bytes, when they have none: a sentence an operator can act on. */
  readonly withoutBytes?: string
}

export const isTranslated = (table: FlowTable, row: number): boolean =>
  (table.status[row]! & (flowStatus.sourceNat | flowStatus.targetNat)) !== 0

/** Whether a look of this scope would have shown the flow at `row`. */
export const isInScope = (scope: FlowScope, table: FlowTable, row: number): boolean =>
  scope === "all" || table.protocol[row] === IPPROTO_UDP || isTranslated(table, row)

/** /proc/sys/net/netfilter/nf_conntrack_acct of one namespace. */
export type Accounting = "on" | "off" | "unknown"

export const NOT_ACTIVE = "not active in this namespace: no rule uses it"
export const ACCOUNTING_OFF =
  "the kernel does not count bytes of flows: sysctl -w net.netfilter.nf_conntrack_acct=1 (counts those that begin after it)"
const OLDER_THAN_ACCOUNTING =
  "these flows began before nf_conntrack_acct was switched on, so the kernel does not count them"

/**
 * The reason why no flow has bytes, or `undefined` when one has.
 *
 * `isTracking` is what the kernel says of itself, where it can. Where it cannot, an empty table whose counters never
 * moved tells the same: with a rule in place any packet at all, on loopback too, makes an entry.
 */
export function whyWithoutBytes(seen: {
  readonly accounting: Accounting
  readonly table: FlowTable
  readonly otherCount: number
  readonly isTracking: boolean | undefined
  readonly hasCounted: boolean
}): string | undefined {
  const { accounting, table, otherCount, isTracking, hasCounted } = seen
  const isEmpty = table.length + otherCount === 0
  if (isEmpty && (isTracking === false || (isTracking === undefined && !hasCounted))) return NOT_ACTIVE
  for (let row = 0; row < table.length; row++) if (!Number.isNaN(table.originalBytes[row]!)) return undefined
  if (accounting === "off") return ACCOUNTING_OFF
  return table.length > 0 ? OLDER_THAN_ACCOUNTING : undefined
}
