/**
 * The incident lab: `bun run lab [NAME…] [--fault-only] [--repeat N] [--verbose]`.
 *
 * Each scenario is made for real between network namespaces, and `diagnose` must name it: one line a scenario, then the
 * score. Ends with 0 when every fault was made and everything was said right.
 */
import { availableParallelism } from "node:os"
import { isRight, score } from "./support/outcome.ts"
import { playAll } from "./support/play-all.ts"
import { describeOutcome, describeScore } from "./support/report.ts"
import { loadScenarios } from "./support/scenarios.ts"

const words = process.argv.slice(2)
const isFaultOnly = words.includes("--fault-only")
const isVerbose = words.includes("--verbose")
const repeatAt = words.indexOf("--repeat")
const repeat = repeatAt < 0 ? 1 : Number(words[repeatAt + 1])
const wanted = words.filter((word, i) => !word.startsWith("--") && (repeatAt < 0 || i !== repeatAt + 1))

const all = await loadScenarios()
const unknown = wanted.filter((name) => !all.has(name))
if (unknown.length > 0) {
  console.error(`no scenario is called ${unknown.join(", ")}. There are:\n  ${[...all.keys()].join("\n  ")}`)
  process.exit(2)
}
if (process.getuid?.() !== 0) {
  console.error("the lab makes network namespaces: run it as root")
  process.exit(2)
}
const chosen = new Map([...all].filter(([name]) => wanted.length === 0 || wanted.includes(name)))
const started = performance.now()
const outcomes = []
for (let turn = 0; turn < repeat; turn++)
  outcomes.push(
    ...(await playAll(chosen, {
      mode: isFaultOnly ? "fault-only" : "whole",
      shares: availableParallelism() * 2,
      onOutcome: (name, outcome) => console.log(describeOutcome(name, outcome, isVerbose)),
    })),
  )
const seconds = ((performance.now() - started) / 1000).toFixed(0)
console.log(describeScore(score(outcomes), isFaultOnly, seconds))
process.exitCode = outcomes.every(isRight) ? 0 : 1
