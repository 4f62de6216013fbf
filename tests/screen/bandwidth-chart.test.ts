/** The charts: a known series at known places, gaps open, every size, and no key that is swallowed. */
import { describe, expect, test } from "bun:test"
import { actionsForMouse } from "../../src/core/app/keymap.ts"
import type { State } from "../../src/core/app/state.ts"
import { apply, frame, press, statusLine, watching } from "../support/host.ts"
import { webServer } from "../support/hosts.ts"
import { carried, type LaneOptions, lanes, type SecondSpec, secondsOf } from "../support/seconds.ts"

const MB = 2 ** 20

const web = (width = 80, height = 24) => watching(width, height, webServer)
const charts = (seconds: readonly SecondSpec[], options: LaneOptions = {}, width = 80, height = 24): State =>
  press(carried(web(width, height), seconds, options), "v").state

/** A saw of 20 s on RX, one burst on TX. */
const busy = secondsOf(70, (i) => ({
  rx: (1 + (i % 20) / 5) * MB,
  tx: i >= 40 && i < 45 ? 60 * MB : 0.5 * MB,
  retransmits: i === 50 ? 12 : 0,
  connections: 100 + i,
  conntrack: 5_000 + 50 * i,
}))

describe("the picture", () => {
  test("80x24", () => {
    expect(frame(charts(busy, { speedBitsPerSecond: 1e9 }))).toMatchInlineSnapshot(`
      "
      ┌─ Bandwidth eth0 ─────────────────────────────────────────────── last minute ─┐
      │ RX  2.8MB/s  peak 4.8MB/s               TX  512KB/s  peak 60.0MB/s           │
      │   5MB│    ⢀⡄        ⢀⢤         ⣠        80MB│                                │
      │      │   ⢠⠊⡇       ⢠⠊⢸        ⡔⢹            │┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ warn 71.5MB/s │
      │      │  ⡰⠁ ⡇      ⡰⠁ ⢸      ⢀⠎ ⢸            │                ⢠⠤⢤             │
      │      │ ⡜   ⡇     ⡜   ⢸     ⢠⠃  ⢸            │                ⢸ ⢸             │
      │ 2.5MB│⠎    ⢱   ⢀⠎    ⠈⡆   ⡰⠁   ⠈⡆   ⡰   40MB│                ⢸ ⢸             │
      │      │     ⢸  ⡠⠃      ⡇ ⢀⠜      ⡇ ⢀⠜        │                ⢸ ⢸             │
      │      │     ⢸ ⡰⠁       ⡇⢀⠎       ⡇⢀⠎         │                ⡎ ⠈⡆            │
      │      │     ⢸⠜         ⡧⠃        ⡧⠃          │                ⡇  ⡇            │
      │      │                                      │                ⡇  ⡇            │
      │     0│                                     0│⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⡇  ⣇⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀│
      │      └───────────────────────────────       └────────────────────────────────│
      │       -60s         -30s           now        -60s          -30s           now│
      │ Retransmissions  0/s  peak 12/s  mean 0.2/s                                  │
      │ 20│                                                                          │
      │   │                                                                          │
      │ 10│                                                 ⢀⢧                       │
      │   │                                                 ⢸⠘⡄                      │
      │  0│⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⡎ ⢣⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀│
      │   └──────────────────────────────────────────────────────────────────────────│
      │    -60s            -45s               -30s              -15s              now│
      └──────────────────────────────────────────────────────────────────────────────┘
       eth0  1m10s ago  + closer  - longer  c lower chart  Esc back  ? help  q quit
      "
    `)
  })
  test("60x15: the third figure is one line", () => {
    expect(frame(charts(busy, { speedBitsPerSecond: 1e9 }, 60, 15))).toMatchInlineSnapshot(`
      "
      ┌─ Bandwidth eth0 ─────────────────────────── last minute ─┐
      │ RX  2.8MB/s  peak 4.8MB/s     TX  512KB/s  peak 60.0MB/s │
      │   5MB│   ⣴      ⣴     ⢠⡆      80MB│┄┄┄┄┄┄┄ warn 71.5MB/s │
      │      │ ⢀⠜⢸    ⢀⠎⢸    ⢠⠊⡇          │                      │
      │      │⢀⠜ ⢸   ⢀⠎ ⢸   ⢠⠊ ⡇          │           ⡏⢹         │
      │ 2.5MB│⠜  ⠈⡆ ⢀⠇  ⢸  ⢠⠃  ⢱  ⡠   40MB│           ⡇⢸         │
      │      │    ⡇⢀⠇   ⢸ ⢰⠁   ⢸ ⡰⠁       │           ⡇⢸         │
      │      │    ⣧⠃    ⢸⢰⠁    ⢸⡔⠁        │           ⡇ ⡇        │
      │      │    ⠃     ⠘⠁     ⠘⠁         │           ⡇ ⡇        │
      │     0│                           0│⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⡇ ⣇⣀⣀⣀⣀⣀⣀⣀⣀│
      │      └─────────────────────       └──────────────────────│
      │       -60s    -30s      now        -60s     -30s      now│
      │ Retransmissions  0/s  peak 12/s  mean 0.2/s  ▁▁▁▁▁▁▁█▁▁▁ │
      └──────────────────────────────────────────────────────────┘
       eth0  1m10s ago  - longer  Esc back  ? help  q quit
      "
    `)
  })
  test("120x40, conntrack with its thresholds", () => {
    const state = press(charts(busy, { speedBitsPerSecond: 1e9 }, 120, 40), "c", "c").state
    expect(frame(state)).toMatchInlineSnapshot(`
      "
      ┌─ Bandwidth eth0 ─────────────────────────────────────────────────────────────────────────────────────── last minute ─┐
      │ RX  2.8MB/s  peak 4.8MB/s  mean 2.9MB/s                     TX  512KB/s  peak 60.0MB/s  mean 5.4MB/s                 │
      │   5MB│        ⢀                ⢀                ⡀           80MB│                                                    │
      │      │       ⡠⢻               ⡠⢻               ⡜⡇               │                                                    │
      │      │      ⢰⠁⢸              ⡰⠁⢸              ⡸ ⡇               │┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ warn 71.5MB/s │
      │      │     ⢠⠃ ⢸             ⡰⠁ ⢸             ⡔⠁ ⡇               │                                                    │
      │      │    ⡰⠁  ⠘⡄           ⡰⠁  ⢸            ⡜   ⢣               │                                                    │
      │      │   ⡰⠁    ⡇          ⡜    ⢸          ⢀⠜    ⢸               │                          ⢸⠉⠉⠉⡇                     │
      │      │  ⡔⠁     ⡇         ⡜     ⢸         ⢀⠎     ⢸               │                          ⢸   ⡇                     │
      │      │ ⡸       ⡇        ⡜      ⢸         ⡜      ⢸               │                          ⢸   ⡇                     │
      │      │⡰⠁       ⡇       ⡜       ⠈⡆      ⢀⠎       ⢸       ⢀       │                          ⢸   ⢇                     │
      │ 2.5MB│         ⡇     ⢀⠜         ⡇     ⢀⠎        ⢸      ⢠⠃   40MB│                          ⢸   ⢸                     │
      │      │         ⡇    ⢀⠎          ⡇    ⢠⠊         ⢸     ⢠⠃        │                          ⢸   ⢸                     │
      │      │         ⡇   ⢀⠎           ⡇   ⢠⠃          ⢸    ⡰⠁         │                          ⢸   ⢸                     │
      │      │         ⢸  ⢀⠎            ⡇  ⢀⠎            ⡇  ⢠⠃          │                          ⡜   ⢸                     │
      │      │         ⢸ ⢀⠎             ⡇ ⢠⠃             ⡇ ⡠⠃           │                          ⡇   ⢸                     │
      │      │         ⢸⢠⠊              ⡇⢠⠃              ⡇⡰⠁            │                          ⡇   ⢸                     │
      │      │         ⢸⠃               ⡷⠁               ⡷⠁             │                          ⡇   ⢸                     │
      │      │                                                          │                          ⡇   ⠈⡆                    │
      │      │                                                          │                          ⡇    ⡇                    │
      │      │                                                          │                          ⡇    ⡇                    │
      │     0│                                                         0│⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⡇    ⣇⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀│
      │      └───────────────────────────────────────────────────       └────────────────────────────────────────────────────│
      │       -60s       -45s        -30s         -15s        now        -60s       -45s         -30s        -15s         now│
      │ Conntrack entries  8,450  peak 8,450  mean 6,950                                                                     │
      │ 10k│┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ full 10,000 │
      │    │ crit 85% ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄⣀⣀⣀⣀⣀⣀⣀│
      │    │                                                                      ⢀⣀⣀⣀⣀⣀⣀⣀⣀⣀⠤⠤⠤⠤⠤⠤⠤⠔⠒⠒⠒⠒⠒⠒⠒⠒⠊⠉⠉⠉⠉⠉⠉⠉⠉⠉       │
      │    │┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄⣀⣀⣀⣀⣀⣀⣀⣀⣀⠤⠤⠤⠤⠤⠤⠤⠤⠤⠔⠒⠒⠒⠒⠒⠒⠒⠉⠉⠉⠉⠉⠉⠉⠉⠉⠁┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ warn 70% │
      │    │ ⣀⣀⣀⣀⣀⣀⣀⡠⠤⠤⠤⠤⠤⠤⠤⠤⠤⠒⠒⠒⠒⠒⠒⠒⠒⠒⠊⠉⠉⠉⠉⠉⠉⠉                                                                              │
      │  5k│⠉                                                                                                                │
      │    │                                                                                                                 │
      │    │                                                                                                                 │
      │    │                                                                                                                 │
      │    │                                                                                                                 │
      │   0│                                                                                                                 │
      │    └─────────────────────────────────────────────────────────────────────────────────────────────────────────────────│
      │     -60s                      -45s                        -30s                        -15s                        now│
      └──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────┘
       eth0  1m10s ago  every 30s  + closer  - longer  c lower chart  Tab panel  Esc back  p pause  i explain  ? help  q quit
      "
    `)
  })
})

