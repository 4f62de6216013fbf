/** Plays scenarios: side by side as the machine has shares for them, and those that change the machine one at a time. */
import { openKeeper } from "./keeper.ts"
import type { Outcome } from "./outcome.ts"
import { type Mode, play } from "./sandbox.ts"
import type { Scenario } from "./scenario.ts"

export interface PlayOptions {
  readonly mode: Mode
  /** How much may run at once; a scenario takes one share unless it says otherwise. */
  readonly shares: number
  readonly onOutcome?: (name: string, outcome: Outcome) => void
}

const noHostWide = {
  set: () => Promise.reject(new Error("the scenario does not declare that it changes the machine")),
  get: () => Promise.reject(new Error("the scenario does not declare that it changes the machine")),
}

export async function playAll(
  scenarios: ReadonlyMap<string, Scenario>,
  { mode, shares, onOutcome }: PlayOptions,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const done = (name: string, outcome: Outcome) => {
    outcomes.push(outcome)
    onOutcome?.(name, outcome)
  }
  const changesMachine = ({ hostSettings = [] }: Scenario) => hostSettings.length > 0
  const keeper = await openKeeper()
  try {
    // What another run does to the machine would be a false alarm in ours. Where the machine is out of reach, it is out of
    // reach for others too.
    if (mode === "whole") await keeper.hold().catch((error: Error) => console.error(error.message))
    const shared = [...scenarios].filter(([, scenario]) => !changesMachine(scenario))
    // The slow ones first, or the last of them would run on alone at the end.
    const slowest = ({ proofSeconds = 0, observer }: Scenario) => proofSeconds + (observer?.watch?.calmSeconds ?? 0)
    shared.sort(([, a], [, b]) => slowest(b) - slowest(a))
    const running = new Set<Promise<void>>()
    let free = shares
    for (const [name, scenario] of shared) {
      const share = Math.min(scenario.shares ?? 1, shares)
      while (free < share) await Promise.race(running)
      free -= share
      const one: Promise<void> = play(name, mode, noHostWide).then((outcome) => {
        free += share
        running.delete(one)
        done(name, outcome)
      })
      running.add(one)
    }
    await Promise.all(running)
    const alone = [...scenarios].filter(([, scenario]) => changesMachine(scenario))
    if (alone.length > 0) await keeper.hold()
    for (const [name] of alone) {
      const outcome = await play(name, mode, keeper)
      await keeper.restore()
      done(name, outcome)
    }
  } finally {
    await keeper.close()
  }
  return outcomes
}
