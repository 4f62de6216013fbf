/** A clock that a test moves by hand, and the loop that a program runs on. */
import type { Loop } from "../../src/shell/program.ts"

interface Interval {
  readonly act: () => void
  readonly everyMs: number
  dueAt: number
}

export class Clock {
  private nowMs: number
  private readonly intervals = new Set<Interval>()
  private soon: (() => void)[] = []

  constructor(startMs = 1_700_000_000_000) {
    this.nowMs = startMs
  }

  readonly loop: Loop = {
    now: () => this.nowMs,
    setInterval: (act, everyMs) => {
      const interval = { act, everyMs, dueAt: this.nowMs + everyMs }
      this.intervals.add(interval)
      return () => void this.intervals.delete(interval)
    },
    later: (act) => void this.soon.push(act),
  }

  /** How many timers are running. */
  get ticking(): number {
    return this.intervals.size
  }

  /** Runs what was put off, and lets promises settle. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) {
      for (const act of this.soon.splice(0)) act()
      await Promise.resolve()
    }
  }

  /** Moves time on; timers fire in the order in which they are due, each with everything that follows from it. */
  async advance(ms: number): Promise<void> {
    const end = this.nowMs + ms
    for (;;) {
      await this.settle()
      const next = [...this.intervals].sort((a, b) => a.dueAt - b.dueAt)[0]
      if (next === undefined || next.dueAt > end) break
      this.nowMs = next.dueAt
      next.dueAt += next.everyMs
      next.act()
    }
    this.nowMs = end
    await this.settle()
  }
}
