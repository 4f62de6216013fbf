/**
 * Plays one scenario, as the first process of a sandbox: `driver.ts NAME whole|fault-only`.
 *
 * Builds the hosts, starts the traffic, makes the fault, waits until the kernel's own counters prove it, lets the program
 * look at most twice, and asks the counters again. Its output is `DriverMessage`s; its input answers them, and when it ends
 * so do we, and with the first process the whole sandbox.
 */
import { join } from "node:path"
import { buildLab, type HostWide, type Lab } from "./lab.ts"
import { linesOf } from "./lines.ts"
import { type Answer, command, LOOK_DEADLINE_MS, readAnswer } from "./observer.ts"
import type { Outcome, ProvenReading } from "./outcome.ts"
import type { DriverMessage, Mode } from "./sandbox.ts"
import type { Proof, Scenario } from "./scenario.ts"
import { judge, type Truth, type Verdict } from "./verdict.ts"

const LOOKS_MAX = 2
const PROOF_SECONDS = 10
const PROOF_EVERY_MS = 100

const say = (message: DriverMessage) => void process.stdout.write(`${JSON.stringify(message)}\n`)

const answers: ((line: string) => void)[] = []
void (async () => {
  for await (const line of linesOf(Bun.stdin.stream())) answers.shift()?.(line)
  process.exit(1)
})()

async function ask(message: DriverMessage): Promise<string> {
  const answer = new Promise<string>((resolve) => answers.push(resolve))
  say(message)
  const { value, error } = JSON.parse(await answer) as { value?: string; error?: string }
  if (value === undefined) throw new Error(error)
  return value
}

async function run(scenario: Scenario, mode: Mode): Promise<Outcome> {
  const declared = new Set(scenario.hostSettings ?? [])
  const hostWide: HostWide = {
    async set(setting, value) {
      if (!declared.has(setting)) throw new Error(`the scenario does not declare that it changes ${setting}`)
      await ask({ set: setting, value })
    },
    get: (setting) => ask({ get: setting }),
  }
  const lab = buildLab(scenario.topology, hostWide)
  await scenario.arrange?.(lab)
  const before = await readAll(lab, scenario.proofs)
  const isWatched = mode === "whole" && scenario.observer?.watch !== undefined
  const watching = isWatched ? await startWatch(scenario) : undefined
  const begun = performance.now()
  await scenario.fault?.(lab)
  const { readings, at } = await waitForProof(lab, scenario, before)
  const base = { readings, wallMs: 0 }
  if (mode === "fault-only" || !readings.every(({ isProven }) => isProven)) return { ...base, looks: 0, said: [] }

  const truth: Truth = {
    expects: scenario.expects?.(lab) ?? [],
    tolerates: scenario.tolerates ?? [],
    mustNot: scenario.mustNot ?? [],
  }
  const seen = watching === undefined ? await look(scenario, truth) : await watching(truth)
  const after = await readAll(lab, scenario.proofs)
  const standing = readings.map((reading, i) => stillThere(scenario.proofs[i]!, reading, after[i]!))
  return {
    readings: standing,
    looks: seen.looks,
    verdict: seen.verdict,
    said: seen.said,
    ...(seen.namedAt === undefined || truth.expects.length === 0
      ? {}
      : { detectionMs: seen.namedAt - (watching === undefined ? at : begun) }),
    wallMs: 0,
  }
}

// ---- the fault -----------------------------------------------------------------------------------------------------

async function readAll(lab: Lab, proofs: readonly Proof[]): Promise<number[]> {
  const values: number[] = []
  for (const proof of proofs) values.push(await proof.read(lab))
  return values
}

async function waitForProof(lab: Lab, scenario: Scenario, before: readonly number[]) {
  const deadline = performance.now() + (scenario.proofSeconds ?? PROOF_SECONDS) * 1000
  for (;;) {
    const values = await readAll(lab, scenario.proofs)
    const readings = scenario.proofs.map((proof, i) => compare(proof, before[i]!, values[i]!))
    const at = performance.now()
    if (readings.every(({ isProven }) => isProven) || at > deadline) return { readings, at }
    await Bun.sleep(PROOF_EVERY_MS)
  }
}

function compare({ what, rises, reaches }: Proof, before: number, after: number): ProvenReading {
  if (rises !== undefined) return { what, before, after, goal: `rise by ${rises}`, isProven: after - before >= rises }
  return { what, before, after, goal: `reach ${reaches}`, isProven: after >= (reaches ?? 0) }
}