/** The rows of the chart at the left, from its highest label to the axis. */
function rxRows(state: State): readonly string[] {
  const rows = frame(state).split("\n")
  return rows
    .slice(
      3,
      rows.findIndex((row) => row.includes("└")),
    )
    .map((row) => row.slice(1, 39))
}

describe("a known series", () => {
  test("a constant is a level line over the whole width, at the height that the axis says", () => {
    const rows = rxRows(charts(secondsOf(70, () => ({ rx: 2 * MB }))))
    const drawn = rows.filter((row) => /[\u2801-\u28ff]/.test(row))
    expect(drawn.length).toBe(1)
    expect(rows[0]).toContain("2MB│")
    expect(drawn[0]).toBe(rows[0]!)
    expect(drawn[0]).toMatch(/│[\u2801-\u28ff]{33}$/)
  })

  test("one second alone stands at its time: 30 s ago is the middle", () => {
    const rows = rxRows(charts(secondsOf(90, (i) => ({ rx: i === 59 ? 2 * MB : 0 }))))
    const at = rows[0]!.search(/[\u2801-\u28ff]/)
    const plot = rows[0]!.indexOf("│") + 1
    expect(Math.abs(at - (plot + 16))).toBeLessThanOrEqual(1)
  })

  test("what is older than the window is neither drawn nor counted", () => {
    const shown = frame(charts(secondsOf(100, (i) => ({ rx: i < 30 ? 90 * MB : MB }))))
    expect(shown).toContain("peak 1.0MB/s")
    expect(frame(press(charts(secondsOf(100, (i) => ({ rx: i < 30 ? 90 * MB : MB }))), "-").state)).toContain(
      "peak 90.0MB/s",
    )
  })

  test("seconds that were not read stay open", () => {
    const rows = rxRows(charts(secondsOf(70, (i) => ({ rx: 2 * MB, isUnread: i >= 30 && i < 50 }))))
    expect(rows[0]).toMatch(/[\u2801-\u28ff] {9,11}[\u2801-\u28ff]/)
  })

  test("a counter that went back leaves a gap and no peak", () => {
    const before = carried(
      web(),
      secondsOf(30, () => ({ rx: MB })),
    )
    const after = apply(
      before,
      ...lanes(
        before,
        secondsOf(30, () => ({ rx: MB })),
      ).slice(1),
    )
    expect(frame(press(after, "v").state)).toContain("peak 1.0MB/s")
  })
})

