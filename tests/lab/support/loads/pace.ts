/** Doing something so many times a second, for so many seconds, without making up for time that was lost. */

const TICK_MS = 10

export interface Pace {
  readonly perSecond: number
  readonly seconds: number
  /** Ends earlier, after so many times. */
  readonly count?: number
}

/** Calls `act` with its number, in small groups. A tick that comes late catches up with three ticks at most. */
export async function pace(options: Pace, act: (number: number) => void, afterTick: () => void = () => {}) {
  const { perSecond, seconds, count = Number.POSITIVE_INFINITY } = options
  const end = performance.now() + seconds * 1000
  let last = performance.now()
  let owed = 1
  let done = 0
  while (performance.now() < end && done < count) {
    for (; owed >= 1 && done < count; owed--) act(done++)
    afterTick()
    await Bun.sleep(TICK_MS)
    const now = performance.now()
    owed += (perSecond * Math.min(now - last, 3 * TICK_MS)) / 1000
    last = now
  }
  afterTick()
}
