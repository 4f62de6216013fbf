import { describe, expect, test } from "bun:test"
import { foldSpike, type Spike } from "../../../src/core/model/spike.ts"
import type { TrafficRates } from "../../../src/core/model/traffic.ts"

const MIB = 1024 * 1024
const GIGABIT = 1e9

/** One sample a number: MiB a second received; `undefined` is a sample without rates. */
function fold(series: readonly (number | undefined)[], speed?: number): Spike[] {
  const steps: Spike[] = []
  for (const mib of series) {
    const rates: TrafficRates | undefined =
      mib === undefined
        ? undefined
        : {
            rxBytesPerSecond: mib * MIB,
            txBytesPerSecond: 0,
            rxPacketsPerSecond: 1,
            txPacketsPerSecond: 1,
            ...(speed !== undefined && { usedPercent: ((mib * MIB * 8) / speed) * 100 }),
          }
    steps.push(foldSpike(steps.at(-1)?.state, rates))
  }
  return steps
}

const shown = (series: readonly (number | undefined)[], speed?: number) =>
  fold(series, speed)
    .map((step) => step.shown)
    .join(" ")

describe("one sample", () => {
  test.each([
    { name: "10 then 80 MiB/s without a speed is CRIT by ratio", series: [10, 80], judged: "crit" },
    {
      name: "40 then 110 MiB/s on 1 Gbit/s is CRIT by how full the link is",
      series: [40, 110],
      speed: GIGABIT,
      judged: "crit",
    },
    {
      name: "40 then 75 MiB/s on 1 Gbit/s is WARN by how full the link is",
      series: [40, 75],
      speed: GIGABIT,
      judged: "warn",
    },
    { name: "10 then 20 MiB/s is WARN by ratio", series: [10, 20], judged: "warn" },
    { name: "1 then 9 MiB/s is nothing: the floor is 5 MiB/s", series: [1, 9], judged: "ok" },
    { name: "200 MiB/s without a speed is CRIT at once", series: [200], judged: "crit" },
    { name: "80 MiB/s without a speed is WARN at once", series: [80], judged: "warn" },
  ] as const)("$name", ({ judged, ...given }) => {
    expect(fold(given.series, "speed" in given ? given.speed : undefined).at(-1)!.judged).toBe(judged)
  })
})

describe("what is shown", () => {
  test.each([
    { name: "nothing for three samples, then OK", series: [10, 10, 10, 10], levels: "unknown unknown unknown ok" },
    { name: "CRIT at once when ready", series: [10, 10, 10, 80], levels: "unknown unknown unknown crit" },
    { name: "nothing while not ready, however bad", series: [10, 80, 80], levels: "unknown unknown unknown" },
    {
      name: "WARN only after two in a row, OK before",
      series: [30, 30, 30, 85, 100],
      levels: "unknown unknown unknown ok warn",
    },
    {
      name: "WARN goes after three that are fine",
      series: [30, 30, 30, 85, 100, 40, 40, 40],
      levels: "unknown unknown unknown ok warn warn warn ok",
    },
    {
      name: "CRIT steps down after two that are fine, and goes with the third",
      series: [30, 30, 30, 250, 40, 40, 40],
      levels: "unknown unknown unknown crit crit warn ok",
    },
    {
      name: "CRIT becomes WARN after two that are WARN",
      series: [60, 60, 60, 250, 90, 90, 90],
      levels: "unknown unknown unknown crit crit warn warn",
    },
    {
      name: "a WARN between fine ones starts the count again",
      series: [60, 60, 60, 250, 40, 90, 40, 40],
      levels: "unknown unknown unknown crit crit crit crit warn",
    },
    {
      name: "nothing for a sample without rates",
      series: [10, 10, 10, 10, undefined, 10],
      levels: "unknown unknown unknown ok unknown ok",
    },
    { name: "nothing for a silent link", series: [10, 10, 10, 80, 0], levels: "unknown unknown unknown crit unknown" },
  ])("$name", ({ series, levels }) => expect(shown(series)).toBe(levels))
})

describe("the moving average", () => {
  const baselines = (series: readonly (number | undefined)[]) =>
    fold(series).map((step) => (step.state?.baselineBytesPerSecond ?? 0) / MIB)

  test("takes a fifth of each sample", () => expect(baselines([10, 20])).toEqual([10, 12]))
  test("takes a burst as three times itself", () => expect(baselines([10, 500])).toEqual([10, 14]))
  test("learns nothing from a sample without traffic", () => {
    expect(baselines([10, undefined, 0])).toEqual([10, 10, 10])
    expect(fold([undefined, 0]).at(-1)).toEqual({ shown: "unknown", judged: "unknown" })
  })
})
