/**
 * The whole lab, once: every fault is made for real, and `diagnose` names each with its culprit and raises nothing else.
 *
 * The scenarios run side by side, so each test only waits for its own outcome; the first one starts the lab.
 */
import { expect } from "bun:test"
import { availableParallelism } from "node:os"
import { commands } from "../../src/core/config/commands.ts"
import { requires } from "../support/requirements.ts"
import { isRight, type Outcome, score } from "./support/outcome.ts"
import { playAll } from "./support/play-all.ts"
import { describeOutcome, describeScore } from "./support/report.ts"
import { loadScenarios } from "./support/scenarios.ts"

const LAB_MS = 6 * 60_000
/** How many kinds of incident must be made and named. */
const KINDS_MIN = 28

const needy = requires({
  root: true,
  tools: ["unshare", "nsenter", "ip", "tc", "nft", "ss", "conntrack", "prlimit", "setpriv"],
})

/** Without the command there is only the half of the lab that does not ask it: are the faults really there? */
const mode = commands.map(({ name }): string => name).includes("diagnose") ? "whole" : "fault-only"

const scenarios = await loadScenarios()
const waiting = new Map([...scenarios.keys()].map((name) => [name, Promise.withResolvers<Outcome>()]))
let lab: Promise<{ readonly outcomes: readonly Outcome[]; readonly wallMs: number }> | undefined

function start() {
  lab ??= (async () => {
    const started = performance.now()
    const outcomes = await playAll(scenarios, {
      mode,
      shares: availableParallelism() * 2,
      onOutcome: (name, outcome) => waiting.get(name)!.resolve(outcome),
    })
    return { outcomes, wallMs: performance.now() - started }
  })()
  return lab
}

for (const name of scenarios.keys())
  needy(
    name,
    async () => {
      // When the lab itself breaks down, the reason is better than a time limit.
      const outcome = await Promise.race([waiting.get(name)!.promise, start().then(() => waiting.get(name)!.promise)])
      expect(isRight(outcome), describeOutcome(name, outcome, true)).toBe(true)
    },
    LAB_MS,
  )

needy(
  "the lab as a whole",
  async () => {
    const { outcomes, wallMs } = await start()
    const sum = score(outcomes)
    console.log(describeScore(sum, mode === "fault-only", (wallMs / 1000).toFixed(0)))
    expect(wallMs).toBeLessThan(LAB_MS)
    if (mode === "whole") expect(sum.kinds).toBeGreaterThanOrEqual(KINDS_MIN)
    else expect(outcomes.length - sum.notMade).toBeGreaterThanOrEqual(KINDS_MIN)
  },
  LAB_MS,
)
