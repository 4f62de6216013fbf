/**
 * The owners that the sockets of a look point to by number.
 *
 * Numbers stay valid from look to look, since a socket's owner is carried over with its row. A list that was handed out
 * is on the screen: it is never changed, a longer one takes its place.
 */
import type { Owner } from "../core/sample/owners.ts"
import type { SocketTable } from "../core/sample/socket-table.ts"

/** A process as last seen. `name` changes when it runs another program, `isGone` once. */
export interface Process {
  readonly pid: number
  readonly startTime: number
  name: string
  isGone: boolean
  /** The last look in which a socket had it as owner. */
  usedAtLook: number
  /** The last look in which a search found one of its sockets. */
  foundAtLook: number
}

/** Owners that no socket points to any more are kept until there are this many of them. */
export const DEAD_OWNERS_MAX = 1024

export class OwnerList {
  private owners: Owner[] = []
  private processes: Process[] = []
  private isHandedOut = false
  /** Numbers of sure owners by process and count of sharers; of unsure ones by the number of their sure twin. */
  private readonly sureNumbers = new Map<Process, Map<number, number>>()
  private readonly unsureNumbers = new Map<number, number>()
  private roomUntil = DEAD_OWNERS_MAX
  /** Changes when numbers get another meaning. */
  generation = 0

  owner(number: number): Owner {
    return this.owners[number]!
  }

  process(number: number): Process {
    return this.processes[number]!
  }

  /** The list as it is now, for a sample to keep. */
  handOut(): readonly Owner[] {
    this.isHandedOut = true
    return this.owners
  }

  /** The number of `process` as the owner of a socket that `sharerCount` processes hold. */
  sure(process: Process, sharerCount: number): number {
    const numbers = this.numbersOf(process)
    const known = numbers.get(sharerCount)
    if (known !== undefined && this.owners[known]!.name === process.name) return known
    const { pid, startTime, name } = process
    const number = this.append({ pid, startTime, name, isSure: true, sharerCount }, process)
    numbers.set(sharerCount, number)
    return number
  }

  /** The number of the same owner, inferred. */
  unsure(number: number): number {
    const owner = this.owners[number]!
    if (!owner.isSure) return number
    const known = this.unsureNumbers.get(number)
    if (known !== undefined) return known
    const twin = this.append({ ...owner, isSure: false }, this.processes[number]!)
    this.unsureNumbers.set(number, twin)
    return twin
  }

  /** For each number the one that is true now: -1 when its process is gone, another when it has a new name. */
  currentNumbers(): Int32Array {
    const current = new Int32Array(this.owners.length)
    for (let number = 0; number < current.length; number++) {
      const process = this.processes[number]!
      const owner = this.owners[number]!
      if (process.isGone) current[number] = -1
      else
        current[number] = owner.name === process.name || !owner.isSure ? number : this.sure(process, owner.sharerCount)
    }
    return current
  }

  /**
   * Forgets owners that no row of `tables` points to, once there are more than `DEAD_OWNERS_MAX`, and numbers the rest
   * anew: the tables' rows are rewritten. Other tables, and the list handed out before, keep the old numbers.
   */
  compact(...tables: readonly SocketTable[]): void {
    if (this.owners.length <= this.roomUntil) return
    const next = new Int32Array(this.owners.length).fill(-1)
    for (const { owner, length } of tables)
      for (let row = 0; row < length; row++) if (owner[row]! >= 0) next[owner[row]!] = 0
    let living = 0
    for (let number = 0; number < next.length; number++) if (next[number] === 0) next[number] = living++
    this.roomUntil = living + DEAD_OWNERS_MAX
    if (next.length <= this.roomUntil) return

    this.owners = this.owners.filter((_, number) => next[number]! >= 0)
    this.processes = this.processes.filter((_, number) => next[number]! >= 0)
    this.isHandedOut = false
    this.generation++
    this.sureNumbers.clear()
    this.owners.forEach(({ isSure, sharerCount, name }, number) => {
      const process = this.processes[number]!
      if (isSure && name === process.name) this.numbersOf(process).set(sharerCount, number)
    })
    const twins = [...this.unsureNumbers]
    this.unsureNumbers.clear()
    for (const [sure, unsure] of twins)
      if (next[sure]! >= 0 && next[unsure]! >= 0) this.unsureNumbers.set(next[sure]!, next[unsure]!)
    for (const { owner, length } of tables)
      for (let row = 0; row < length; row++) if (owner[row]! >= 0) owner[row] = next[owner[row]!]!
  }

  private numbersOf(process: Process): Map<number, number> {
    let numbers = this.sureNumbers.get(process)
    if (numbers === undefined) {
      numbers = new Map()
      this.sureNumbers.set(process, numbers)
    }
    return numbers
  }

  private append(owner: Owner, process: Process): number {
    if (this.isHandedOut) {
      this.owners = this.owners.slice()
      this.isHandedOut = false
    }
    this.processes.push(process)
    return this.owners.push(owner) - 1
  }
}
