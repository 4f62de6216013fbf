/**
 * A walk over the descriptors of a list of processes, in small steps: each opens one folder, or reads one slice of it.
 *
 * It may rest between any two steps, even for the time of a look, with the folder it is in kept open.
 */
import { socketInode } from "../core/proc/socket-link.ts"
import { nameNumber } from "../core/wire/directory-entry.ts"
import { Folder, link } from "./kernel/folder.ts"
import { readProcessStat } from "./process-identity.ts"

/** What walks cost; shared by all of a search. */
export interface WalkCost {
  /** Descriptor folders opened. */
  directoriesOpened: number
  descriptorsRead: number
}

export class DescriptorWalk<Known> {
  /** The process that is asked now, by its place in `pids`. */
  at = 0
  isOver = false
  /** What the caller knows of the process that is asked now: forgotten with the next one. */
  known: Known | undefined
  /** Sockets that were found in it; counted by whoever is told of them. */
  foundCount = 0
  private folder: Folder | undefined
  private linksRead = 0
  private linksRefused = 0
  private onSocket: (inode: number) => boolean = () => true
  private cost: WalkCost = { directoriesOpened: 0, descriptorsRead: 0 }

  /** `more` names further processes, once, when `pids` were asked in vain. */
  constructor(
    private readonly root: string,
    readonly pids: number[],
    private more?: () => Promise<readonly number[]>,
  ) {}

  /** The process that is asked now. */
  get pid(): number {
    return this.pids[this.at]!
  }

  /** True when every process was asked. */
  get wentRound(): boolean {
    return this.pids.length > 0 && this.at === this.pids.length
  }

  /**
   * One step; `isOver` after the last. Calls `onSocket` with the inode of each socket: false leaves the rest of the slice
   * out. Answers whether a process kept its descriptors from us.
   */
  async step(onSocket: (inode: number) => boolean, cost: WalkCost): Promise<boolean> {
    this.onSocket = onSocket
    this.cost = cost
    if (this.folder !== undefined) return this.readSlice(this.folder)
    if (this.at < this.pids.length) return this.openFolder()
    if (this.more === undefined) this.isOver = true
    else {
      const { more } = this
      this.more = undefined
      const asked = new Set(this.pids)
      this.pids.push(...(await more()).filter((pid) => !asked.has(pid)))
    }
    return false
  }

  /** Gives up the folder that it has open. */
  close(): void {
    this.folder?.close()
  }

  private openFolder(): boolean {
    const folder = Folder.open(`${this.root}/${this.pid}/fd`)
    this.cost.directoriesOpened++
    this.known = undefined
    this.linksRead = 0
    this.linksRefused = 0
    if (typeof folder !== "string") {
      this.folder = folder
      return false
    }
    this.at++
    // Anything else is a process that ended, or has no descriptors left.
    return folder === "EACCES" || folder === "EPERM"
  }

  private readSlice(folder: Folder): boolean {
    if (folder.readSlice(this.visit) === true) return false
    // Root without CAP_SYS_PTRACE may list the descriptors of others but not read where they lead.
    const wasRefused = this.linksRead === 0 && this.linksRefused > 0 && this.isAlive()
    folder.close()
    this.folder = undefined
    this.at++
    return wasRefused
  }

  private isAlive(): boolean {
    const stat = readProcessStat(this.root, this.pid)
    return stat !== undefined && !stat.hasEnded
  }

  /** Hot: once a descriptor. */
  private readonly visit = (bytes: Uint8Array, at: number): boolean => {
    if (nameNumber(bytes, at) < 0) return true
    this.cost.descriptorsRead++
    const length = this.folder!.readLink(bytes, at)
    if (length < 0) {
      this.linksRefused++
      return true
    }
    this.linksRead++
    const inode = socketInode(link, length)
    return inode === 0 || this.onSocket(inode)
  }
}
