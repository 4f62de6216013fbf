/**
 * Finds out which process holds each socket.
 *
 * The kernel does not say; it is found by reading the links of every descriptor of every process, which costs several
 * times as much as listing the sockets. So what is known stays known (`linkPrevious` carries it over by cookie), only
 * sockets that nobody is known to hold cause a search, likely processes are asked first, and a search goes on in the
 * next look when the time for this one is over.
 */
import { LISTEN, type Listeners, listenerOf } from "../core/model/direction.ts"
import { inheritOwners } from "../core/model/inherited-owners.ts"
import { likelyListedPids, likelyPids } from "../core/sample/candidates.ts"
import { chooseHolder } from "../core/sample/holders.ts"
import { type InodeIndex, indexInodes, rowOfInode } from "../core/sample/inode-index.ts"
import type { Owner } from "../core/sample/owners.ts"
import { isSocketDue, isWalkDue } from "../core/sample/search-pauses.ts"
import type { SocketTable } from "../core/sample/socket-table.ts"
import { nameNumber } from "../core/wire/directory-entry.ts"
import { DescriptorWalk, type WalkCost } from "./descriptor-walk.ts"
import { Folder } from "./kernel/folder.ts"
import { OwnerList, type Process } from "./owner-list.ts"
import { Pace } from "./pace.ts"
import { readProcessStat } from "./process-identity.ts"
import { RefusingProcesses } from "./refusing-processes.ts"

export interface OwnerFindings {
  /** By `table.owner`. */
  readonly owners: readonly Owner[]
  /** False when the time was over before everything was searched that is due: the next look goes on. */
  readonly isFinished: boolean
  /** Why names are missing, when some are and there is something to say about it. */
  readonly note?: string
  /** What it cost. */
  readonly stats: OwnerSearchStats
}

export interface FindOptions {
  readonly budgetMs: number
  readonly previous: SocketTable | undefined
  /**
   * Called when the sockets' owners are known and before they are numbered anew: rows that it adds to the table take part,
   * and so do the tables it answers. `unsure` answers the number of the same owner marked as unsure.
   */
  readonly settle?: (unsure: (owner: number) => number) => readonly SocketTable[]
}

export interface OwnerSearchStats extends WalkCost {
  /** Known processes asked whether they are still the same. */
  processesChecked: number
  /** Time spent working, without the turns handed to others. */
  elapsedMs: number
}

/** How far the search for one socket has come. A row of the socket table has one of these. */
const FRESH = 0
/** Wanted since before the running walk over likely processes began. */
const ASKING_LIKELY = 1
/** No likely process holds it: waits for a walk over all the others. */
const WAITING = 2
/** Wanted since before the running walk over the others began. */
const ASKING_OTHERS = 3
/** No process that we may read holds it. Looked for again later. */
const GIVEN_UP = 4
const FOUND = 5

/** What is known of the search for each row; rows as in the socket table. */
interface Progress {
  stage: Uint8Array
  /** Whole searches that did not find it. */
  misses: Uint8Array
  /** NOBODY, the number of a holder, or when several hold it -2 minus the number of their list. */
  holder: Int32Array
}

const NOBODY = -1
const MISSES_MAX = 255

type Walk = DescriptorWalk<Process>

/** A process without sockets is forgotten after this many looks. */
const REMEMBERED_LOOKS = 64

/** Of a look's time, the part for asking known processes whether they are still the same. */
const CHECK_SHARE = 0.5
/** Of a look's time, the part for likely processes when others wait to be asked. */
const LIKELY_SHARE = 0.75

const progressOf = (capacity: number): Progress => ({
  stage: new Uint8Array(capacity),
  misses: new Uint8Array(capacity),
  holder: new Int32Array(capacity),
})

/** One for the life of the program: what it learned is what makes the next look cheap. */
export class OwnerSearch {
  private readonly list = new OwnerList()
  private readonly known = new Map<number, Process>()
  private look = 0
  private isRunning = false

  // The table of the last look, and which numbering of owners the tables of earlier looks have.
  private lastTable: SocketTable | undefined
  private readonly generations = new WeakMap<SocketTable, number>()

  // By row of this look's table and of the one before; they take turns as the tables do.
  private progress = progressOf(0)
  private progressBefore = progressOf(0)