describe("limits", () => {
  const quiet = secondsOf(70, () => ({ rx: MB, tx: MB }))
  const near = secondsOf(70, () => ({ rx: 90 * MB }))

  test("far above the curve they do not press it flat", () => {
    expect(frame(charts(quiet, { speedBitsPerSecond: 1e9 }))).not.toContain("link")
  })

  test("near the curve they are drawn, with their names", () => {
    const shown = frame(charts(near, { speedBitsPerSecond: 1e9 }, 160, 50))
    for (const word of ["link 1.0 Gb/s", "crit 101MB/s", "warn 71.5MB/s"]) expect(shown).toContain(word)
  })

  test("without a link speed no link is drawn, and no percentage invented", () => {
    const shown = frame(charts(near, {}, 160, 50))
    expect(shown).not.toContain("link")
    expect(shown).toContain("warn 80.0MB/s")
  })
})

describe("before there is anything", () => {
  test("it says what it waits for", () => {
    expect(frame(press(web(), "v").state)).toContain("the first figures come within two")
  })

  test("an interface that cannot be read says why, in both charts", () => {
    const shown = frame(charts(busy, { failure: "interface eth0 is gone" }))
    expect(shown.split("interface eth0 is gone").length).toBe(3)
    expect(shown).toContain("Retransmissions  0/s")
  })
})

