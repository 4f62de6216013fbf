/**
 * `holyf-network diagnose`: what is wrong, who causes it and what to do next.
 *
 * The exit code is that of a monitoring plugin: 0 ok, 1 warning, 2 critical, 3 unknown.
 */
import { isatty } from "node:tty"
import type { Thresholds } from "../../core/config/thresholds.ts"
import { type DiagnosisState, diagnose, initialDiagnosisState } from "../../core/diagnosis/diagnose.ts"
import type { Diagnosis } from "../../core/diagnosis/finding.ts"
import { HOLD_MS, HOLD_ONE_WINDOW_MS } from "../../core/diagnosis/judge.ts"
import { rules } from "../../core/diagnosis/rules/index.ts"
import { type DiagnosisCost, diagnosisJson } from "../../core/export/diagnosis-json.ts"
import { diagnosisText } from "../../core/export/diagnosis-text.ts"
import { failedSources } from "../../core/export/notes.ts"
import { deriveEvidence } from "../../core/model/evidence.ts"
import type { Level } from "../../core/model/level.ts"
import { deriveModel } from "../../core/model/model.ts"
import type { Sample } from "../../core/sample/sample.ts"
import type { DiagnoseRequest } from "../cli.ts"
import { Collector } from "../collect.ts"
import { loadThresholds } from "../threshold-file.ts"
import { chooseLabel, namedInterface } from "./label.ts"
import { complain, print } from "./output.ts"

const SECOND_MS = 1_000

const exitCodeOf: Readonly<Record<Level, number>> = { ok: 0, warn: 1, crit: 2, unknown: 3 }

interface Judged {
  readonly sample: Sample
  readonly diagnosis: Diagnosis
}

/** Answers the exit code. Throws a `Failure` when there is nothing to judge. */
export async function printDiagnosis(asked: DiagnoseRequest): Promise<number> {
  const { thresholds, note } = loadThresholds(asked.healthConfig === undefined ? {} : { named: asked.healthConfig })
  if (note !== undefined) await complain(`note: ${note.text}`)
  const label = await chooseLabel(asked.interface)
  using collector = new Collector({
    ...namedInterface(label),
    readsGrounds: true,
    intervalMs: SECOND_MS,
    now: Date.now,
    monotonicMs: () => performance.now(),
  })
  const holdMs = asked.sample === 1 ? HOLD_ONE_WINDOW_MS : HOLD_MS
  const looks = judgeEverySecond(collector, thresholds, holdMs)
  return asked.watch ? watch(looks, asked.json) : once(looks, asked)
}

/** One diagnosis a second, for ever. The first one comes with the second look. */
async function* judgeEverySecond(collector: Collector, thresholds: Thresholds, holdMs: number): AsyncGenerator<Judged> {
  let { sample: previous } = await collector.look(undefined)
  let state: DiagnosisState = initialDiagnosisState
  for (;;) {
    // From look to look, so that a slow look does not stretch the window.
    await Bun.sleep(Math.max(0, previous.monotonicMs + SECOND_MS - performance.now()))
    const { sample, rates } = await collector.look(previous)
    const model = deriveModel({ sample, previous, into: rates, thresholds })
    const evidence = deriveEvidence({ sample, previous, model, thresholds })
    const judged = diagnose(evidence, state, { rules, holdMs })
    state = judged.state
    previous = sample
    yield { sample, diagnosis: judged.diagnosis }
  }
}

async function once(looks: AsyncGenerator<Judged>, { sample: seconds, json }: DiagnoseRequest): Promise<number> {
  const meter = startMeter()
  let last: Judged | undefined
  for (let look = 0; look < seconds; look++) last = (await looks.next()).value
  if (last === undefined) return exitCodeOf.unknown
  const { diagnosis, sample } = last
  await print(json ? [jsonOf(diagnosis, meter())] : diagnosisText(diagnosis, widthOf()))
  if (!json) for (const text of failedSources(sample)) await complain(`note: ${text}`)
  return exitCodeOf[diagnosis.level]
}

/** Until nobody reads any more, or a signal ends it: then the exit code is that of the last diagnosis. */
async function watch(looks: AsyncGenerator<Judged>, json: boolean): Promise<number> {
  let level: Level = "unknown"
  let isOver = false
  const end = () => {
    isOver = true
  }
  process.once("SIGINT", end)
  process.once("SIGTERM", end)
  let meter = startMeter()
  let shown = ""
  for await (const { diagnosis } of looks) {
    level = diagnosis.level
    const text = json ? jsonOf(diagnosis, meter()) : [...diagnosisText(diagnosis, widthOf())].join("")
    meter = startMeter()
    // Without JSON only what changes is told: which findings stand, and how bad they are.
    const mark = `${level} ${diagnosis.findings.map(({ id, severity, culprit }) => `${id} ${severity} ${culprit.netns}`).join()}`
    if (json || mark !== shown) {
      const separator = json || shown === "" ? "" : "\n"
      if (!(await print([separator, text]))) break
      shown = mark
    }
    if (isOver) break
  }
  return exitCodeOf[level]
}

const jsonOf = (diagnosis: Diagnosis, cost: DiagnosisCost): string =>
  diagnosisJson({ diagnosis, cost, offsetMinutes: -new Date(diagnosis.at).getTimezoneOffset() })

const widthOf = () => (isatty(1) ? process.stdout.columns || 80 : 100)

/** What this program itself has cost since the meter was started. */
function startMeter(): () => DiagnosisCost {
  const start = performance.now()
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return {
      cpuMs: (user + system) / 1_000,
      rssBytes: process.memoryUsage.rss(),
      wallMs: performance.now() - start,
    }
  }
}
