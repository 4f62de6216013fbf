/** What the live dashboard does when it is asked: one handler for each effect. Nothing else of it changes the host. */
import type { EveryEffect, LiveEffect } from "../core/app/effect.ts"
import type { Note } from "../core/sample/sample.ts"
import type { Collector } from "./collect.ts"
import { mitigationEffects } from "./effects/mitigation.ts"
import { traceEffects } from "./effects/trace.ts"
import { readInterface } from "./interfaces.ts"
import { sinceBootMs } from "./kernel/clock.ts"
import { rest, trimOwnMemory } from "./own-memory.ts"
import { lookUpPort } from "./pods/lookup.ts"
import { readConntrack, readTcpCounters } from "./procfs.ts"
import type { EffectHandlers } from "./program.ts"
import { latestRelease } from "./release.ts"

export interface LiveWorld {
  readonly collector: Collector
  readonly interfaceName: string
  /** What was noted before the first look. */
  readonly notes: readonly Note[]
  readonly quit: (code: number) => void
}

/** With so many sockets a look takes long enough that giving pages back in the middle of it does not matter. */
const MANY_ROWS = 20_000

/** The picture of a look is painted by then. */
const AFTER_LOOK_MS = 50

export const liveEffects = ({
  collector,
  interfaceName,
  notes,
  quit,
}: LiveWorld): EffectHandlers<LiveEffect | EveryEffect> => ({
  "look/collect": async (_, state) => {
    const { sample, rates } = await collector.look(state.sample)
    const withNotes = { ...sample, notes: [...notes, ...sample.notes] }
    // Between reading and deriving, where every megabyte counts.
    if (sample.sockets.ok && sample.sockets.value.table.length > MANY_ROWS) trimOwnMemory()
    // Once the look is shown.
    setTimeout(rest, AFTER_LOOK_MS)
    return { type: "look/collected", sample: withNotes, rates, at: sinceBootMs() }
  },
  "lane/collect": async () => {
    const monotonicMs = performance.now()
    const counters = await readInterface(interfaceName)
    const pulse = { counters: readTcpCounters(), conntrack: readConntrack() }
    return { type: "lane/collected", counters, pulse, monotonicMs, at: sinceBootMs() }
  },
  "release/ask": async () => ({ type: "release/known", tag: await latestRelease() }),
  "port/look-up": async ({ port }) => ({ type: "pod-lookup/answered", found: await lookUpPort(port) }),
  "program/quit": (effect) => {
    quit(effect.code)
    return undefined
  },
  ...mitigationEffects(),
  ...traceEffects(),
})