describe("while paused", () => {
  const paused = press(charts(secondsOf(70, () => ({ rx: MB }))), "p").state
  const later = apply(
    paused,
    ...lanes(
      paused,
      secondsOf(30, () => ({ rx: 4 * MB })),
    ).slice(1),
  )

  test("the charts stand still", () => {
    const body = (state: State) => frame(state).split("\n").slice(0, -2)
    expect(body(later)).toEqual(body(paused))
    expect(frame(later)).toContain("paused")
  })

  test("and the seconds are there when it goes on", () => {
    expect(frame(press(later, "p").state)).toContain("peak 4.0MB/s")
    expect(frame(press(later, "p").state)).toContain("RX  4.0MB/s")
  })
})

describe("keys", () => {
  const open = charts(busy)

  test.each([["2"], ["v"], ["ctrl+2"]])("%s opens them", (chord) => {
    expect(press(web(), chord).state.page).toBe("bandwidth-chart")
  })

  test.each([["1"], ["ctrl+1"], ["escape"], ["v"]])("%s goes back to the dashboard, as it was", (chord) => {
    const before = carried(press(web(120, 40), "tab", "z").state, busy)
    const { state } = press(before, "v", chord)
    expect([state.page, state.focus, state.isZoomed]).toEqual([undefined, "system-health", true])
  })

  test.each([
    ["3", "top-connections"],
    ["4", "system-health"],
    ["5", "diagnosis"],
  ] as const)("%s goes to its panel, from the charts and from the dashboard", (chord, panel) => {
    expect([press(open, chord).state.page, press(open, chord).state.focus]).toEqual([undefined, panel])
    expect(press(web(), chord).state.focus).toBe(panel)
  })

  test("Tab goes on to the next panel", () => expect(press(open, "tab").state.page).toBeUndefined())

  test("none is swallowed: the program's work, and those of a panel say where they work", () => {
    expect(press(open, "r").effects).toEqual([{ type: "look/collect" }])
    expect(press(open, "?").state.overlays).toEqual(["help"])
    expect(press(open, "m").state.isMasked).toBe(true)
    expect(press(open, "q").effects).toEqual([{ type: "program/quit", code: 0 }])
    expect(press(open, "ctrl+c").effects).toEqual([{ type: "program/quit", code: 0 }])
    expect(statusLine(press(charts(busy, {}, 120), "o").state)).toContain("press 3 for Top Incoming first")
    expect(statusLine(press(watching(120, 24, webServer), "c").state)).toContain("press 2 for Bandwidth eth0 first")
  })

  test("- and + go through 1, 5 and 15 minutes, and say at each end that there is no more", () => {
    const minutes = (...chords: string[]) => press(open, ...chords).state.slices["bandwidth-chart"].minutes
    expect([minutes(), minutes("-"), minutes("-", "-"), minutes("-", "-", "+")]).toEqual([1, 5, 15, 5])
    expect(statusLine(press(open, "+").state)).toContain("one minute is the shortest")
    expect(statusLine(press(open, "-", "-", "-").state)).toContain("no more than 15 minutes")
    const wheel = actionsForMouse(open, { kind: "wheel-down", x: 20, y: 5 })
    expect(apply(open, ...wheel).slices["bandwidth-chart"].minutes).toBe(5)
  })

  test("c goes through the figures and round", () => {
    const shown = (...chords: string[]) => frame(press(open, ...chords).state)
    expect(shown()).toContain("Retransmissions")
    expect(shown("c")).toContain("TCP connections up  169")
    expect(shown("c", "c")).toContain("Conntrack entries  8,450")
    expect(shown("c", "c", "c")).toContain("Retransmissions")
  })

  test("a click brings nothing behind them to the front", () => {
    expect(apply(open, ...actionsForMouse(open, { kind: "click", x: 20, y: 5 }))).toEqual(open)
  })
})
