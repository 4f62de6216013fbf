/**
 * The network namespaces that this program may look into, look after look.
 *
 * A namespace keeps its index for as long as it is there, so that rows of two looks can be compared; index 0 is the one
 * we were started in.
 */
import { type NamespaceSighting, type NetworkNamespace, nameNamespace } from "../core/sample/network-namespace.ts"
import { listBoundNamespaces, namespaceIdAt, ownNamespaceId, ProcessNamespaces } from "./kernel/network-namespaces.ts"

/** More namespaces than this are not looked into. */
export const NAMESPACES_MAX = 4_096

export interface NamespaceListOptions {
  /** The container, pod or unit of a process, when it is known. */
  readonly unitOf?: (pid: number) => string | undefined
  readonly proc?: string
  readonly boundFolders?: readonly string[]
}

export class NamespaceList {
  private readonly host: NetworkNamespace = { id: ownNamespaceId(), name: "host" }
  private readonly processes: ProcessNamespaces
  private slots: (NetworkNamespace | undefined)[] = [this.host]
  /** Beside `slots`: how many looks ago it went. */
  private readonly absentFor = [0]

  constructor(private readonly options: NamespaceListOptions = {}) {
    this.processes = new ProcessNamespaces(options.proc)
  }

  /** By index; `undefined`: the namespace that had this index is gone. What is new or gone shows within two looks. */
  look(): readonly (NetworkNamespace | undefined)[] {
    const found = new Map<number, NamespaceSighting>()
    for (const sighting of this.sightings(false)) {
      const known = found.get(sighting.id)
      if (known === undefined) found.set(sighting.id, sighting)
      else if (known.pid === undefined && sighting.pid !== undefined)
        found.set(sighting.id, { ...known, pid: sighting.pid })
    }
    found.delete(this.host.id)
    const slots = this.slots.map((slot, index) => (index === 0 ? this.host : this.renew(slot, found)))
    for (const [index, slot] of slots.entries())
      this.absentFor[index] = slot === undefined ? this.absentFor[index]! + 1 : 0
    for (const sighting of found.values()) {
      const index = this.freeIndex(slots)
      if (index >= NAMESPACES_MAX) break
      slots[index] = this.made(sighting)
      this.absentFor[index] = 0
    }
    this.slots = slots
    return slots
  }

  /** A file that leads to the namespace now, asked afresh; `undefined`: it has neither a name nor a process. */
  pathOf(id: number): string | undefined {
    for (const sighting of this.sightings(true)) if (sighting.id === id) return sighting.path
    return undefined
  }

  /** Bound names first: they outlive processes. */
  private *sightings(isFresh: boolean): Generator<NamespaceSighting> {
    yield* listBoundNamespaces(this.options.boundFolders)
    const proc = this.options.proc ?? "/proc"
    for (const [pid, id] of this.processes.look(isFresh)) yield { id, pid, path: `${proc}/${pid}/ns/net` }
  }

  private renew(
    slot: NetworkNamespace | undefined,
    found: Map<number, NamespaceSighting>,
  ): NetworkNamespace | undefined {
    const sighting = slot === undefined ? undefined : found.get(slot.id)
    if (slot === undefined || sighting === undefined) return undefined
    found.delete(slot.id)
    const now = this.made(sighting)
    // The path that led in last time does so again, unless it is gone: no need to change a process that stands for it.
    const path = slot.path !== undefined && namespaceIdAt(slot.path) === slot.id ? slot.path : now.path
    return slot.name === now.name && slot.path === path ? slot : { ...now, ...(path === undefined ? {} : { path }) }
  }

  private made(sighting: NamespaceSighting): NetworkNamespace {
    const name = nameNamespace(sighting, this.options.unitOf ?? (() => undefined))
    return { id: sighting.id, name, path: sighting.path }
  }

  /** An index is given again only when two looks have passed since, and no row carries it any more. */
  private freeIndex(slots: readonly (NetworkNamespace | undefined)[]): number {
    const index = slots.findIndex((slot, i) => slot === undefined && this.absentFor[i]! > 2)
    return index < 0 ? slots.length : index
  }
}
