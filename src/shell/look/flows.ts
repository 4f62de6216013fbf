/** The flows of a look: read as its pace allows, in every namespace, or kept from an earlier look. */
import { type AddressSet, createAddressSet } from "../../core/sample/address-column.ts"
import { createFlowIndex } from "../../core/sample/flow-link.ts"
import { type FlowPace, initialPace } from "../../core/sample/flow-pace.ts"
import { createFlowTable } from "../../core/sample/flow-table.ts"
import { type Flows, type FlowsSeen, NOT_LOADED } from "../../core/sample/flows.ts"
import type { FlowRowsInput } from "../../core/sample/nat.ts"
import type { NetworkNamespace } from "../../core/sample/network-namespace.ts"
import type { Note } from "../../core/sample/sample.ts"
import { IPPROTO_UDP, type SocketTable } from "../../core/sample/socket-table.ts"
import { openConntrack, readAccounting, readConntrackCount } from "../kernel/conntrack.ts"
import { type FlowPlace, lookAtFlows } from "../kernel/flow-look.ts"
import { listLocalAddresses } from "../kernel/links.ts"
import { readTextIn } from "../kernel/network-namespaces.ts"
import type { NamespacesListing } from "../kernel/sockets.ts"

export interface FlowSourceOptions {
  readonly monotonicMs: () => number
  /** How often the program looks, and which part of a core reading flows may take. */
  readonly intervalMs: number
  readonly share: number
}

/** What is known of a namespace from an earlier look is good for this long. */
const KNOWN_MS = 10_000
/** As many reasons are told as fit a screen. */
const NOTES_MAX = 3

type Slots = readonly (NetworkNamespace | undefined)[]

/** Two rooms take turns: the reading that is shown is never written to. */
export class FlowSource {
  private readonly rooms = [createRoom(), createRoom()] as const
  private pace: FlowPace = initialPace
  /** By id of the namespace. */
  private readonly emptied = new Map<number, Known<string | undefined>>()
  private readonly addresses = new Map<number, Known<AddressSet>>()

  constructor(private readonly options: FlowSourceOptions) {}

  /** `shown` is what the look before saw. */
  async read(slots: Slots, shown: FlowsSeen | undefined): Promise<FlowsSeen> {
    const nowMs = this.options.monotonicMs()
    const room = this.rooms[0].table === shown?.now.table ? this.rooms[1] : this.rooms[0]
    const places = slots.flatMap((namespace, index) =>
      namespace === undefined ? [] : [this.placeOf(namespace, index, nowMs)],
    )
    const { intervalMs, share } = this.options
    const look = await lookAtFlows(places, room, shown?.now, this.pace, { nowMs, intervalMs, share })
    this.pace = look.pace
    if (look.kind === "kept") {
      // There is nothing to keep before the first reading, which is never put off.
      if (shown === undefined) throw new Error("the first reading of flows was put off")
      return { ...shown, isKept: true, stretched: look.stretched }
    }
    this.remember(slots, places, look.flows, nowMs)
    return {
      now: look.flows,
      ...(shown !== undefined && { before: shown.now }),
      isKept: false,
      ...(look.stretched !== undefined && { stretched: look.stretched }),
    }
  }

  /** What `appendFlowRows` needs of each namespace that has flows; `rows` are those of the sockets. */
  async namespaces(
    slots: Slots,
    { now }: FlowsSeen,
    rows: NamespacesListing["rows"],
  ): Promise<FlowRowsInput["namespaces"]> {
    const found: FlowRowsInput["namespaces"][number][] = []
    for (const [index, flows] of now.namespaces.entries()) {
      const namespace = slots[index]
      if (flows === undefined || namespace === undefined || flows.rows.from === flows.rows.to) continue
      found.push({ addresses: await this.addressesOf(namespace), sockets: rows[index]!, flows: flows.rows })
    }
    return found
  }

  private placeOf(namespace: NetworkNamespace, index: number, nowMs: number): FlowPlace {
    const readText = (path: string) => textIn(namespace, path)
    const empty = this.emptied.get(namespace.id)
    return {
      index,
      count: readConntrackCount(readText),
      accounting: () => readAccounting(readText),
      open: () => openConntrack(placeOf(namespace)),
      ...(empty !== undefined && nowMs - empty.atMs < KNOWN_MS && { whenEmpty: { reason: empty.value } }),
    }
  }

  private remember(slots: Slots, places: readonly FlowPlace[], { namespaces }: Flows, nowMs: number): void {
    for (const { index, count, whenEmpty } of places) {
      const id = slots[index]!.id
      if (count !== 0) this.emptied.delete(id)
      else if (whenEmpty === undefined) this.emptied.set(id, { atMs: nowMs, value: namespaces[index]?.withoutBytes })
    }
    const there = new Set(slots.map((namespace) => namespace?.id))
    for (const known of [this.emptied, this.addresses])
      for (const id of known.keys()) if (!there.has(id)) known.delete(id)
  }

  private async addressesOf(namespace: NetworkNamespace): Promise<AddressSet> {
    const nowMs = this.options.monotonicMs()
    const known = this.addresses.get(namespace.id)
    if (known !== undefined && nowMs - known.atMs < KNOWN_MS) return known.value
    try {
      const value = createAddressSet(await listLocalAddresses(placeOf(namespace)))
      this.addresses.set(namespace.id, { atMs: nowMs, value })
      return value
    } catch {
      // It went meanwhile: its flows are those of strangers.
      return known?.value ?? createAddressSet([])
    }
  }
}

interface Known<T> {
  readonly atMs: number
  readonly value: T
}

const createRoom = () => ({ table: createFlowTable(), index: createFlowIndex() })

const placeOf = ({ path, id }: NetworkNamespace) => (path === undefined ? undefined : { path, inode: id })

function textIn(namespace: NetworkNamespace, path: string): string | undefined {
  try {
    return readTextIn(namespace, path)
  } catch {
    return undefined
  }
}

/**
 * What an operator should know: that flows are read in part, that they may not be read, and why rows have no bytes.
 * A namespace without connection tracking is worth a word only where it has UDP, whose bytes nothing else tells.
 */
export function flowNotes({ now, stretched }: FlowsSeen, slots: Slots, table: SocketTable): readonly Note[] {
  const withUdp = connectedUdp(table)
  const reasons = now.namespaces.flatMap((flows, index): Note[] => {
    const reason = flows?.withoutBytes
    const namespace = slots[index]
    if (flows === undefined || reason === undefined || namespace === undefined) return []
    const isRefused = !flows.isComplete && reason !== NOT_LOADED
    const isMissed = flows.rows.to > flows.rows.from || withUdp.has(index)
    if (!isRefused && !isMissed) return []
    return [{ source: "conntrack", text: index === 0 ? reason : `${namespace.name}: ${reason}` }]
  })
  const more = reasons.length - NOTES_MAX
  return [
    ...(stretched === undefined ? [] : [{ source: "flows", text: stretched }]),
    ...reasons.slice(0, NOTES_MAX),
    ...(more > 0 ? [{ source: "conntrack", text: `and in ${more} more namespaces` }] : []),
  ]
}

/** Indexes of namespaces that have UDP sockets with a peer. */
function connectedUdp({ protocol, remotePort, namespace, length }: SocketTable): ReadonlySet<number> {
  const found = new Set<number>()
  for (let row = 0; row < length; row++)
    if (protocol[row] === IPPROTO_UDP && remotePort[row] !== 0) found.add(namespace[row]!)
  return found
}
