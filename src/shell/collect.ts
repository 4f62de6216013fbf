/**
 * One look at the host: asks every source, answers a `Sample`.
 *
 * Each source fails alone, with its reason. The event loop runs between the reads.
 */
import { createRateTable, type RateTable } from "../core/model/rates.ts"
import { shareOfCore } from "../core/sample/flow-pace.ts"
import type { NamespaceSelection } from "../core/sample/network-namespace.ts"
import { missing, type Reading, reading, type Sample, type SocketStatistics } from "../core/sample/sample.ts"
import { createSocketTable, fitSocketTable } from "../core/sample/socket-table.ts"
import { GroundsReader } from "./grounds.ts"
import { readInterface } from "./interfaces.ts"
import { listHostAddresses } from "./kernel/links.ts"
import { KernelError } from "./kernel/netlink.ts"
import { type Listing, SocketSource } from "./look/sockets.ts"
import { readConntrack, readCounters, readLoad, readOwnUsage, readSocketStatistics, readSoftnet } from "./procfs.ts"

export interface Look {
  readonly sample: Sample
  readonly rates: RateTable
}

export interface CollectorOptions {
  /** Its counters are read; without one there is nothing to read. */
  readonly interfaceName?: string
  /** Also what only the diagnosis reads. */
  readonly readsGrounds?: boolean
  readonly now: () => number
  readonly monotonicMs: () => number
  readonly namespaces?: NamespaceSelection
  /** How often the program looks. Absent: two looks are all, and nothing is left out of them to save time. */
  readonly intervalMs?: number
  /** The part of a core that reading flows may take. */
  readonly flowShare?: number
  /** A look may search this long for the processes of sockets it has not seen before; the next look goes on. */
  readonly ownerBudgetMs?: number
}

/** Two looks closer than this say more of the moment of reading than of the host: the second one waits. */
const WINDOW_MIN_MS = 500

/** Where nothing is spared, how often is all the same. */
const ONE_SHOT_MS = 1_000

/**
 * Looks at the host. Two tables take turns, so the look that is shown is never written to. The rates are one: they are
 * derived in the moment in which one look takes the place of the other.
 */
export class Collector {
  private readonly tables = [createSocketTable(), createSocketTable()] as const
  private readonly rates = createRateTable()
  private readonly source: SocketSource

  private readonly grounds: GroundsReader | undefined

  constructor(private readonly options: CollectorOptions) {
    const { monotonicMs, intervalMs, namespaces = "all", flowShare = shareOfCore.live } = options
    this.source = new SocketSource({
      monotonicMs,
      namespaces,
      intervalMs: intervalMs ?? ONE_SHOT_MS,
      flowShare: intervalMs === undefined ? Number.POSITIVE_INFINITY : flowShare,
      ...(options.ownerBudgetMs !== undefined && { ownerBudgetMs: options.ownerBudgetMs }),
    })
    this.grounds = options.readsGrounds === true ? new GroundsReader() : undefined
  }

  /** Names of the network namespaces there are. */
  namespaceNames(): readonly string[] {
    return this.source.names()
  }

  /**
   * `shown` is the sample that was made last: its columns are left alone, and the new look is linked with it. A look that
   * is made and not handed back here as the next one's `shown` loses the connections that closed before it.
   */
  async look(shown: Sample | undefined): Promise<Look> {
    const { now, monotonicMs, interfaceName } = this.options
    if (shown !== undefined) await Bun.sleep(Math.max(0, shown.monotonicMs + WINDOW_MIN_MS - monotonicMs()))
    const sockets = shown?.sockets.ok === true ? shown.sockets.value : undefined
    const table = this.tables[this.tables[0] === sockets?.table ? 1 : 0]
    const at = now()
    const start = monotonicMs()
    const socketStatistics = readSocketStatistics()
    const expected = socketStatistics.ok ? countSockets(socketStatistics.value) : 0
    fitSocketTable(table, Math.max(expected, sockets?.table.length ?? 0))
    const readLink = async () =>
      interfaceName === undefined ? missing("no interface was found") : readInterface(interfaceName)
    const listed = await attempt(() => this.source.list(table, sockets, readLink))
    const settled = await this.settle(listed, shown)
    const listedMs = listed.ok ? listed.value.atMs : start
    const counters = readCounters()
    const grounds = await this.grounds?.read({
      counters,
      slots: listed.ok ? listed.value.slots : [],
      ...(settled.ok && { sockets: settled.value.sockets }),
    })
    const sample: Sample = {
      at: Math.round(at + listedMs - start),
      monotonicMs: listedMs,
      sockets: settled.ok ? reading(settled.value.sockets) : settled,
      counters,
      ...(grounds === undefined ? {} : { grounds }),
      socketStatistics,
      softnet: readSoftnet(),
      interface: listed.ok ? listed.value.link : await readLink(),
      addresses: await attempt(listHostAddresses),
      conntrack: readConntrack(),
      own: readOwnUsage(),
      load: readLoad(),
      notes: settled.ok ? settled.value.notes : [],
    }
    return { sample, rates: this.rates }
  }

  private async settle(listed: Reading<Listing>, shown: Sample | undefined) {
    if (!listed.ok) return listed
    const before = shown?.sockets.ok === true ? { sockets: shown.sockets.value, sample: shown } : undefined
    return reading(await this.source.settle(listed.value, before))
  }

  close(): void {
    this.source.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** TCP sockets as /proc/net/sockstat counts them: about as many as a dump will give. Half-open ones are not in it. */
const countSockets = ({ TCP, TCP6 }: SocketStatistics): number =>
  (TCP?.inuse ?? 0) + (TCP?.tw ?? 0) + (TCP6?.inuse ?? 0)

/** A source that fails alone: the kernel's refusal becomes the reason why the reading is missing. */
async function attempt<T>(ask: () => Promise<T>): Promise<Reading<T>> {
  try {
    return reading(await ask())
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    return missing(error.message)
  }
}
