/**
 * Who listens on a port or uses it, over every network namespace that may be seen: process, container, pod, workload.
 *
 * Sockets come from the kernel; where a namespace may not be entered, from the text files of a process in it. A port that
 * this host translates leads to the one that listens behind it.
 */
import { byRelevance, findPortUsers, type PortLookup, type PortUser } from "../../core/pods/port-users.ts"
import type { Cgroup } from "../../core/proc/cgroup.ts"
import { findListeners } from "../../core/sample/listeners.ts"
import type { NetworkNamespace } from "../../core/sample/network-namespace.ts"
import type { PublishedEnd } from "../../core/sample/published.ts"
import { createSocketTable, keepRows, type SocketTable } from "../../core/sample/socket-table.ts"
import { KernelError } from "../kernel/netlink.ts"
import { appendPortSockets, type PortAsk } from "../kernel/port-sockets.ts"
import { findPublishedEnds, namespaceOfAddress } from "../kernel/published.ts"
import { UnitNames } from "../look/units.ts"
import { NamespaceList } from "../namespaces.ts"
import { Pace } from "../pace.ts"
import { OwnerSearch } from "../processes.ts"
import { Crictl } from "./crictl.ts"
import { readKubeletNames } from "./kubelet-names.ts"
import { withNames } from "./names.ts"
import { appendSocketsOfProcess } from "./process-sockets.ts"
import { hiddenNotes, NamespacePlaces, readProcesses } from "./seen-processes.ts"

export interface LookupOptions {
  readonly proc?: string
  /** Where namespaces are bound to names. */
  readonly boundFolders?: readonly string[]
  /** Where cgroup v2 may be mounted. */
  readonly cgroups?: readonly string[]
  /** Where the kubelet keeps its `pods` and `containers`. */
  readonly logs?: string
  readonly crictl?: Crictl
  readonly listSockets?: (table: SocketTable, ask: PortAsk) => Promise<readonly string[]>
  /** The search through namespaces ends after this long. */
  readonly listMs?: number
  readonly listPublished?: (port: number) => Promise<readonly PublishedEnd[]>
}

/** The search through namespaces, and that for the holders of sockets, end after this long and say that they did. */
const LIST_MS = 10_000
const OWNER_BUDGET_MS = 5_000

/** Throws nothing that a host can do: what cannot be seen is a note. */
export async function lookUpPort(port: number, options: LookupOptions = {}): Promise<PortLookup> {
  const lookup = new Lookup(options)
  const direct = await lookup.usersOf(port)
  const users = [...direct, ...(await lookup.publishedUsersOf(port))].toSorted(byRelevance)
  const crictl = options.crictl ?? new Crictl()
  const kubelet = readKubeletNames(options.logs ?? "/var/log")
  const named: PortUser[] = []
  for (const user of users) named.push(await withNames(user, lookup.proc, kubelet, crictl))
  const notes = [...lookup.hidden, ...lookup.notes, ...(crictl.problem === undefined ? [] : [crictl.problem])]
  return {
    port,
    users: named,
    namespaceCount: lookup.namespaces.filter((namespace) => namespace !== undefined).length,
    notes: [...new Set(notes)],
    isComplete: lookup.hidden.length === 0,
  }
}

const HOST: NetworkNamespace = { id: 0, name: "host" }

/** The host as it is seen during one lookup. */
class Lookup {
  readonly proc: string
  /** By index, as rows carry it. */
  readonly namespaces: readonly (NetworkNamespace | undefined)[]
  /** Why somebody who uses the port may not be seen. */
  readonly hidden: string[]
  /** Why somebody has no name. */
  readonly notes: string[] = []
  private readonly units: UnitNames
  private readonly seen: ReturnType<typeof readProcesses>
  private readonly places: NamespacePlaces
  private readonly cgroups = new Map<number, Cgroup | undefined>()

  constructor(private readonly options: LookupOptions) {
    const { proc = "/proc", cgroups, boundFolders } = options
    this.proc = proc
    this.units = new UnitNames({ proc, ...(cgroups === undefined ? {} : { mounts: cgroups }) })
    this.seen = readProcesses(proc)
    this.places = new NamespacePlaces(this.seen, this.units)
    this.hidden = [...hiddenNotes(this.seen, proc)]
    const list = new NamespaceList({
      proc,
      unitOf: (pid) => this.units.containerOf(pid),
      ...(boundFolders === undefined ? {} : { boundFolders }),
    })
    this.namespaces = this.seen.problem === undefined ? list.look() : [HOST]
  }

  /** Of all namespaces, or of those with these indices. */
  async usersOf(port: number, among: Iterable<number> = this.namespaces.keys()): Promise<readonly PortUser[]> {
    const table = createSocketTable(64)
    await this.list(table, port, among)
    using search = new OwnerSearch(this.proc)
    const found = await search.find(table, findListeners(table), { budgetMs: OWNER_BUDGET_MS, previous: undefined })
    const isSomebodyUnknown = await this.dropEnded(table, port)
    if (!found.isFinished) this.notes.push(`the search for processes was ended after ${OWNER_BUDGET_MS / 1000} s`)
    if (found.note !== undefined && isSomebodyUnknown) this.notes.push(found.note)
    const { owners } = found
    const { byCgroupId } = await this.units.look(table, owners)
    const cgroupOf = (row: number) => {
      const pid = owners[table.owner[row]!]?.pid
      return this.cgroupOf(pid, byCgroupId.get(table.cgroupId[row]!), table.namespace[row]!)
    }
    return findPortUsers(port, { table, owners, namespaces: this.namespaces, cgroupOf })
  }