  // Rows of this look that want an owner, and how many there are at each stage.
  private unknownRows = new Int32Array(0)
  private unknownCount = 0
  private readonly stageCounts = new Int32Array(FOUND + 1)

  // A search lasts from the first walk until none is under way, perhaps over several looks; while it does, whoever
  // else holds a socket that was found in it is counted as a sharer.
  private holders: Process[] = []
  private sharedBy: number[][] = []
  private likely: Walk | undefined
  private others: Walk | undefined
  /** Whom the last finished walk over likely processes has asked. */
  private askedLikely: ReadonlySet<number> = new Set()
  /** Walks over the others, in a row, that found nothing. */
  private barrenWalks = 0

  private checkQueue: Process[] = []
  private checkAt = 0
  private namesChanged = false

  private pids: readonly number[] = []
  private listedAtLook = 0
  private readonly refusing: RefusingProcesses
  private listingProblem: string | undefined

  // Of the look under way.
  private pace = new Pace()
  private stats: OwnerSearchStats = { directoriesOpened: 0, descriptorsRead: 0, processesChecked: 0, elapsedMs: 0 }
  private index: InodeIndex | undefined
  private walk: Walk | undefined

  /** `root` is where procfs is mounted. */
  constructor(private readonly root = "/proc") {
    this.refusing = new RefusingProcesses(root)
  }

  /**
   * Fills `table.owner`. Called once a look, after `linkPrevious(table, previous)`; `previous` is only read. The work
   * stops about `budgetMs` after it began, in turns of a few milliseconds between which the event loop runs. Never
   * throws for what a host can do: what cannot be read is a note.
   */
  async find(table: SocketTable, listeners: Listeners, options: FindOptions): Promise<OwnerFindings> {
    if (this.isRunning) throw new Error("OwnerSearch.find: the look before is not finished")
    this.isRunning = true
    try {
      return await this.findNow(table, listeners, options)
    } finally {
      this.isRunning = false
      this.index = undefined
    }
  }

  private async findNow(
    table: SocketTable,
    listeners: Listeners,
    { budgetMs, previous, settle }: FindOptions,
  ): Promise<OwnerFindings> {
    this.look++
    this.pace = new Pace()
    this.stats = { directoriesOpened: 0, descriptorsRead: 0, processesChecked: 0, elapsedMs: 0 }
    const isNumberedAlike = previous !== undefined && this.generations.get(previous) === this.list.generation
    if (!isNumberedAlike) table.owner.fill(-1, 0, table.length)
    this.takeOver(table, previous)
    await this.checkKnown(budgetMs * CHECK_SHARE)
    if (this.namesChanged) this.correctRows(table)
    this.gatherUnknown(table)
    if (this.isSearchDue()) {
      await this.search(table, budgetMs)
      this.giveOwners(table, listeners)
    } else this.endSearch()
    const unsure = (number: number) => this.list.unsure(number)
    inheritOwners(table, listeners, isNumberedAlike ? previous : undefined, unsure)
    this.list.compact(table, ...(settle?.(unsure) ?? []))
    this.lastTable = table
    this.generations.set(table, this.list.generation)
    this.stats.elapsedMs = this.pace.spentMs
    const note = this.note()
    return {
      owners: this.list.handOut(),
      isFinished: !this.isSearchDue(),
      ...(note === undefined ? {} : { note }),
      stats: this.stats,
    }
  }

