/** Which unit, container or pod a socket belongs to. */
import type { Cgroup } from "../proc/cgroup.ts"

export interface Units {
  /** By the cgroup id that the kernel gives with a socket: the inode of a cgroup v2 directory. */
  readonly byCgroupId: ReadonlyMap<number, Cgroup>
  /** By pid, where the id says nothing: cgroup v1, and hosts that have both. */
  readonly byPid: ReadonlyMap<number, Cgroup>
}