  /** Whoever listens where this host sends what comes for the port. */
  async publishedUsersOf(port: number): Promise<readonly PortUser[]> {
    const { listPublished = findPublishedEnds } = this.options
    const users: PortUser[] = []
    for (const end of await listPublished(port)) {
      const index = await namespaceOfAddress(end.address, this.namespaces)
      const { protocol, connectionCount } = end
      const published = { address: end.address, port: end.port }
      const behind = index === undefined ? [] : await this.usersOf(end.port, [index])
      const listening = behind.filter((user) => user.match === "listens" && user.protocol === protocol)
      users.push(
        ...listening.map((user): PortUser => ({ ...user, match: "published", published, connectionCount, states: [] })),
        ...(listening.length > 0 ? [] : [nobodyAt(end, index === undefined ? undefined : this.namespaces[index])]),
      )
    }
    return users
  }

  /**
   * The process's before the socket's: one that was handed over (systemd does so) keeps the cgroup of who opened it. Where
   * neither is known, that of the others in the namespace.
   */
  private cgroupOf(
    pid: number | undefined,
    bySocket: Cgroup | undefined,
    index: number,
  ): Pick<PortUser, "cgroup" | "isCgroupInferred"> {
    if (pid !== undefined && !this.cgroups.has(pid)) this.cgroups.set(pid, this.units.cgroupOf(pid))
    const own = (pid === undefined ? undefined : this.cgroups.get(pid)) ?? bySocket
    const isTold = own?.unit !== undefined || pid !== undefined
    const inferred = isTold ? undefined : this.places.cgroupOf(this.namespaces[index]?.id, index === 0)
    if (inferred !== undefined) return { cgroup: inferred, isCgroupInferred: true }
    return own === undefined ? {} : { cgroup: own }
  }

  private async list(table: SocketTable, port: number, among: Iterable<number>): Promise<void> {
    const { listMs = LIST_MS } = this.options
    const pace = new Pace()
    const began = performance.now()
    const wanted = [...among].filter((index) => this.namespaces[index] !== undefined)
    for (const [at, index] of wanted.entries()) {
      const namespace = this.namespaces[index]!
      if (at > 0 && performance.now() - began > listMs) {
        this.hidden.push(
          `only ${at} of ${wanted.length} network namespaces were looked into: there was no time for more`,
        )
        break
      }
      this.hidden.push(...(await this.listOne(table, { port, namespace, index })))
      await pace.handBackWhenDue()
    }
  }

  /** By the kernel; where the namespace may not be entered, by a process in it. Answers what is missing. */
  private async listOne(table: SocketTable, ask: PortAsk): Promise<readonly string[]> {
    const { listSockets = appendPortSockets } = this.options
    const before = table.length
    const named = (text: string) => (ask.index === 0 ? text : `${ask.namespace.name}: ${text}`)
    try {
      return (await listSockets(table, ask)).map(named)
    } catch (error) {
      if (!(error instanceof KernelError)) throw error
      table.length = before
      const pids = ask.index === 0 ? ["self"] : (this.seen.byNamespace.get(ask.namespace.id) ?? []).slice(0, 3)
      if (pids.some((pid) => appendSocketsOfProcess(table, ask, `${this.proc}/${pid}`))) return []
      // A namespace that has gone meanwhile has no sockets.
      return ask.index > 0 && pids.length === 0 ? [] : [named(error.message)]
    }
  }

  /**
   * A connection that ended while its process was looked for would be shown as somebody who hides. Answers whether there
   * are others whose process is not known.
   */
  private async dropEnded(table: SocketTable, port: number): Promise<boolean> {
    const isUnknown = (row: number) => table.owner[row]! < 0 && table.inode[row] !== 0
    const rows = Int32Array.from({ length: table.length }, (_, row) => row)
    const unknown = rows.filter(isUnknown)
    if (unknown.length === 0) return false
    const now = createSocketTable(64)
    await this.list(now, port, new Set([...unknown].map((row) => table.namespace[row]!)))
    const there = new Set(now.inode.subarray(0, now.length))
    keepRows(
      table,
      rows.filter((row) => !isUnknown(row) || there.has(table.inode[row]!)),
    )
    return unknown.some((row) => there.has(table.inode[row]!))
  }
}

const nobodyAt = (end: PublishedEnd, namespace: NetworkNamespace | undefined): PortUser => ({
  match: "published",
  protocol: end.protocol,
  netns: { id: namespace?.id ?? 0, name: namespace?.name ?? "" },
  published: { address: end.address, port: end.port },
  ends: [],
  endCount: 0,
  listenerCount: 0,
  connectionCount: end.connectionCount,
  states: [],
})
