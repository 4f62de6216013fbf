/** A record on the screen: the model, the diagnosis and the rest of the facts, as a look would give them. */
import { recordedChange, recordedDiagnosis } from "../diagnosis/recorded.ts"
import { rules } from "../diagnosis/rules/index.ts"
import { type LineKey, positionOfKey } from "../history/history-index.ts"
import { episodesOf } from "../history/summary.ts"
import { withVerdict } from "../model/health.ts"
import { modelOfLine } from "../snapshot/record-model.ts"
import type { SnapshotLine } from "../snapshot/schema.ts"
import type { Replay } from "./replay.ts"
import type { State } from "./state.ts"

/** As many as the live screen keeps. */
const CHANGES_MAX = 20

export function showRecord(state: State, replay: Replay, key: LineKey, at: number, line: SnapshotLine): State {
  const { wanted: _, ...rest } = state
  const model = modelOfLine(line, at)
  const { index } = replay.history
  const position = positionOfKey(index, key, at)
  const diagnosis = recordedDiagnosis(
    { at, level: model.health.level, findings: line.findings ?? [] },
    {
      rules,
      since: (id) =>
        episodesOf(index).findLast((each) => each.id === id && each.from <= at && each.to >= at)?.from ?? at,
    },
  )
  return {
    ...rest,
    model: {
      ...model,
      health: withVerdict(model.health, diagnosis.level),
      notes: [...model.notes, ...replay.history.problems.map((text) => ({ source: "history", text }))],
    },
    diagnosis,
    changes: episodesOf(index)
      .filter(({ from }) => from <= at)
      .slice(-CHANGES_MAX)
      .toReversed()
      .map((episode) => recordedChange(episode, { rules, at })),
    lookedAt: state.now,
    lane: { traffic: model.traffic, spike: { shown: "unknown", judged: "unknown" } },
    settings: { ...state.settings, interfaceName: line.interface === "" ? "–" : line.interface },
    replay: { ...replay, shown: { key, at, position, line } },
  }
}
