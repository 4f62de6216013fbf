/**
 * Who listens on a port or uses it, over every network namespace that may be seen: process, container, pod, workload.
 *
 * Sockets come from the kernel; where a namespace may not be entered, from the text files of a process in it. Names of pods
 * come from the kubelet's log folders, from `crictl` where that is there, else from the environment of the process.
 */
import { readdirSync, readlinkSync } from "node:fs"
import { findPortUsers, type PodName, type PortLookup, type PortUser } from "../../core/pods/port-users.ts"
import { workloadOf } from "../../core/pods/workload.ts"
import type { Cgroup } from "../../core/proc/cgroup.ts"
import { cgroupAt } from "../../core/proc/cgroup.ts"
import { hostnameIn } from "../../core/proc/hostname.ts"
import { findListeners } from "../../core/sample/listeners.ts"
import { type NetworkNamespace, parseNamespaceLink } from "../../core/sample/network-namespace.ts"
import { createSocketTable, keepRows, type SocketTable } from "../../core/sample/socket-table.ts"
import { KernelError } from "../kernel/netlink.ts"
import { appendPortSockets, type PortAsk } from "../kernel/port-sockets.ts"
import { UnitNames } from "../look/units.ts"
import { NamespaceList } from "../namespaces.ts"
import { Pace } from "../pace.ts"
import { OwnerSearch } from "../processes.ts"
import { errorCode, readText } from "../text-file.ts"
import { Crictl } from "./crictl.ts"
import { type KubeletNames, readKubeletNames } from "./kubelet-names.ts"
import { appendSocketsOfProcess } from "./process-sockets.ts"

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
}

/** A search for the holders of sockets ends after this long, and says that it did. */
const OWNER_BUDGET_MS = 5_000
/** More of an environment is not read. */
const ENVIRON_MAX = 262_144
/** So many processes of one namespace are asked for its container. */
const ASKED_MAX = 64

/** Throws nothing that a host can do: what cannot be seen is a note. */
export async function lookUpPort(port: number, options: LookupOptions = {}): Promise<PortLookup> {
  const { proc = "/proc" } = options
  const units = new UnitNames({ proc, ...(options.cgroups === undefined ? {} : { mounts: options.cgroups }) })
  const seen = readProcesses(proc)
  const namespaces = seen.problem === undefined ? listNamespaces(proc, units, options) : [HOST]
  const notes = [...hiddenNotes(seen, proc)]
  const table = createSocketTable(64)
  const pace = new Pace()
  for (const [index, namespace] of namespaces.entries()) {
    if (namespace === undefined) continue
    notes.push(...(await listInto(table, { port, namespace, index }, seen, options)))
    await pace.handBackWhenDue()
  }
  using search = new OwnerSearch(proc)
  const listeners = findListeners(table)
  const found = await search.find(table, listeners, { budgetMs: OWNER_BUDGET_MS, previous: undefined })
  await dropEnded(table, port, namespaces, seen, options)
  if (!found.isFinished) notes.push(`the search for processes was ended after ${OWNER_BUDGET_MS / 1000} s`)
  if (found.note !== undefined) notes.push(found.note)
  const { byCgroupId } = await units.look(table, found.owners)
  const places = new NamespacePlaces(seen, units)
  const cgroups = new Map<number, Cgroup | undefined>()
  const cgroupOf = (row: number) => {
    const pid = found.owners[table.owner[row]!]?.pid
    if (pid !== undefined && !cgroups.has(pid)) cgroups.set(pid, units.cgroupOf(pid))
    // The process before its socket: one that was handed over (systemd does so) keeps the cgroup of who opened it.
    const own = (pid === undefined ? undefined : cgroups.get(pid)) ?? byCgroupId.get(table.cgroupId[row]!)
    if (own?.unit !== undefined || pid !== undefined) return own === undefined ? {} : { cgroup: own }
    const inferred = places.cgroupOf(namespaces[table.namespace[row]!]?.id, table.namespace[row] === 0)
    return inferred === undefined
      ? own === undefined
        ? {}
        : { cgroup: own }
      : { cgroup: inferred, isCgroupInferred: true as const }
  }
  const users = findPortUsers(port, { table, owners: found.owners, namespaces, cgroupOf })
  const crictl = options.crictl ?? new Crictl()
  const kubelet = readKubeletNames(options.logs ?? "/var/log")
  const named: PortUser[] = []
  for (const user of users) named.push(await withNames(user, proc, kubelet, crictl))
  if (crictl.problem !== undefined) notes.push(crictl.problem)
  return {
    port,
    users: named,
    namespaceCount: namespaces.filter((namespace) => namespace !== undefined).length,
    notes: [...new Set(notes)],
    isComplete: notes.length === 0,
  }
}

