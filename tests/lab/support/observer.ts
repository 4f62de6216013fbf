/**
 * How the program under test is asked, and how its answer is read: the one place that knows the words of `diagnose`.
 */
import { realpathSync } from "node:fs"
import { dirname, join } from "node:path"
import * as v from "valibot"
import type { Scenario } from "./scenario.ts"
import type { Truth } from "./verdict.ts"

/** The sources of the program under test: ours, or those of another working tree. */
const root = process.env.HOLYF_LAB_SOURCES ?? join(import.meta.dir, "../../..")

const words = {
  /** One look of three seconds. */
  look: ["diagnose", "--sample", "3", "--json"],
  /** One object a line, until it is ended. */
  watch: ["diagnose", "--watch", "--json"],
} as const

/** What the program calls the namespace that it runs in. */
const OWN_NAMESPACE = "host"

/** The network namespace that the machine itself is in; see `sandbox.ts`. */
export const MACHINE_NAMESPACE = "/run/machine-netns"

/** Where the sandbox shows the sources and the runtime to a user who may not enter the folders they are in. */
export const SHOWN = { root: "/run/program", runtime: "/run/runtime" } as const

/** Longer than any look takes; then the program hangs, and that is a finding of ours. */
export const LOOK_DEADLINE_MS = 20_000

export const showScript = `
  mkdir -p ${SHOWN.root} ${SHOWN.runtime}
  mount --bind '${root}' ${SHOWN.root}
  mount --bind '${dirname(realpathSync(process.execPath))}' ${SHOWN.runtime}
`

const NOBODY = 65_534
const unprivileged = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--inh-caps=-all", "--"]

export function command(observer: Scenario["observer"] = {}): string[] {
  const { isUnprivileged, watch, place } = observer
  const asked = words[watch === undefined ? "look" : "watch"]
  if (place === "machine")
    return ["nsenter", `--net=${MACHINE_NAMESPACE}`, "--", process.execPath, join(root, "src/main.ts"), ...asked]
  if (isUnprivileged !== true) return [process.execPath, join(root, "src/main.ts"), ...asked]
  const runtime = join(SHOWN.runtime, realpathSync(process.execPath).split("/").at(-1)!)
  return [...unprivileged, runtime, join(SHOWN.root, "src/main.ts"), ...asked]
}

/** What the lab needs of an answer. More may be there. */
const answerSchema = v.object({
  health: v.string(),
  findings: v.array(
    v.object({
      id: v.string(),
      severity: v.string(),
      confidence: v.string(),
      culprit: v.optional(v.record(v.string(), v.unknown())),
    }),
  ),
  unknown: v.array(v.object({ id: v.string(), reason: v.string() })),
  cost: v.optional(v.object({ cpu_ms: v.number() })),
})
export type Answer = v.InferOutput<typeof answerSchema>

export interface ReadOptions {
  readonly observer: Scenario["observer"]
  readonly truth: Truth
}

/** Without what is said of the machine's own connections, which others make. */
function ofScenario(answer: Answer, { expects, tolerates, mustNot }: Truth): Answer {
  const ours = [...expects.map(({ id }) => id), ...tolerates, ...mustNot]
  const isOurs = ({ id, culprit }: Answer["findings"][number]) => culprit?.netns !== OWN_NAMESPACE || ours.includes(id)
  return { ...answer, findings: answer.findings.filter(isOurs) }
}

/**
 * The program looks at every namespace that it can enter, and in the sandbox those are the hosts of the scenario. What it
 * says of the other hosts counts only where the scenario asks for all of them.
 */
export function readAnswer(text: string, { observer = {}, truth }: ReadOptions): Answer {
  const line = text.trim()
  try {
    const answer = v.parse(answerSchema, JSON.parse(line))
    if (observer.scope === "all") return answer
    if (observer.place === "machine") return ofScenario(answer, truth)
    const isOwn = ({ culprit }: Answer["findings"][number]) => (culprit?.netns ?? OWN_NAMESPACE) === OWN_NAMESPACE
    return { ...answer, findings: answer.findings.filter(isOwn) }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`the answer of diagnose cannot be read (${why}): ${line.slice(0, 200)}`)
  }
}
