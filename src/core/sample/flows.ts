/** The flows of every namespace in sight, how complete they are, and what stands where bytes would when there are none. */
import { flowStatus } from "../wire/conntrack.ts"
import { IPPROTO_UDP } from "../wire/inet-diag.ts"
import type { IndexedFlows } from "./flow-link.ts"
import type { FlowTable } from "./flow-table.ts"
import type { RowRange } from "./nat.ts"

/**
 * Which flows were asked for: all; or, where the table is so large that the kernel had better leave most out, those
 * that no TCP socket of this host can tell of: translated ones, and UDP.
 */
export type FlowScope = "all" | "translated-and-udp"

/** One reading of the flows of all namespaces together. */
export interface Flows extends IndexedFlows {
  readonly scope: FlowScope
  /** The monotonic clock when the reading began, milliseconds. */
  readonly readAtMs: number
  /** By index of the namespace, as in the look's sockets; `undefined`: nothing was read there. */
  readonly namespaces: readonly (NamespaceFlows | undefined)[]
}

/** What a reading says of one namespace. */
export interface NamespaceFlows {
  /** Its rows of the table. */
  readonly rows: RowRange
  /** Nothing is missing of what was asked for: a flow not seen last time has begun since. */
  readonly isComplete: boolean
  /** Flows of other protocols than TCP and UDP, by protocol number: they are counted, not kept. */
  readonly others: ReadonlyMap<number, number>
  /** Why flows have no bytes, when they have none: a sentence an operator can act on. */
  readonly withoutBytes?: string
}

/** The flows as one look shows them. */
export interface FlowsSeen {
  readonly now: Flows
  /** The reading that `now` is linked with; absent: there was none. */
  readonly before?: Flows
  /** `now` was read by an earlier look: reading them in every look would take too much of a core. */
  readonly isKept: boolean
  /** What is read less often, or in part: the sentence the screen shows. */
  readonly stretched?: string
}

/** Whether a flow that a reading does not show in this namespace was not there. */
export const isCompleteFlows = ({ namespaces }: Flows, namespace: number): boolean =>
  namespaces[namespace]?.isComplete === true

export const isTranslated = (table: FlowTable, row: number): boolean =>
  (table.status[row]! & (flowStatus.sourceNat | flowStatus.targetNat)) !== 0

/** Whether a look of this scope would have shown the flow at `row`. */
export const isInScope = (scope: FlowScope, table: FlowTable, row: number): boolean =>
  scope === "all" || table.protocol[row] === IPPROTO_UDP || isTranslated(table, row)

/** /proc/sys/net/netfilter/nf_conntrack_acct of one namespace. */
export type Accounting = "on" | "off" | "unknown"

export const NOT_ACTIVE = "not active in this namespace: no rule uses it"
export const NOT_LOADED = "connection tracking is not loaded, so nothing is tracked: modprobe nf_conntrack"
export const ACCOUNTING_OFF =
  "the kernel does not count bytes of flows: sysctl -w net.netfilter.nf_conntrack_acct=1 (counts those that begin after it)"
export const OLDER_THAN_ACCOUNTING = "begun before nf_conntrack_acct was switched on, so the kernel does not count it"

/**
 * The reason why no flow has bytes, or `undefined` when one has.
 *
 * `isTracking` is what the kernel says of itself, where it can. Where it cannot, an empty table whose counters never
 * moved tells the same: with a rule in place any packet at all, on loopback too, makes an entry.
 */
export function whyWithoutBytes(seen: {
  readonly accounting: Accounting
  readonly table: FlowTable
  /** Where the rows of the namespace begin; they are the last ones. */
  readonly from: number
  readonly otherCount: number
  readonly isTracking: boolean | undefined
  readonly hasCounted: boolean
}): string | undefined {
  const { accounting, table, from, otherCount, isTracking, hasCounted } = seen
  const isEmpty = table.length - from + otherCount === 0
  if (isEmpty && (isTracking === false || (isTracking === undefined && !hasCounted))) return NOT_ACTIVE
  for (let row = from; row < table.length; row++) if (!Number.isNaN(table.originalBytes[row]!)) return undefined
  if (accounting === "off") return ACCOUNTING_OFF
  return table.length > from ? OLDER_THAN_ACCOUNTING : undefined
}