const HOST: NetworkNamespace = { id: 0, name: "host" }

const listNamespaces = (proc: string, units: UnitNames, { boundFolders }: LookupOptions) =>
  new NamespaceList({
    proc,
    unitOf: (pid) => units.containerOf(pid),
    ...(boundFolders === undefined ? {} : { boundFolders }),
  }).look()

// ---- processes and namespaces --------------------------------------------------------------------------------------

interface Processes {
  /** By the inode of the network namespace, pids ascending. */
  readonly byNamespace: ReadonlyMap<number, readonly number[]>
  /** Processes that do not let us see their namespace. */
  readonly hiddenCount: number
  /** procfs shows process 1: it hides nobody. */
  readonly hasFirst: boolean
  readonly problem?: string
}

function readProcesses(proc: string): Processes {
  const byNamespace = new Map<number, number[]>()
  let hiddenCount = 0
  let pids: number[]
  try {
    pids = readdirSync(proc).map(Number)
  } catch (error) {
    return { byNamespace, hiddenCount, hasFirst: false, problem: errorCode(error) }
  }
  for (const pid of pids.filter((each) => each > 0).sort((a, b) => a - b)) {
    try {
      const id = parseNamespaceLink(readlinkSync(`${proc}/${pid}/ns/net`))
      if (id !== undefined) byNamespace.set(id, [...(byNamespace.get(id) ?? []), pid])
    } catch (error) {
      if (["EACCES", "EPERM"].includes(errorCode(error))) hiddenCount++
    }
  }
  return { byNamespace, hiddenCount, hasFirst: pids.includes(1) }
}

function hiddenNotes({ hiddenCount, hasFirst, problem }: Processes, proc: string): readonly string[] {
  if (problem !== undefined) return [`cannot list ${proc} (${problem}): no process is known. Is procfs mounted?`]
  if (!hasFirst)
    return [
      "procfs hides the processes of other users, and their network namespaces with them: more may use the port. Run with sudo",
    ]
  if (hiddenCount === 0) return []
  const processes = hiddenCount === 1 ? "1 process hides its" : `${hiddenCount} processes hide their`
  return [`${processes} network namespace: more may use the port. Seeing it needs root with CAP_SYS_PTRACE`]
}

/** What the processes of a namespace tell of sockets that nobody is known to hold. */
class NamespacePlaces {
  private readonly known = new Map<number, Cgroup | undefined>()

  constructor(
    private readonly seen: Processes,
    private readonly units: UnitNames,
  ) {}

  /** The container or pod that all of its processes are in; nothing for the host's own namespace. */
  cgroupOf(id: number | undefined, isHost: boolean): Cgroup | undefined {
    if (id === undefined || isHost) return undefined
    if (!this.known.has(id)) this.known.set(id, this.find(id))
    return this.known.get(id)
  }

  private find(id: number): Cgroup | undefined {
    const pids = (this.seen.byNamespace.get(id) ?? []).slice(0, ASKED_MAX)
    const cgroups = pids.map((pid) => this.units.cgroupOf(pid))
    const [first] = cgroups
    if (first?.container === undefined) return undefined
    if (cgroups.every((cgroup) => cgroup?.container?.id === first.container?.id)) return first
    const { podUid } = first.container
    // Containers of one pod share its namespace: then it is the pod that is known.
    if (podUid === undefined || !cgroups.every((cgroup) => cgroup?.container?.podUid === podUid)) return undefined
    return cgroupAt(first.path.slice(0, first.path.lastIndexOf("/")))
  }
}

// ---- sockets -------------------------------------------------------------------------------------------------------