/** The fault must have stood while the program looked, or a miss would be the lab's own. */
function stillThere(proof: Proof, reading: ProvenReading, now: number): ProvenReading {
  if (proof.rises === undefined) return compare(proof, reading.before, now)
  const isProven = reading.isProven && (now > reading.after || proof.rises === 0)
  return { ...reading, after: now, goal: `${reading.goal}, and on`, isProven }
}

// ---- the program under test ----------------------------------------------------------------------------------------

interface Seen {
  readonly looks: number
  readonly verdict: Verdict
  readonly said: readonly string[]
  readonly namedAt?: number
}

const isWhole = ({ misses, wrongCulprits }: Verdict) => misses.length + wrongCulprits.length === 0

const describe = ({ findings }: Answer) =>
  findings.map(({ id, severity, culprit }) => `${severity} ${id} ${JSON.stringify(culprit ?? {})}`)

/** A false alarm of any look stands, whatever the next one says. */
function withAlarms(verdict: Verdict, alarms: ReadonlySet<string>): Verdict {
  return { ...verdict, falseAlarms: [...alarms] }
}

async function look(scenario: Scenario, truth: Truth): Promise<Seen> {
  const alarms = new Set<string>()
  for (let looks = 1; ; looks++) {
    const answer = await askOnce(scenario.observer, truth)
    const now = performance.now()
    const verdict = judge(truth, answer.findings)
    for (const id of verdict.falseAlarms) alarms.add(id)
    if (!isWhole(verdict) && looks < LOOKS_MAX) continue
    const seen = { looks, verdict: withAlarms(verdict, alarms), said: describe(answer) }
    return isWhole(verdict) ? { ...seen, namedAt: now } : seen
  }
}

async function askOnce(observer: Scenario["observer"], truth: Truth): Promise<Answer> {
  const child = Bun.spawn(command(observer), { stdin: "ignore", stdout: "pipe", stderr: "pipe" })
  const deadline = setTimeout(() => child.kill("SIGKILL"), LOOK_DEADLINE_MS)
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  const exitCode = await child.exited
  clearTimeout(deadline)
  if (stdout.trim() === "") throw new Error(`diagnose ended with ${exitCode} and said: ${stderr.trim().slice(0, 300)}`)
  return readAnswer(stdout, { observer, truth })
}

/** Watches from now on; what it answers waits for the truth, and gives up `seconds` after that was told. */
async function startWatch(scenario: Scenario): Promise<(truth: Truth) => Promise<Seen>> {
  const { calmSeconds, seconds } = scenario.observer!.watch!
  const child = Bun.spawn(command(scenario.observer), { stdin: "ignore", stdout: "pipe", stderr: "pipe" })
  const complaints = new Response(child.stderr).text()
  const said: { readonly line: string; readonly at: number }[] = []
  let wake = () => {}
  const reading = (async () => {
    for await (const line of linesOf(child.stdout)) {
      said.push({ line, at: performance.now() })
      wake()
    }
  })()
  await Bun.sleep(calmSeconds * 1000)
  return async (truth) => {
    const read = (line: string) => readAnswer(line, { observer: scenario.observer, truth })
    const deadline = setTimeout(() => child.kill("SIGKILL"), seconds * 1000)
    const alarms = new Set<string>()
    let last: Verdict | undefined
    for (let looks = 0; ; looks++) {
      while (said.length === looks && child.exitCode === null) {
        const next = new Promise<void>((resolve) => {
          wake = resolve
        })
        await Promise.race([next, child.exited])
      }
      const one = said[looks]
      if (one === undefined) {
        await reading
        if (last === undefined)
          throw new Error(`diagnose --watch said nothing: ${(await complaints).trim().slice(0, 300)}`)
        return { looks, verdict: withAlarms(last, alarms), said: describe(read(said.at(-1)!.line)) }
      }
      const answer = read(one.line)
      last = judge(truth, answer.findings)
      for (const id of last.falseAlarms) alarms.add(id)
      if (!isWhole(last)) continue
      clearTimeout(deadline)
      child.kill("SIGKILL")
      return { looks: looks + 1, verdict: withAlarms(last, alarms), said: describe(answer), namedAt: one.at }
    }
  }
}

// ---- all of it -----------------------------------------------------------------------------------------------------

const [name = "", mode] = process.argv.slice(2) as [string, Mode]
const { default: scenario } = (await import(join(import.meta.dir, "../incidents", `${name}.ts`))) as {
  default: Scenario
}
const outcome = await run(scenario, mode).catch(
  (error: unknown): Outcome => ({
    problem: error instanceof Error ? error.message : String(error),
    readings: [],
    looks: 0,
    said: [],
    wallMs: 0,
  }),
)
say({ outcome })
process.exit(0)