  /** Gives up the descriptors that an unfinished search keeps open between looks. */
  close(): void {
    this.endSearch()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Takes over, row by row, how far the search has come; and notes which processes own sockets now. Hot. */
  private takeOver(table: SocketTable, previous: SocketTable | undefined): void {
    const before = this.progress
    let now = this.progressBefore
    if (now.stage.length < table.length) now = progressOf(table.capacity)
    this.progress = now
    this.progressBefore = before
    // A look in between that failed: its rows point into a table whose progress we no longer have.
    const isNext = previous !== undefined && previous === this.lastTable
    if (!isNext) this.namesChanged = true
    const isSearching = this.isSearching()
    for (let row = 0; row < table.length; row++) {
      const earlier = isNext ? table.previousRow[row]! : -1
      if (earlier >= 0 && previous!.inode[earlier] === table.inode[row]) {
        now.stage[row] = before.stage[earlier]!
        now.misses[row] = before.misses[earlier]!
        now.holder[row] = isSearching ? before.holder[earlier]! : NOBODY
      } else this.forget(row)
      const owner = table.owner[row]!
      if (owner >= 0) this.list.process(owner).usedAtLook = this.look
    }
  }

  private forget(row: number): void {
    this.progress.stage[row] = FRESH
    this.progress.misses[row] = 0
    this.progress.holder[row] = NOBODY
  }

  /** Asks known processes whether they are still who they were, as many as there is time for, each in its turn. */
  private async checkKnown(shareMs: number): Promise<void> {
    if (this.checkAt >= this.checkQueue.length) {
      this.checkAt = 0
      this.checkQueue = []
      for (const process of this.known.values()) {
        if (process.usedAtLook === this.look) this.checkQueue.push(process)
        else if (this.look - Math.max(process.usedAtLook, process.foundAtLook) > REMEMBERED_LOOKS)
          this.known.delete(process.pid)
      }
    }
    while (this.checkAt < this.checkQueue.length) {
      const process = this.checkQueue[this.checkAt++]!
      if (process.isGone) continue
      this.stats.processesChecked++
      this.identify(process.pid)
      await this.pace.handBackWhenDue()
      if (this.pace.spentMs >= shareMs) return
    }
  }

  /** The process that has this pid now, when there is one; whoever had it before is gone. */
  private identify(pid: number): Process | undefined {
    const stat = readProcessStat(this.root, pid)
    const before = this.known.get(pid)
    const isThere = stat !== undefined && !stat.hasEnded
    if (before !== undefined && isThere && before.startTime === stat.startTime) {
      if (before.name !== stat.name) this.namesChanged = true
      before.name = stat.name
      return before
    }
    if (before !== undefined) {
      before.isGone = true
      this.namesChanged = true
      this.known.delete(pid)
    }
    if (!isThere) return undefined
    const { startTime, name } = stat
    const process = { pid, startTime, name, isGone: false, usedAtLook: 0, foundAtLook: 0 }
    this.known.set(pid, process)
    return process
  }

  /**
   * Sockets of processes that are gone have no owner any more: somebody may have inherited them. Sockets that nobody
   * holds keep theirs, which says where they came from.
   */
  private correctRows(table: SocketTable): void {
    this.namesChanged = false
    const current = this.list.currentNumbers()
    for (let row = 0; row < table.length; row++) {
      const owner = table.owner[row]!
      if (owner < 0 || table.inode[row] === 0) continue
      table.owner[row] = current[owner]!
      if (current[owner]! < 0) this.forget(row)
    }
  }

  private gatherUnknown(table: SocketTable): void {
    const { stage, misses } = this.progress
    if (this.unknownRows.length < table.length) this.unknownRows = new Int32Array(table.capacity)
    this.unknownCount = 0
    this.stageCounts.fill(0)
    for (let row = 0; row < table.length; row++) {
      if (table.inode[row] === 0 || table.owner[row]! >= 0) continue
      if (stage[row] === FOUND) this.forget(row)
      if (stage[row] === GIVEN_UP && isSocketDue(misses[row]!, this.look)) stage[row] = FRESH
      this.unknownRows[this.unknownCount++] = row
      this.stageCounts[stage[row]!]!++
    }
  }

  private wantedFromLikely(): number {
    return this.stageCounts[FRESH]! + this.stageCounts[ASKING_LIKELY]!
  }

  private wantedFromOthers(): number {
    return this.stageCounts[WAITING]! + this.stageCounts[ASKING_OTHERS]!
  }

  /** Whether somebody should be asked in this look. */
  private isSearchDue(): boolean {
    return this.wantedFromLikely() > 0 || (this.wantedFromOthers() > 0 && this.mayAskOthers())
  }

  private mayAskOthers(): boolean {
    return this.others !== undefined || isWalkDue(this.barrenWalks, this.look)
  }

  private isSearching(): boolean {
    return this.likely !== undefined || this.others !== undefined
  }

  private endSearch(): void {
    this.likely?.close()
    this.others?.close()
    this.likely = undefined
    this.others = undefined
  }

  private async search(table: SocketTable, budgetMs: number): Promise<void> {
    if (!this.isSearching()) {
      this.holders = []
      this.sharedBy = []
    }
    this.index = this.indexRows(table)
    // At least one step a look, whatever the time: else a search might never end.
    for (let isFirst = true; isFirst || this.pace.spentMs < budgetMs; isFirst = false) {
      const othersWait = this.wantedFromOthers() > 0 && this.mayAskOthers()
      const likelyMs = budgetMs * (othersWait ? LIKELY_SHARE : 1)
      if (this.wantedFromLikely() > 0 && (this.pace.spentMs < likelyMs || !othersWait)) {
        this.likely ??= this.beginLikely(table)
        await this.ask(this.likely, likelyMs, () => this.wantedFromLikely())
        if (this.likely.isOver) this.endLikely(this.likely)
      } else if (othersWait) {
        this.others ??= await this.beginOthers()
        await this.ask(this.others, budgetMs, () => this.wantedFromLikely() + this.wantedFromOthers())
        if (this.others.isOver) this.endOthers(this.others)
      } else break
    }
    // The last socket of a walk may have been found by the other one.
    if (this.likely !== undefined && this.wantedFromLikely() === 0) this.endLikely(this.likely)
    if (this.others !== undefined && this.wantedFromOthers() === 0) this.endOthers(this.others)
  }

  /** The rows that want an owner, and those found in this search, whose sharers are counted. */
  private indexRows(table: SocketTable): InodeIndex {
    const { holder } = this.progress
    let count = this.unknownCount
    if (this.isSearching())
      for (let row = 0; row < table.length; row++)
        if (holder[row] !== NOBODY && table.owner[row]! >= 0) this.unknownRows[count++] = row
    return indexInodes(table.inode, this.unknownRows, count)
  }

  private beginLikely(table: SocketTable): Walk {
    const listening = new Set<number>()
    const ports = new Set<number>()
    for (let i = 0; i < this.unknownCount; i++) {
      const row = this.unknownRows[i]!
      if (this.progress.stage[row] === FRESH) ports.add(table.localPort[row]!)
    }
    // Every listener of such a port, since each worker of a SO_REUSEPORT service has one of its own.
    for (let row = 0; row < table.length; row++) {
      const isOne = table.state[row] === LISTEN && table.owner[row]! >= 0 && ports.has(table.localPort[row]!)
      if (isOne) listening.add(this.list.process(table.owner[row]!).pid)
    }
    this.moveStage(FRESH, ASKING_LIKELY)
    return new DescriptorWalk<Process>(this.root, likelyPids(listening, this.known.values(), this.look), async () => {
      const seenBefore = new Set(this.pids)
      return likelyListedPids(await this.listPids(), seenBefore, (pid) => this.known.has(pid))
    })
  }

  private endLikely(walk: Walk): void {
    walk.close()
    this.likely = undefined
    this.askedLikely = new Set(walk.pids.slice(0, walk.at))
    this.moveStage(ASKING_LIKELY, WAITING)
  }

  private async beginOthers(): Promise<Walk> {
    const all = await this.listPids()
    this.moveStage(WAITING, ASKING_OTHERS)
    return new DescriptorWalk<Process>(
      this.root,
      all.filter((pid) => !this.askedLikely.has(pid)),
    )
  }

  private endOthers(walk: Walk): void {
    walk.close()
    this.others = undefined
    if (walk.foundCount > 0) this.barrenWalks = 0
    else if (walk.wentRound) this.barrenWalks++
    const { stage, misses } = this.progress
    for (let i = 0; i < this.unknownCount; i++) {
      const row = this.unknownRows[i]!
      if (stage[row] === ASKING_OTHERS) misses[row] = Math.min(misses[row]! + 1, MISSES_MAX)
    }
    this.moveStage(ASKING_OTHERS, GIVEN_UP)
  }

  private moveStage(from: number, to: number): void {
    const { stage } = this.progress
    for (let i = 0; i < this.unknownCount; i++)
      if (stage[this.unknownRows[i]!] === from) stage[this.unknownRows[i]!] = to
    this.stageCounts[to]! += this.stageCounts[from]!
    this.stageCounts[from] = 0
  }

  /** Every pid there is, ascending: listed at most once a look. */
  private async listPids(): Promise<readonly number[]> {
    if (this.listedAtLook === this.look) return this.pids
    this.listedAtLook = this.look
    const pids: number[] = []
    this.pids = pids
    const folder = Folder.open(this.root)
    if (typeof folder === "string") {
      this.listingProblem = folder
      return pids
    }
    try {
      const visit = (bytes: Uint8Array, at: number) => {
        const pid = nameNumber(bytes, at)
        if (pid > 0) pids.push(pid)
        return true
      }
      for (;;) {
        const more = folder.readSlice(visit)
        this.listingProblem = typeof more === "string" ? more : undefined
        if (more !== true) break
        await this.pace.handBackWhenDue()
      }
    } finally {
      folder.close()
    }
    if (pids.length === 0) this.listingProblem ??= "no processes"
    pids.sort((a, b) => a - b)
    // Every pid namespace has a process 1: when it is not listed, procfs hides those of other users (hidepid=2).
    this.refusing.keepOnly(pids)
    if (pids[0] !== 1) this.refusing.note(1, true)
    return pids
  }

  /** Asks the walk's processes until nothing is `wanted`, nobody is left or the time is over. At least one step. */
  private async ask(walk: Walk, untilMs: number, wanted: () => number): Promise<void> {
    this.walk = walk
    do {
      const { at, pid } = walk
      const isRefusing = await walk.step(this.visitSocket, this.stats)
      if (walk.at > at) this.refusing.note(pid, isRefusing)
      if (wanted() === 0) walk.isOver = true
      if (walk.isOver) return
      await this.pace.handBackWhenDue()
    } while (this.pace.spentMs < untilMs)
  }

  /** Hot: once a socket that a process holds. */
  private readonly visitSocket = (inode: number): boolean => {
    const row = rowOfInode(this.index!, inode)
    return row < 0 || this.hold(this.walk!, row)
  }

  /** The process that is asked holds this row's socket. False when nothing is wanted any more. */
  private hold(walk: Walk, row: number): boolean {
    walk.known ??= this.identify(walk.pid)
    const process = walk.known
    if (process === undefined) return false
    if (this.holders.at(-1) !== process) this.holders.push(process)
    const number = this.holders.length - 1
    const { stage, holder } = this.progress
    if (stage[row] !== FOUND) {
      this.stageCounts[stage[row]!]!--
      this.stageCounts[FOUND]!++
      stage[row] = FOUND
      holder[row] = number
      walk.foundCount++
      process.foundAtLook = this.look
      return this.wantedFromLikely() + this.wantedFromOthers() > 0
    }
    // A process may hold one socket by several descriptors.
    const sharers = this.holdersOf(holder[row]!)
    if (sharers.some((sharer) => this.holders[sharer] === process)) return true
    if (holder[row]! >= 0) {
      this.sharedBy.push([holder[row]!, number])
      holder[row] = -1 - this.sharedBy.length
    } else sharers.push(number)
    return true
  }

  private holdersOf(holder: number): number[] {
    return holder >= 0 ? [holder] : this.sharedBy[-2 - holder]!
  }

  /** Fills the owners of every row found in this search: of listeners first, since the others may depend on them. */
  private giveOwners(table: SocketTable, listeners: Listeners): void {
    const { holder } = this.progress
    const shared: number[] = []
    for (let row = 0; row < table.length; row++) {
      if (holder[row]! >= 0) table.owner[row] = this.list.sure(this.holders[holder[row]!]!, 1)
      else if (holder[row] !== NOBODY) shared.push(row)
    }
    const isListener = (row: number) => table.state[row] === LISTEN
    const give = (row: number) => {
      const holders = this.holdersOf(holder[row]!)
        .map((number) => this.holders[number]!)
        .filter(({ isGone }) => !isGone)
      if (holders.length === 0) return
      const listener = isListener(row) ? -1 : listenerOf(table, listeners, row)
      const owner = listener >= 0 ? table.owner[listener]! : -1
      const process = chooseHolder(holders, owner >= 0 ? this.list.process(owner) : undefined)
      table.owner[row] = this.list.sure(process, holders.length)
    }
    for (const row of shared) if (isListener(row)) give(row)
    for (const row of shared) if (!isListener(row)) give(row)
  }

  private note(): string | undefined {
    if (this.unknownCount === this.stageCounts[FOUND]!) return undefined
    if (this.listingProblem !== undefined)
      return `process names are missing: cannot list ${this.root} (${this.listingProblem}). Is procfs mounted?`
    const { reason } = this.refusing
    return reason === undefined ? undefined : `some process names are missing: ${reason}`
  }
}
