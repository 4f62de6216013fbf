/** How many descriptors processes have open, of how many they may. */
import { statSync } from "node:fs"
import { parseOpenFilesMax } from "../core/proc/limits.ts"
import type { DescriptorUse } from "../core/sample/grounds.ts"
import type { Owner } from "../core/sample/owners.ts"
import { readText } from "./text-file.ts"

/** With fewer than this open, no sensible limit is near. */
const OPEN_WORTH_ASKING = 16
/** The limit of a process rarely changes: it is asked anew after so many looks. */
const LIMIT_LOOKS = 10
const PROCESSES_MAX = 2_000

/** Remembers limits from look to look. */
export class DescriptorUses {
  private look = 0
  private readonly limits = new Map<string, { readonly openMax: number | undefined; readonly look: number }>()

  constructor(private readonly root = "/proc") {}

  /**
   * Of these processes. The size of /proc/PID/fd is the number of open descriptors since Linux 6.2; before it is 0, and
   * then nothing is known. A process that is gone, or not ours to read, is left out.
   */
  read(owners: readonly Owner[]): readonly DescriptorUse[] {
    this.look++
    const seen = new Set<number>()
    const uses: DescriptorUse[] = []
    for (const { pid, startTime, name } of owners) {
      if (seen.has(pid) || seen.size >= PROCESSES_MAX) continue
      seen.add(pid)
      const openCount = this.openCount(pid)
      if (openCount < OPEN_WORTH_ASKING) continue
      const openMax = this.openMax(pid, startTime)
      if (openMax !== undefined) uses.push({ pid, process: name, openCount, openMax })
    }
    for (const [key, { look }] of this.limits) if (this.look - look > LIMIT_LOOKS) this.limits.delete(key)
    return uses
  }

  private openCount(pid: number): number {
    try {
      return statSync(`${this.root}/${pid}/fd`, { throwIfNoEntry: false })?.size ?? 0
    } catch {
      return 0
    }
  }

  private openMax(pid: number, startTime: number): number | undefined {
    const key = `${pid} ${startTime}`
    const known = this.limits.get(key)
    if (known !== undefined) return known.openMax
    let openMax: number | undefined
    try {
      openMax = parseOpenFilesMax(readText(`${this.root}/${pid}/limits`, 8_192).text)
    } catch {
      openMax = undefined
    }
    this.limits.set(key, { openMax, look: this.look })
    return openMax
  }
}
