/** Long work in short turns: between them the event loop runs, so that keys stay alive. */

/** A turn ends after this long. */
const TURN_MS = 3

/** Time comes from `performance.now()`: only how long things took is asked, never what time it is. */
export class Pace {
  private turnStart = performance.now()
  private earlierTurnsMs = 0

  /** Time spent working so far, without what others did in between. */
  get spentMs(): number {
    return this.earlierTurnsMs + performance.now() - this.turnStart
  }

  /** Hands the event loop back when the turn has lasted long enough; else answers nothing, and costs nothing. */
  handBackWhenDue(): Promise<void> | undefined {
    return performance.now() - this.turnStart < TURN_MS ? undefined : this.handBack()
  }

  private async handBack(): Promise<void> {
    this.earlierTurnsMs += performance.now() - this.turnStart
    await new Promise<void>((resolve) => setImmediate(resolve))
    this.turnStart = performance.now()
  }
}
