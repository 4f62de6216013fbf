/** System Health with a device under watch. */
import { describe, expect, test } from "bun:test"
import type { State } from "../../src/core/app/state.ts"
import { missing, reading } from "../../src/core/sample/sample.ts"
import { apply, frame, press, settings, watching } from "../support/host.ts"
import { hostileNames, webServer } from "../support/hosts.ts"
import { carried, lanes, secondsOf } from "../support/seconds.ts"

const still = { rxPackets: 0, txPackets: 0, rxErrors: 0, txErrors: 0, rxDropped: 0, txDropped: 0 }

/** Two readings of the device, a second apart. */
function carrying(width: number, height: number, name: string) {
  const before = { ...watching(width, height, webServer), settings: { ...settings, interfaceName: name } }
  const read = (bytes: number, second: number) =>
    ({
      type: "lane/collected",
      counters: reading({ name, rxBytes: bytes, txBytes: 0, ...still }),
      monotonicMs: second * 1000,
      at: before.now,
    }) as const
  return apply(before, read(0, 1), read(1500, 2))
}

// The kernel refuses blanks and slashes in the name of a device, and nothing else.
test.each(hostileNames.filter((name) => name !== "").map((name) => [JSON.stringify(name), name] as const))(
  "a device called %s is text on every screen",
  (_, name) => {
    for (const [width, height] of [
      [60, 15],
      [80, 24],
      [120, 40],
    ] as const) {
      const shown = frame(carrying(width, height, name))
      if (width >= 120) expect(shown).toContain("1.5KB/s")
      expect(shown).not.toMatch(/[^\P{C}\n]|\u200d|\p{M}/u)
    }
  },
)

test("a device that is gone is no figure", () => {
  const gone = apply(carrying(80, 24, "eth0"), {
    type: "lane/collected",
    counters: missing("interface eth0 is gone"),
    monotonicMs: 3000,
    at: 0,
  })
  expect(frame(gone)).toContain("interface –")
  expect(frame(gone)).not.toContain("1.5KB/s")
})

describe("as much as the height has room for", () => {
  const busy = (width: number, height: number, ...keys: string[]) =>
    press(
      carried(
        watching(width, height, webServer),
        secondsOf(70, (i) => ({
          rx: (1 + (i % 20)) * 100_000,
          tx: i > 50 ? 3_000_000 : 200_000,
          isUnread: i > 20 && i < 30,
        })),
        { speedBitsPerSecond: 1e9 },
      ),
      ...keys,
    ).state

  test("60x15: states in a line, the interface in full", () => {
    expect(frame(busy(60, 15, "tab"))).toMatchInlineSnapshot(`
      "
       HEALTH UNKNOWN  retrans n/a  conntrack n/a  eth0 977KB/s in
       ?  Not enough can be read for a verdict
      ┌─ System Health ──────────────────────────────────────────┐
      │ HEALTH UNKNOWN  retrans n/a  conntrack n/a               │
      │ EST 10  LS 3  TW 3  CW 1                                 │
      │ Interface eth0                                           │
      │ RX           977KB/s ▆▆▇██▂––––▆▆▇██▂▃▃▄▅▆▆▇██▂▃▃▄▅      │
      │ TX           2.9MB/s ▂▂▂▂▂▂––––▂▂▂▂▂▂▂▂▂▂▅█████████      │
      │ packets   0/s RX, 0/s TX                                 │
      │ speed     1.0 Gb/s  2.4% used                            │
      │ errors    0 RX, 0 TX since up                            │
      │ drops     0 RX, 0 TX since up                            │
      │                                                          │
      └──────────────────────────────────────────────────────────┘
       eth0  1m10s ago  every 30s  ↑↓ scroll  ? help  q quit
      "
    `)
  })

  test("80x24: all but what this tool takes, without air", () => {
    expect(frame(busy(80, 24, "tab"))).toMatchInlineSnapshot(`
      "
       HEALTH UNKNOWN  retrans n/a  conntrack n/a  eth0 977KB/s in  2.9MB/s out
       ?  Not enough can be read for a verdict
      ┌─ System Health ──────────────────────────────────────────────────────────────┐
      │ HEALTH UNKNOWN                                                               │
      │ retrans n/a                                                                  │
      │ conntrack n/a                                                                │
      │ ESTABLISHED        10  ━━━━━━━━━━━━━━━━━━━━                                  │
      │ LISTEN              3  ━━━━━━                                                │
      │ TIME_WAIT           3  ━━━━━━                                                │
      │ CLOSE_WAIT          1  ━━                                                    │
      │ total              17 sockets                                                │
      │ Retransmits                                                                  │
      │ not read in this test                                                        │
      │ Interface eth0                                                               │
      │ RX           977KB/s ▆▆▇██▂––––▆▆▇██▂▃▃▄▅▆▆▇██▂▃▃▄▅                          │
      │ TX           2.9MB/s ▂▂▂▂▂▂––––▂▂▂▂▂▂▂▂▂▂▅█████████                          │
      │ packets   0/s RX, 0/s TX                                                     │
      │ speed     1.0 Gb/s  2.4% used                                                │
      │ errors    0 RX, 0 TX since up                                                │
      │ drops     0 RX, 0 TX since up                                                │
      │ Conntrack                                                                    │
      │ not read in this test                                                        │
      └──────────────────────────────────────────────────────────────────────────────┘
       eth0  1m10s ago  every 30s  ↑↓ scroll  s sort  v charts  ? help  q quit
      "
    `)
  })

  test.each([
    [120, 40],
    [200, 60],
  ])("%dx%d: everything, with air", (width, height) => {
    const shown = frame(busy(width, height))
    for (const word of ["ESTABLISHED", "Retransmits", "Interface eth0", "Conntrack", "this tool", "host load"])
      expect(shown).toContain(word)
  })

  test("no height from 15 to 60 leaves more blank lines than the next section would need", () => {
    const LARGEST_SECTION = 8
    for (let height = 15; height <= 60; height++) {
      const lines = frame(busy(80, height, "tab")).split("\n")
      const blank = lines.filter((row) => /^│ +│$/.test(row)).length
      const isAll = lines.some((row) => row.includes("host load"))
      if (!isAll) expect([height, blank]).toEqual([height, Math.min(blank, LARGEST_SECTION)])
    }
  })
})

