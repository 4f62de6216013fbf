/**
 * One look at the flows of every network namespace in sight, as much of them and as often as their part of a core allows.
 *
 * There is one plan for all: either every namespace is read, or what was read last stands for every one. Each namespace
 * fails alone.
 */
import { type IndexedFlows, linkFlows } from "../../core/sample/flow-link.ts"
import {
  type FlowPace,
  initialPace,
  learnCost,
  learnNarrowPart,
  type PaceQuestion,
  planLook,
} from "../../core/sample/flow-pace.ts"
import { type FlowTable, growFlowTable } from "../../core/sample/flow-table.ts"
import {
  type Accounting,
  type FlowScope,
  type Flows,
  isInScope,
  type NamespaceFlows,
  NOT_LOADED,
  whyWithoutBytes,
} from "../../core/sample/flows.ts"
import type { RowRange } from "../../core/sample/nat.ts"
import { hasCounted, isTracking, listFlows } from "./conntrack.ts"
import { type Conversation, KernelError } from "./netlink.ts"

export type FlowLook =
  | { readonly kind: "read"; readonly flows: Flows; readonly pace: FlowPace; readonly stretched?: string }
  /** Too soon: the flows of the last look stand. */
  | { readonly kind: "kept"; readonly pace: FlowPace; readonly stretched: string }

/** A namespace to read flows in. */
export interface FlowPlace {
  /** As in the look's sockets; written into the rows. */
  readonly index: number
  /** Entries in its table now; `undefined`: the module is not loaded. */
  readonly count: number | undefined
  /** Asked only where flows have no bytes. */
  readonly accounting: () => Accounting
  /** Why there was nothing the last time, when that was a moment ago: it is not asked again while there still is nothing. */
  readonly whenEmpty?: { readonly reason: string | undefined }
  /** A conversation there; it is closed when the flows are read. */
  readonly open: () => Conversation
}

/**
 * Reads into `room`, whose table is emptied first, and links with `previous`. `pace` is what the last look answered.
 * Never throws for what the kernel can say: a namespace that cannot be read says why.
 */
export async function lookAtFlows(
  places: readonly FlowPlace[],
  room: IndexedFlows,
  previous: Flows | undefined,
  pace: FlowPace = initialPace,
  { nowMs, intervalMs, share }: Omit<PaceQuestion, "count">,
): Promise<FlowLook> {
  const count = places.reduce((sum, place) => sum + (place.count ?? 0), 0)
  const plan = planLook(pace, { count, nowMs, intervalMs, share })
  if (plan.kind === "keep") return { kind: "kept", pace, stretched: plan.stretched }
  const { table } = room
  table.length = 0
  // Room at once: columns that grow leave their old selves behind.
  if (plan.scope === "all") growFlowTable(table, count)
  const parts: Part[] = []
  for (const place of places) parts.push(await readPlace(place, table, plan.scope))
  const started = performance.now()
  linkFlows(room, previous)
  const sum = (pick: (part: Part) => number) => parts.reduce((total, part) => total + pick(part), 0)
  const costMs = sum(({ busyMs }) => busyMs) + performance.now() - started
  // Of kernels that pass over the filter in one namespace, all do.
  const scope = parts.some((part) => part.scope === "all") ? "all" : plan.scope
  const rows = table.length + sum(({ otherCount }) => otherCount)
  const learnt = learnCost(pace, { scope, costMs, count, rows, nowMs })
  return {
    kind: "read",
    flows: { ...room, scope, readAtMs: nowMs, namespaces: byIndex(parts, table) },
    pace: scope === "all" ? learnNarrowPart(learnt, narrowRows(table), rows) : learnt,
    ...(plan.stretched !== undefined && { stretched: plan.stretched }),
  }
}

/** What one namespace said; its rows are known when doubled ones have been dropped. */
interface Part extends Omit<NamespaceFlows, "rows"> {
  readonly index: number
  readonly scope: FlowScope
  readonly otherCount: number
  readonly busyMs: number
}

const NO_OTHERS: ReadonlyMap<number, number> = new Map()

async function readPlace(place: FlowPlace, table: FlowTable, scope: FlowScope): Promise<Part> {
  const { index, count, open, whenEmpty } = place
  const start = table.length
  const nothing = { index, scope, others: NO_OTHERS, otherCount: 0, busyMs: 0 }
  if (count === undefined) return { ...nothing, isComplete: false, withoutBytes: NOT_LOADED }
  if (count === 0 && whenEmpty !== undefined)
    return { ...nothing, isComplete: true, ...(whenEmpty.reason !== undefined && { withoutBytes: whenEmpty.reason }) }
  try {
    using conversation = open()
    const listing =
      count === 0
        ? { scope, skipped: 0, interrupted: false, others: NO_OTHERS, busyMs: 0 }
        : await listFlows(conversation, table, { scope, namespace: index })
    const otherCount = [...listing.others.values()].reduce((sum, n) => sum + n, 0)
    const reason = await reasonWithoutBytes(conversation, place, { table, start, otherCount })
    return {
      index,
      scope: listing.scope,
      isComplete: listing.skipped === 0 && !listing.interrupted,
      others: listing.others,
      otherCount,
      busyMs: listing.busyMs,
      ...(reason !== undefined && { withoutBytes: reason }),
    }
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    table.length = start
    return { ...nothing, isComplete: false, withoutBytes: error.message }
  }
}

/** The rows of each namespace, as they stand one behind the other. */
function byIndex(parts: readonly Part[], { namespace, length }: FlowTable): readonly (NamespaceFlows | undefined)[] {
  const found: (NamespaceFlows | undefined)[] = []
  let at = 0
  for (const { index, isComplete, others, withoutBytes } of parts) {
    const from = at
    while (at < length && namespace[at] === index) at++
    const rows: RowRange = { from, to: at }
    found[index] = { rows, isComplete, others, ...(withoutBytes !== undefined && { withoutBytes }) }
  }
  return found
}

async function reasonWithoutBytes(
  conversation: Conversation,
  { accounting }: FlowPlace,
  { table, start, otherCount }: { table: FlowTable; start: number; otherCount: number },
): Promise<string | undefined> {
  const isEmpty = table.length - start + otherCount === 0
  const tracking = isEmpty ? await isTracking(conversation) : true
  return whyWithoutBytes({
    accounting: hasBytes(table, start) ? "unknown" : accounting(),
    table,
    from: start,
    otherCount,
    isTracking: tracking,
    hasCounted: tracking === undefined && (await hasCounted(conversation)),
  })
}

function hasBytes({ originalBytes, length }: FlowTable, from: number): boolean {
  for (let row = from; row < length; row++) if (!Number.isNaN(originalBytes[row]!)) return true
  return false
}

function narrowRows(table: FlowTable): number {
  let total = 0
  for (let row = 0; row < table.length; row++) if (isInScope("translated-and-udp", table, row)) total++
  return total
}
