/**
 * One look at the host: asks every source, answers a `Sample`.
 *
 * Each source fails alone, with its reason. The event loop runs between the reads.
 */
import { createRateTable, type RateTable } from "../core/model/rates.ts"
import { linkPrevious } from "../core/sample/link.ts"
import { missing, type Note, type Reading, reading, type Sample, type Sockets } from "../core/sample/sample.ts"
import { createSocketTable, type SocketTable } from "../core/sample/socket-table.ts"
import { listSockets } from "./kernel/sockets.ts"

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
  readonly now: () => number
  readonly monotonicMs: () => number
}

/** Looks at the host. Two rooms take turns, so the look that is shown is never written to. */
export class Collector {
  private readonly rooms: readonly [Room, Room] = [createRoom(), createRoom()]

  constructor(private readonly options: CollectorOptions) {}

  /** `shown` is the sample that the state holds: its columns are left alone, and the new look is linked with it. */
  async look(shown: Sample | undefined): Promise<Look> {
    const shownTable = shown?.sockets.ok === true ? shown.sockets.value.table : undefined
    const room = this.rooms[0].table === shownTable ? this.rooms[1] : this.rooms[0]
    const at = this.options.now()
    const monotonicMs = this.options.monotonicMs()
    const { sockets, notes } = await this.sockets(room.table, shownTable)
    const sample: Sample = {
      at,
      monotonicMs,
      sockets,
      counters: missing("not read yet"),
      socketStatistics: missing("not read yet"),
      softnet: missing("not read yet"),
      interface: missing("not read yet"),
      conntrack: missing("not read yet"),
      own: missing("not read yet"),
      load: missing("not read yet"),
      notes,
    }
    return { sample, rates: room.rates }
  }

  private async sockets(
    table: SocketTable,
    shown: SocketTable | undefined,
  ): Promise<{ sockets: Reading<Sockets>; notes: readonly Note[] }> {
    try {
      const listing = await listSockets(table)
      linkPrevious(table, shown)
      const isComplete = listing.skipped === 0 && !listing.interrupted && listing.withoutIpv6 === undefined
      const notes = [
        ...(listing.skipped > 0 ? [{ source: "sockets", text: `${listing.skipped} sockets could not be read` }] : []),
        ...(listing.interrupted ? [{ source: "sockets", text: "the socket list changed while it was read" }] : []),
        ...(listing.withoutIpv6 === undefined ? [] : [{ source: "sockets", text: listing.withoutIpv6 }]),
      ]
      return { sockets: reading({ table, owners: [], isComplete }), notes }
    } catch (error) {
      return { sockets: missing(error instanceof Error ? error.message : String(error)), notes: [] }
    }
  }
}

const createRoom = (): Room => ({ table: createSocketTable(), rates: createRateTable() })
