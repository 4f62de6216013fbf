/** What the live dashboard does when it is asked: one handler for each effect. Nothing else of it changes the host. */
import type { EveryEffect, LiveEffect } from "../core/app/effect.ts"
import type { Note } from "../core/sample/sample.ts"
import type { Collector } from "./collect.ts"
import { mitigationEffects } from "./effects/mitigation.ts"
import { traceEffects } from "./effects/trace.ts"
import { readInterface } from "./interfaces.ts"
import { sinceBootMs } from "./kernel/clock.ts"
import type { EffectHandlers } from "./program.ts"

export interface LiveWorld {
  readonly collector: Collector
  readonly interfaceName: string
  /** What was noted before the first look. */
  readonly notes: readonly Note[]
  readonly quit: (code: number) => void
}

export const liveEffects = ({
  collector,
  interfaceName,
  notes,
  quit,
}: LiveWorld): EffectHandlers<LiveEffect | EveryEffect> => ({
  "look/collect": async (_, state) => {
    const { sample, rates } = await collector.look(state.sample)
    const withNotes = { ...sample, notes: [...notes, ...sample.notes] }
    return { type: "look/collected", sample: withNotes, rates, at: sinceBootMs() }
  },
  "lane/collect": async () => {
    const monotonicMs = performance.now()
    const counters = await readInterface(interfaceName)
    return { type: "lane/collected", counters, monotonicMs, at: sinceBootMs() }
  },
  "program/quit": (effect) => {
    quit(effect.code)
    return undefined
  },
  ...mitigationEffects(),
  ...traceEffects(),
})