/** By the kernel; where the namespace may not be entered, by a process in it. Answers what is missing. */
async function listInto(
  table: SocketTable,
  ask: PortAsk,
  seen: Processes,
  { proc = "/proc", listSockets = appendPortSockets }: LookupOptions,
): Promise<readonly string[]> {
  const before = table.length
  const named = (text: string) => (ask.index === 0 ? text : `${ask.namespace.name}: ${text}`)
  try {
    return (await listSockets(table, ask)).map(named)
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    table.length = before
    const pids = ask.index === 0 ? ["self"] : (seen.byNamespace.get(ask.namespace.id) ?? []).slice(0, 3)
    if (pids.some((pid) => appendSocketsOfProcess(table, ask, `${proc}/${pid}`))) return []
    // A namespace that has gone meanwhile has no sockets.
    return ask.index > 0 && pids.length === 0 ? [] : [named(error.message)]
  }
}

/** A connection that ended while its process was looked for would be shown as somebody who hides. */
async function dropEnded(
  table: SocketTable,
  port: number,
  namespaces: readonly (NetworkNamespace | undefined)[],
  seen: Processes,
  options: LookupOptions,
): Promise<void> {
  const isUnknown = (row: number) => table.owner[row]! < 0 && table.inode[row] !== 0
  const rows = Int32Array.from({ length: table.length }, (_, row) => row)
  const places = new Set([...rows.filter(isUnknown)].map((row) => table.namespace[row]!))
  if (places.size === 0) return
  const now = createSocketTable(64)
  for (const index of places) await listInto(now, { port, namespace: namespaces[index]!, index }, seen, options)
  const there = new Set(now.inode.subarray(0, now.length))
  keepRows(
    table,
    rows.filter((row) => !isUnknown(row) || there.has(table.inode[row]!)),
  )
}

// ---- names ---------------------------------------------------------------------------------------------------------

async function withNames(user: PortUser, proc: string, kubelet: KubeletNames, crictl: Crictl): Promise<PortUser> {
  const container = user.cgroup?.container
  if (container === undefined) return user
  const { id, podUid } = container
  const logged = id === undefined ? undefined : kubelet.byContainer.get(id)
  const folder = podUid === undefined ? undefined : kubelet.byUid.get(podUid)
  const isOfPod = podUid !== undefined || logged !== undefined || ["cri-containerd", "crio"].includes(container.engine)
  if (!isOfPod) return user
  const asked = id === undefined ? undefined : await crictl.inspect(id)
  const uid = podUid ?? asked?.container.podUid
  const names: PodName =
    chosen("kubelet", logged?.pod ?? folder?.pod, logged?.namespace ?? folder?.namespace) ??
    chosen(
      "crictl",
      asked?.container.podName ?? asked?.pod?.name,
      asked?.container.podNamespace ?? asked?.pod?.namespace,
    ) ??
    chosen("hostname", podUid === undefined ? undefined : readHostname(user, proc), undefined) ??
    {}
  const pod: PodName = { ...(uid === undefined ? {} : { uid }), ...names }
  const containerName = logged?.container ?? asked?.container.containerName
  const workload =
    pod.name === undefined
      ? undefined
      : workloadOf({
          name: pod.name,
          ...(asked?.pod === undefined ? {} : { labels: asked.pod.labels, annotations: asked.pod.annotations }),
        })
  return {
    ...user,
    ...(uid === undefined && pod.name === undefined ? {} : { pod }),
    ...(containerName === undefined ? {} : { containerName }),
    ...(workload === undefined ? {} : { workload }),
  }
}

function chosen(
  source: NonNullable<PodName["source"]>,
  name: string | undefined,
  namespace: string | undefined,
): PodName | undefined {
  return name === undefined ? undefined : { name, source, ...(namespace === undefined ? {} : { namespace }) }
}

/** A pod on the host's network has the host's name, which says nothing. */
function readHostname({ process: owner }: PortUser, proc: string): string | undefined {
  if (owner === undefined) return undefined
  try {
    const name = hostnameIn(readText(`${proc}/${owner.pid}/environ`, ENVIRON_MAX).text)
    return name === readText(`${proc}/sys/kernel/hostname`).text.trim() ? undefined : name
  } catch {
    // Its environment is not ours to read.
    return undefined
  }
}
