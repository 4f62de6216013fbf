/** Which process is in which network namespace, how many do not show it, and what the others tell of their namespace. */
import { readdirSync, readlinkSync } from "node:fs"
import { type Cgroup, cgroupAt } from "../../core/proc/cgroup.ts"
import { parseNamespaceLink } from "../../core/sample/network-namespace.ts"
import type { UnitNames } from "../look/units.ts"
import { missingRight, nameProcesses } from "../refusing-processes.ts"
import { errorCode } from "../text-file.ts"

/** So many processes of one namespace are asked for its container. */
const ASKED_MAX = 64

export interface Processes {
  /** By the inode of the network namespace, pids ascending. */
  readonly byNamespace: ReadonlyMap<number, readonly number[]>
  /** Pids of processes that do not let us see their namespace. */
  readonly hidden: readonly number[]
  /** procfs shows process 1: it hides nobody. */
  readonly hasFirst: boolean
  readonly problem?: string
}

export function readProcesses(proc: string): Processes {
  const byNamespace = new Map<number, number[]>()
  const hidden: number[] = []
  let pids: number[]
  try {
    pids = readdirSync(proc).map(Number)
  } catch (error) {
    return { byNamespace, hidden, hasFirst: false, problem: errorCode(error) }
  }
  for (const pid of pids.filter((each) => each > 0).sort((a, b) => a - b)) {
    try {
      const id = parseNamespaceLink(readlinkSync(`${proc}/${pid}/ns/net`))
      if (id !== undefined) byNamespace.set(id, [...(byNamespace.get(id) ?? []), pid])
    } catch (error) {
      if (["EACCES", "EPERM"].includes(errorCode(error))) hidden.push(pid)
    }
  }
  return { byNamespace, hidden, hasFirst: pids.includes(1) }
}

export function hiddenNotes({ hidden, hasFirst, problem }: Processes, proc: string): readonly string[] {
  if (problem !== undefined) return [`cannot list ${proc} (${problem}): no process is known. Is procfs mounted?`]
  if (!hasFirst)
    return [
      "procfs hides the processes of other users, and their network namespaces with them: more may use the port. Run with sudo",
    ]
  if (hidden.length === 0) return []
  const right = missingRight(proc)
  if (right === undefined) {
    const verb = hidden.length === 1 ? "hides its" : "hide their"
    return [`${nameProcesses(proc, hidden)} ${verb} network namespace, even from CAP_SYS_PTRACE: more may use the port`]
  }
  const processes = hidden.length === 1 ? "1 process hides its" : `${hidden.length} processes hide their`
  return [`${processes} network namespace: more may use the port. Seeing it needs ${right}`]
}

/** What the processes of a namespace tell of sockets that nobody is known to hold. */
export class NamespacePlaces {
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
