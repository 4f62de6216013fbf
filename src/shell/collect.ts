/**
 * One look at the host: asks every source, answers a `Sample`.
 *
 * Each source fails alone, with its reason. The event loop runs between the reads.
 */
import { findListeners } from "../core/model/direction.ts"
import { createRateTable, type RateTable } from "../core/model/rates.ts"
import { linkPrevious } from "../core/sample/link.ts"
import { missing, type Note, type Reading, reading, type Sample, type Sockets } from "../core/sample/sample.ts"
import { createSocketTable, type SocketTable } from "../core/sample/socket-table.ts"
import { readInterface } from "./interfaces.ts"
import { listHostAddresses } from "./kernel/links.ts"
import { KernelError } from "./kernel/netlink.ts"
import { listSockets } from "./kernel/sockets.ts"
import { OwnerSearch } from "./processes.ts"
import { readConntrack, readCounters, readLoad, readOwnUsage, readSocketStatistics, readSoftnet } from "./procfs.ts"

/** Room for one look: the sockets, and the rates that will be derived from them. */
interface Room {
  readonly table: SocketTable
  readonly rates: RateTable
}

export interface Look {
  readonly sample: Sample
  readonly rates: RateTable
}

export interface CollectorOptions {
  /** Its counters are read; without one there is nothing to read. */
  readonly interfaceName?: string
  readonly now: () => number
  readonly monotonicMs: () => number
  /** A look may search this long for the processes of sockets it has not seen before; the next look goes on. */
  readonly ownerBudgetMs?: number
}

/** Two looks closer than this say more of the moment of reading than of the host: the second one waits. */
const WINDOW_MIN_MS = 500

const OWNER_BUDGET_MS = 150
/** Somebody waits for the first one: its rows come without the names that take long, and those come with the second. */
const FIRST_OWNER_BUDGET_MS = 40

/** Looks at the host. Two rooms take turns, so the look that is shown is never written to. */
export class Collector {
  private readonly rooms: readonly [Room, Room] = [createRoom(), createRoom()]
  private readonly owners = new OwnerSearch()

  constructor(private readonly options: CollectorOptions) {}

  /** `shown` is the sample that the state holds: its columns are left alone, and the new look is linked with it. */
  async look(shown: Sample | undefined): Promise<Look> {
    const { now, monotonicMs, interfaceName } = this.options
    if (shown !== undefined) await Bun.sleep(Math.max(0, shown.monotonicMs + WINDOW_MIN_MS - monotonicMs()))
    const shownTable = shown?.sockets.ok === true ? shown.sockets.value.table : undefined
    const room = this.rooms[0].table === shownTable ? this.rooms[1] : this.rooms[0]
    const at = now()
    const start = monotonicMs()
    const { sockets, notes } = await this.sockets(room.table, shownTable)
    const sample: Sample = {
      at,
      monotonicMs: start,
      sockets,
      counters: readCounters(),
      socketStatistics: readSocketStatistics(),
      softnet: readSoftnet(),
      interface: interfaceName === undefined ? missing("no interface was found") : await readInterface(interfaceName),
      addresses: await attempt(listHostAddresses),
      conntrack: readConntrack(),
      own: readOwnUsage(),
      load: readLoad(),
      notes,
    }
    return { sample, rates: room.rates }
  }

  private async sockets(
    table: SocketTable,
    shown: SocketTable | undefined,
  ): Promise<{ sockets: Reading<Sockets>; notes: readonly Note[] }> {
    const listed = await attempt(() => listSockets(table))
    if (!listed.ok) return { sockets: listed, notes: [] }
    const { skipped, interrupted, withoutIpv6 } = listed.value
    linkPrevious(table, shown)
    const texts = [
      ...(skipped > 0 ? [`${skipped} sockets could not be read`] : []),
      ...(interrupted ? ["the socket list changed while it was read"] : []),
      ...(withoutIpv6 === undefined ? [] : [withoutIpv6]),
    ]
    const isComplete = texts.length === 0
    const usualMs = shown === undefined ? FIRST_OWNER_BUDGET_MS : OWNER_BUDGET_MS
    const found = await this.owners.find(table, findListeners(table), {
      budgetMs: this.options.ownerBudgetMs ?? usualMs,
      previous: shown,
    })
    const notes = [
      ...texts.map((text) => ({ source: "sockets", text })),
      ...(found.isFinished ? [] : [{ source: "process search", text: "process names are still being looked for" }]),
      ...(found.note === undefined ? [] : [{ source: "processes", text: found.note }]),
    ]
    return { sockets: reading({ table, owners: found.owners, isComplete }), notes }
  }

  close(): void {
    this.owners.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

const createRoom = (): Room => ({ table: createSocketTable(), rates: createRateTable() })

/** A source that fails alone: the kernel's refusal becomes the reason why the reading is missing. */
async function attempt<T>(ask: () => Promise<T>): Promise<Reading<T>> {
  try {
    return reading(await ask())
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    return missing(error.message)
  }
}