describe("in one line", () => {
  const strip = (width: number, rx: number, tx: number) => {
    const state = carried(
      watching(width, 24, webServer),
      secondsOf(3, () => ({ rx, tx })),
    )
    return frame(state).split("\n")[1]!
  }

  test("no number is cut at any width: what does not fit is left out whole", () => {
    for (let width = 60; width < 100; width++)
      for (const bytes of [0, 999, 1_234_567, 98_765_432_100]) {
        const parts = strip(width, bytes, bytes).trim().split(/ {2,}/)
        for (const part of parts)
          expect(part).toMatch(
            /^(HEALTH \w+|retrans n\/a|conntrack n\/a|eth0 [\d.]+[KMG]?B\/s in|[\d.]+[KMG]?B\/s out)$/,
          )
      }
  })
})

test("the bars of the last minute stand beside RX and TX; a time that was not read has none", () => {
  const state = carried(
    watching(120, 40, webServer),
    secondsOf(60, (i) => ({ rx: i < 30 ? 1_000 : 8_000, tx: 5_000, isUnread: i >= 40 && i < 50 })),
  )
  const [rx, tx] = frame(state)
    .split("\n")
    .flatMap((row) => /│ (?:RX|TX) +\S+ ([▁-█–]+) *│$/.exec(row)?.[1] ?? [])
  expect([rx, tx]).toEqual(["▂▂▂▂▂▂▂▂▂▂████–––███", "██████████████–––███"])
})

test("while the screen is frozen its rates stand, and go on with what came meanwhile", () => {
  const state = carried(
    watching(120, 40, webServer),
    secondsOf(5, () => ({ rx: 1_000 })),
  )
  const paused = press(state, "p").state
  const later = apply(
    paused,
    ...lanes(
      paused,
      secondsOf(5, () => ({ rx: 9_000 })),
    ).slice(1),
  )
  const rx = (each: State) => /RX +(\S+)/.exec(frame(each))?.[1]
  expect([rx(paused), rx(later), rx(press(later, "p").state)]).toEqual(["1000B/s", "1000B/s", "8.8KB/s"])
})
