/**
 * Which unit, container or pod a socket belongs to.
 *
 * The kernel gives the id of a cgroup with each socket: the inode of its directory in cgroup v2. Directories are walked
 * once, and again when an id comes that is not among them. Where the id leads to the root or nowhere (cgroup v1, hosts
 * that have both) the socket's process is asked.
 */
import { existsSync, readdirSync, statSync } from "node:fs"
import { type Cgroup, cgroupAt, parseProcessCgroup } from "../../core/proc/cgroup.ts"
import type { Owner } from "../../core/sample/owners.ts"
import type { SocketTable } from "../../core/sample/socket-table.ts"
import type { Units } from "../../core/sample/units.ts"
import { Pace } from "../pace.ts"
import { readText } from "../text-file.ts"

/** More directories than this are not walked. */
const FOLDERS_MAX = 32_768
/** More processes than this are not asked in one look. */
const ASKED_MAX = 1_024
/** Ids that no directory has are remembered, up to this many: their cgroups are gone. */
const LOST_MAX = 65_536

export interface UnitNamesOptions {
  readonly proc?: string
  /**
   * Where cgroup v2 may be mounted, the likeliest first. Through process 1, since a program that was started inside a
   * network namespace by `ip netns exec` has another /sys.
   */
  readonly mounts?: readonly string[]
}

const SYSTEM = "/sys/fs/cgroup"
const OF_PROCESS_1 = `/proc/1/root${SYSTEM}`
const MOUNTS = [OF_PROCESS_1, `${OF_PROCESS_1}/unified`, SYSTEM, `${SYSTEM}/unified`]

export class UnitNames {
  private readonly proc: string
  private readonly mounts: readonly string[]
  private byCgroupId: ReadonlyMap<number, Cgroup> = new Map()
  private readonly lost = new Set<number>()
  private readonly processes = new Map<number, { readonly startTime: number; readonly cgroup: Cgroup | undefined }>()

  constructor({ proc = "/proc", mounts = MOUNTS }: UnitNamesOptions = {}) {
    this.proc = proc
    this.mounts = mounts
  }

  /** Names for the rows of `table`. What cannot be read has no name. */
  async look(table: SocketTable, owners: readonly Owner[]): Promise<Units> {
    if (this.hasUnknownId(table)) await this.walk(table)
    return { byCgroupId: this.byCgroupId, byPid: this.askProcesses(table, owners) }
  }

  /** The container or pod of one process, asked now. */
  containerOf(pid: number): string | undefined {
    const cgroup = this.cgroupOf(pid)
    return cgroup?.container === undefined ? undefined : cgroup.unit
  }

  private hasUnknownId({ cgroupId, length }: SocketTable): boolean {
    let last = 0
    for (let row = 0; row < length; row++) {
      const id = cgroupId[row]!
      // Sockets of one program often stand in a row.
      if (id === last || id === 0) continue
      if (!this.byCgroupId.has(id) && !this.lost.has(id)) return true
      last = id
    }
    return false
  }

  private async walk({ cgroupId, length }: SocketTable): Promise<void> {
    const root = this.mounts.find((mount) => isCgroup2(mount))
    const found = new Map<number, Cgroup>()
    if (root !== undefined) await walkFolders(root, found)
    this.byCgroupId = found
    if (this.lost.size > LOST_MAX) this.lost.clear()
    for (let row = 0; row < length; row++) {
      const id = cgroupId[row]!
      if (id !== 0 && !found.has(id)) this.lost.add(id)
    }
  }

  /** The processes of rows that their id does not name. */
  private askProcesses(table: SocketTable, owners: readonly Owner[]): ReadonlyMap<number, Cgroup> {
    const wanted = new Uint8Array(owners.length)
    const { owner, cgroupId } = table
    let last = 0
    let isNamed = false
    for (let row = 0; row < table.length; row++) {
      if (cgroupId[row] !== last || row === 0) {
        last = cgroupId[row]!
        isNamed = this.byCgroupId.get(last)?.unit !== undefined
      }
      if (!isNamed && owner[row]! >= 0) wanted[owner[row]!] = 1
    }
    const named = new Map<number, Cgroup>()
    const seen = new Set<number>()
    let askedCount = 0
    for (const [number, { pid, startTime }] of owners.entries()) {
      if (wanted[number] === 0) continue
      seen.add(pid)
      let known = this.processes.get(pid)
      if (known?.startTime !== startTime) {
        if (askedCount++ >= ASKED_MAX) continue
        known = { startTime, cgroup: this.cgroupOf(pid) }
        this.processes.set(pid, known)
      }
      if (known.cgroup !== undefined) named.set(pid, known.cgroup)
    }
    for (const pid of this.processes.keys()) if (!seen.has(pid)) this.processes.delete(pid)
    return named
  }

  /** The cgroup of one process, asked now. */
  cgroupOf(pid: number): Cgroup | undefined {
    try {
      return parseProcessCgroup(readText(`${this.proc}/${pid}/cgroup`).text)
    } catch {
      // It has ended, or is not ours to read.
      return undefined
    }
  }
}

/** Only cgroup v2 has this file in its root. */
const isCgroup2 = (folder: string): boolean => existsSync(`${folder}/cgroup.controllers`)

async function walkFolders(root: string, found: Map<number, Cgroup>): Promise<void> {
  const pace = new Pace()
  const open = [""]
  for (let path = open.pop(); path !== undefined && found.size < FOLDERS_MAX; path = open.pop()) {
    try {
      const { ino } = statSync(root + path)
      found.set(ino, path === "" ? { path: "/" } : cgroupAt(path))
      for (const entry of readdirSync(root + path, { withFileTypes: true }))
        if (entry.isDirectory()) open.push(`${path}/${entry.name}`)
    } catch {
      // Removed while we walk.
    }
    await pace.handBackWhenDue()
  }
}
