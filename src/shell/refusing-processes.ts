/**
 * Processes that do not let us read what they hold.
 *
 * Mostly for want of privileges, and then root is the cure. But a sandbox, a security module or an outer user namespace
 * keeps a process even from root with CAP_SYS_PTRACE: then no privilege is to be asked for, and the process is named.
 */
import { readFileSync } from "node:fs"
import { hasTraceCapability, mapsEveryUser } from "../core/proc/capabilities.ts"
import { readProcessStat } from "./process-identity.ts"

/** Those that refused when they were last asked. */
export class RefusingProcesses {
  private readonly pids = new Set<number>()

  /** `root` is where procfs is mounted. */
  constructor(private readonly root: string) {}

  note(pid: number, isRefusing: boolean): void {
    if (isRefusing) this.pids.add(pid)
    else this.pids.delete(pid)
  }

  /** Forgets those that have ended. `listed`: every pid there is, ascending. */
  keepOnly(listed: readonly number[]): void {
    if (this.pids.size === 0) return
    const alive = new Set(listed)
    for (const pid of this.pids) if (!alive.has(pid)) this.pids.delete(pid)
  }

  /** Why names are missing, when somebody refuses. */
  get reason(): string | undefined {
    if (this.pids.size === 0) return undefined
    const right = missingRight(this.root)
    return right === undefined
      ? `${nameProcesses(this.root, this.pids)} may not be read, not even with CAP_SYS_PTRACE`
      : `reading every process needs ${right}`
  }
}

/** What we lack for reading other users' processes; nothing when we may read whatever the kernel lets anybody read. */
export function missingRight(root: string): string | undefined {
  // Root is not always enough: a container's root without the capability may not read descriptors of others.
  const usual = "root with CAP_SYS_PTRACE"
  try {
    if (!hasTraceCapability(readFileSync(`${root}/self/status`, "utf8"))) return usual
    return mapsEveryUser(readFileSync(`${root}/self/uid_map`, "utf8")) ? undefined : "root outside this user namespace"
  } catch {
    // Nothing is known of our rights: the usual reason is the better guess.
    return usual
  }
}

/** `process 1 (systemd) and 3 others`: the first of at least one. */
export function nameProcesses(root: string, pids: Iterable<number>): string {
  const [first = 0, ...others] = [...pids].sort((a, b) => a - b)
  const name = readProcessStat(root, first)?.name
  const named = name === undefined ? `process ${first}` : `process ${first} (${name})`
  if (others.length === 0) return named
  return `${named} and ${others.length} ${others.length === 1 ? "other" : "others"}`
}
