/**
 * Every connection of a look: the sockets of each network namespace, the ones that closed since the look before, and the
 * flows that no socket stands for.
 *
 * The order matters. Flows are read before the sockets, so that what is opened in between is no row without a process.
 * The events of closed sockets are taken before the sockets are listed, so that no socket is both. Owners are found
 * before the look is settled, so that a connection that no look has seen gets its listener's. Settling happens once a
 * look and cannot be taken back: every look that is made is the baseline of the next one.
 */
import { findListeners } from "../../core/model/direction.ts"
import { CLOSED_ROWS_MAX, createClosedLedger, settleLook } from "../../core/sample/closed.ts"
import { closedNotes } from "../../core/sample/closed-notes.ts"
import type { FlowsSeen } from "../../core/sample/flows.ts"
import { betweenCounters } from "../../core/sample/interface-counters.ts"
import { linkPrevious } from "../../core/sample/link.ts"
import { appendFlowRows } from "../../core/sample/nat.ts"
import {
  type NamespaceSelection,
  type NetworkNamespace,
  selectNamespaces,
} from "../../core/sample/network-namespace.ts"
import {
  type InterfaceCounters,
  isCompleteIn,
  type Note,
  type Reading,
  reading,
  type Sample,
  type Sockets,
} from "../../core/sample/sample.ts"
import type { SocketTable } from "../../core/sample/socket-table.ts"
import { settleUdp } from "../../core/sample/udp.ts"
import { type Closings, ClosingsWatch } from "../kernel/closings.ts"
import { listSocketsOf, type NamespacesListing } from "../kernel/sockets.ts"
import { NamespaceList } from "../namespaces.ts"
import { OwnerSearch } from "../processes.ts"
import { FlowSource, flowNotes } from "./flows.ts"
import { UnitNames } from "./units.ts"

export interface SocketSourceOptions {
  readonly monotonicMs: () => number
  readonly namespaces: NamespaceSelection
  /** How often the program looks, and which part of a core reading flows may take. */
  readonly intervalMs: number
  readonly flowShare: number
  /** A look may search this long for the processes of sockets it has not seen before; the next look goes on. */
  readonly ownerBudgetMs?: number
}

const OWNER_BUDGET_MS = 150
/** Somebody waits for the first one: its rows come without the names that take long, and those come with the second. */
const FIRST_OWNER_BUDGET_MS = 40

type Slots = readonly (NetworkNamespace | undefined)[]

/** What was read of one look and is not settled yet. */
export interface Listing {
  readonly table: SocketTable
  readonly slots: Slots
  readonly flows: FlowsSeen
  readonly closings: Closings
  readonly listed: NamespacesListing
  /** The monotonic clock when the sockets were listed. */
  readonly atMs: number
  /** The interface while the sockets of our own namespace were read. */
  readonly link: Reading<InterfaceCounters>
}

export class SocketSource {
  private readonly units = new UnitNames()
  private readonly namespaces = new NamespaceList({ unitOf: (pid) => this.units.containerOf(pid) })
  private readonly watch: ClosingsWatch
  private readonly flows: FlowSource
  private readonly owners = new OwnerSearch()
  private readonly ledger = createClosedLedger()

  constructor(private readonly options: SocketSourceOptions) {
    const { monotonicMs, intervalMs, flowShare } = options
    this.watch = new ClosingsWatch({ monotonicMs, pathOf: (id) => this.namespaces.pathOf(id) })
    this.flows = new FlowSource({ monotonicMs, intervalMs, share: flowShare })
  }

  /** The namespaces that would be looked at, by name. */
  names(): readonly string[] {
    return this.namespaces.look().flatMap((namespace) => namespace?.name ?? [])
  }

  /** Reads into `table`; `readLink` is called before and after our own sockets are read. Throws `KernelError` when the sockets of our own namespace cannot be listed. */
  async list(
    table: SocketTable,
    shown: Sockets | undefined,
    readLink: () => Promise<Reading<InterfaceCounters>>,
  ): Promise<Listing> {
    const slots = selectNamespaces(this.namespaces.look(), this.options.namespaces)
    this.watch.open(slots)
    const flows = await this.flows.read(slots, shown?.flows)
    // Before the closings are taken: what ends from then on is told to the next look.
    const first = await readLink()
    const closings = this.watch.take()
    const atMs = this.options.monotonicMs()
    let link = first
    const listed = await listSocketsOf(table, slots, async () => {
      const last = await readLink()
      link = first.ok && last.ok ? reading(betweenCounters(first.value, last.value)) : last
    })
    return { table, slots, flows, closings, listed, atMs, link }
  }

  /** Finds out whose sockets these are and what they moved since `shown`, the sample that was made last. */
  async settle(
    listing: Listing,
    shown: { readonly sockets: Sockets; readonly sample: Sample } | undefined,
  ): Promise<{ readonly sockets: Sockets; readonly notes: readonly Note[] }> {
    const { table, slots, flows, closings, listed } = listing
    const previous = shown?.sockets.table
    linkPrevious(table, previous)
    const places = await this.flows.namespaces(slots, flows, listed.rows)
    let notes: readonly Note[] = []
    const listeners = findListeners(table)
    const found = await this.owners.find(table, listeners, {
      budgetMs: this.options.ownerBudgetMs ?? (shown === undefined ? FIRST_OWNER_BUDGET_MS : OWNER_BUDGET_MS),
      previous,
      settle: (unsure) => {
        const report = settleLook(this.ledger, { ...this.toSettle(listing, shown), listeners, unsure })
        settleUdp(table)
        appendFlowRows({
          sockets: table,
          flows: flows.now.table,
          previousFlows: flows.isKept ? undefined : flows.before?.table,
          namespaces: places,
          hidden: [this.ledger.awaiting, ...(closings.table.length > CLOSED_ROWS_MAX ? [closings.table] : [])],
        })
        notes = closedNotes(report)
        return [this.ledger.awaiting]
      },
    })
    const units = await this.units.look(table, found.owners)
    const { namespaces } = listed
    const isComplete = namespaces.every((namespace, index) => namespace.isComplete || slots[index] === undefined)
    return {
      sockets: { table, owners: found.owners, isComplete, namespaces, flows, units },
      notes: [
        ...listed.notes,
        ...(found.isFinished ? [] : [{ source: "process search", text: "process names are still being looked for" }]),
        ...(found.note === undefined ? [] : [{ source: "processes", text: found.note }]),
        ...closings.notes,
        ...notes,
        ...flowNotes(flows, slots, table),
      ],
    }
  }

  private toSettle(
    { table, slots, closings, listed, atMs }: Listing,
    shown: { readonly sockets: Sockets; readonly sample: Sample } | undefined,
  ) {
    return {
      table,
      previous: shown?.sockets.table,
      events: closings.table,
      isHeard: closings.isHeard,
      isComplete: (index: number) => slots[index] === undefined || listed.namespaces[index]?.isComplete === true,
      wasComplete: (index: number) => shown !== undefined && isCompleteIn(shown.sockets, index),
      nowMs: atMs,
      ...(shown !== undefined && { previousMs: shown.sample.monotonicMs }),
    }
  }

  close(): void {
    this.watch.close()
    this.owners.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
