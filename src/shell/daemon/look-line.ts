/** What one look says in its line: what it means, and what the rules find. They remember from look to look. */
import type { Thresholds } from "../../core/config/thresholds.ts"
import { type DiagnosisState, diagnose, initialDiagnosisState } from "../../core/diagnosis/diagnose.ts"
import { findingsForRecord } from "../../core/diagnosis/recorded.ts"
import { rules } from "../../core/diagnosis/rules/index.ts"
import { deriveEvidence } from "../../core/model/evidence.ts"
import { withVerdict } from "../../core/model/health.ts"
import { deriveModel, type Model } from "../../core/model/model.ts"
import type { Sample } from "../../core/sample/sample.ts"
import { snapshotHealth } from "../../core/snapshot/health.ts"
import type { SnapshotMore } from "../../core/snapshot/line.ts"
import type { Look } from "../collect.ts"

export interface LookLine {
  readonly model: Model
  readonly more: Pick<SnapshotMore, "health" | "findings" | "coveragePercent">
}

export class LookLines {
  private state: DiagnosisState = initialDiagnosisState

  /** Without a look before there are no rates, and nothing that the rules could judge. */
  read({ sample, rates }: Look, previous: Sample | undefined, thresholds: Thresholds): LookLine {
    const before = previous === undefined ? {} : { previous }
    const model = deriveModel({ sample, ...before, into: rates, thresholds })
    const { coverage } = model
    const { health, findings } = this.judge(sample, previous, model, thresholds)
    return {
      model,
      more: {
        health: snapshotHealth({ ...model, health }, { sample, ...before }),
        ...(findings === undefined ? {} : { findings }),
        ...(coverage.ok ? { coveragePercent: Math.round(coverage.value.percent * 100) / 100 } : {}),
      },
    }
  }

  private judge(sample: Sample, previous: Sample | undefined, model: Model, thresholds: Thresholds) {
    if (previous === undefined || model.elapsedMs === undefined) return { health: model.health }
    const evidence = deriveEvidence({ sample, previous, model, thresholds })
    const { diagnosis, state } = diagnose(evidence, this.state, { rules })
    this.state = state
    return { health: withVerdict(model.health, diagnosis.level), findings: findingsForRecord(diagnosis) }
  }
}
