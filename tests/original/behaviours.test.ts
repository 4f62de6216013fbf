/** The original's behaviours: that each has a proof, and the proofs that stand nowhere else. */
import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { everyPanel } from "../../src/core/app/registry.ts"
import type { State } from "../../src/core/app/state.ts"
import type { KillSummary } from "../../src/core/mitigation/kill.ts"
import { killReport } from "../../src/core/mitigation/report.ts"
import { reading, type Sample } from "../../src/core/sample/sample.ts"
import {
  apply,
  frame,
  type HostSpec,
  look,
  opened,
  panelFrame,
  press,
  statusLine,
  typed,
  watching,
} from "../support/host.ts"
import { crowd, webServer } from "../support/hosts.ts"
import { carried } from "../support/seconds.ts"
import { behaviours } from "./behaviours.ts"

const root = join(import.meta.dir, "../..")
const web = (width = 120, height = 40, host: HostSpec = webServer) => watching(width, height, host)
const top = ({ slices }: State) => slices["top-connections"]
/** The frame of Top Connections says which rows of how many it shows. */
const rowsNote = (state: State) => /(\d+-\d+ of \d+[^─]*?) ─/.exec(frame(state))?.[1]
const plain = (state: State) => frame(state).replace(/[│┌┐└┘─]/g, " ")

describe("the list", () => {
  test("has each of the 49 once", () => {
    expect(behaviours.map(({ number }) => number)).toEqual(Array.from({ length: 49 }, (_, i) => i + 1))
  })

  test("names tests that are there", () => {
    const sources = new Map<string, string>()
    const source = (file: string) => {
      const known = sources.get(file) ?? readFileSync(join(root, file), "utf8")
      sources.set(file, known)
      return known
    }
    const missing = behaviours.flatMap((behaviour) =>
      "proofs" in behaviour
        ? behaviour.proofs.flatMap(({ file, names }) =>
            names.filter((name) => !source(file).includes(name)).map((name) => `${behaviour.number}: ${file} ${name}`),
          )
        : [],
    )
    expect(missing).toEqual([])
  })

  test("a behaviour that waits for a panel has none yet: once it is there, its proof is owed", () => {
    const ids: readonly string[] = everyPanel.map(({ id }) => id)
    const owed = behaviours.flatMap((behaviour) =>
      "waitsFor" in behaviour && ids.includes(behaviour.waitsFor) ? [`${behaviour.number}: ${behaviour.what}`] : [],
    )
    expect(owed).toEqual([])
  })
})

describe("Top Connections", () => {
  test("1: rows fill the height, ] shows the others, [ comes back", () => {
    const state = press(watching(80, 15, crowd(14)), "P", "P").state
    const first = rowsNote(state)
    expect(first).toMatch(/^1-\d+ of 14/)
    const next = press(state, "]").state
    expect(rowsNote(next)).toMatch(/-14 of 14/)
    expect(rowsNote(press(next, "[").state)).toBe(first)
  })

  test("2: outgoing rows are those whose local port nobody listens on; their ports are the peers'", () => {
    const out = press(web(), "o", "g").state
    expect(frame(out)).toContain("Top Outgoing")
    expect(plain(out)).toMatch(/10\.0\.4\.31 +2 .*api +5432/)
    expect(plain(out)).not.toContain("198.51.100.24")
  })

  test("3: at every height the selected row is on the screen, first, middle and last", () => {
    for (let height = 15; height <= 60; height++) {
      const state = watching(80, height, crowd(100))
      for (const chords of [[], ["]", "down"], ["end"]]) {
        const lines = frame(press(state, ...chords).state).split("\n")
        expect([height, lines.filter((row) => row.includes("▌")).length]).toEqual([height, 1])
      }
    }
  })

  test("4: the selected row in words is masked, and nobody's process stays ct/nat", () => {
    const masked = press(web(), "m").state
    const detail = frame(masked)
      .split("\n")
      .find((row) => row.includes("←"))
    expect(detail).toMatch(/xxx\.[g-z]{3}\.0\.10:443 ← xxx\.[g-z]{3}\.100\.24:51822/)
    expect(frame(masked)).not.toMatch(/198\.51|203\.0|10\.0\.0/)
  })

  const fourOfOnePeer: HostSpec = {
    connections: [
      ["8080", "ESTABLISHED"],
      ["8080", "ESTABLISHED"],
      ["9090", "TIME_WAIT"],
      ["9091", "CLOSE_WAIT"],
    ].map(([port, state], i) => ({
      local: `10.0.0.10:${port}`,
      remote: `198.51.100.7:${40_000 + i}`,
      state: state as "ESTABLISHED",
      process: "api",
    })),
    listen: [8080, 9090, 9091],
  }

  test("5: a group in words has the share of each state, all ports, and is blocked at its busiest", () => {
    const grouped = press(web(120, 40, fourOfOnePeer), "g").state
    expect(plain(grouped)).toMatch(/states EST 50% \(2\) +CW 25% \(1\) +TW 25% \(1\)/)
    expect(plain(grouped)).toContain("ports 8080,9090,9091")
    const { effects } = press(grouped, "k")
    expect(effects.map((effect) => ("target" in effect ? effect.target : undefined))).toEqual([
      undefined,
      expect.objectContaining({ port: 8080 }),
    ])
  })

  test("6: the note about the rows stays where there is no room for the detail", () => {
    const noted: HostSpec = { ...webServer, notes: [{ source: "sockets", text: "3 rows could not be read" }] }
    for (let height = 15; height <= 30; height++)
      expect(frame(watching(80, height, noted))).toContain("3 rows could not")
    expect(frame(watching(80, 15, noted))).not.toContain("process 1204/nginx")
  })

  test("7: rows of this program never show, in either view", () => {
    const own: HostSpec = {
      connections: [
        { local: "10.0.0.10:443", remote: "198.51.100.7:40000", process: "holyf-network", pid: 4242 },
        { local: "10.0.0.10:443", remote: "198.51.100.8:40000", process: "nginx" },
      ],
    }
    for (const chords of [[], ["g"]]) {
      const shown = frame(press(web(120, 40, own), ...chords).state)
      expect(shown).toContain("198.51.100.8")
      expect(shown).not.toContain("198.51.100.7")
    }
  })

  test("8: a row at a listener's port came in, a row at an ephemeral one went out", () => {
    const both: HostSpec = {
      listen: [18_080],
      connections: [
        { local: "10.0.0.10:18080", remote: "198.51.100.7:40000", process: "api" },
        { local: "10.0.0.10:52246", remote: "198.51.100.8:443", process: "curl" },
      ],
    }
    expect([rowsNote(web(120, 40, both)), frame(web(120, 40, both)).includes("198.51.100.7")]).toEqual([
      "1-1 of 1",
      true,
    ])
    expect(frame(press(web(120, 40, both), "o").state)).toContain("198.51.100.8")
  })

  test("9: a port filter in IN takes local ports only, grouped too, and clearing brings all back", () => {
    const ports: HostSpec = {
      listen: [443, 8080],
      connections: [
        { local: "10.0.0.10:443", remote: "198.51.100.7:40000", process: "nginx" },
        { local: "10.0.0.10:8080", remote: "198.51.100.8:443", process: "api" },
      ],
    }
    const filtered = press(web(120, 40, ports), "g", "f", ...typed("443"), "enter").state
    expect(frame(filtered)).toContain("198.51.100.7")
    expect(frame(filtered)).not.toContain("198.51.100.8")
    expect(frame(press(filtered, "F").state)).toContain("198.51.100.8")
  })

  test("10: one peer with two processes is two groups", () => {
    const two: HostSpec = {
      listen: [22, 443],
      connections: [
        { local: "10.0.0.10:22", remote: "198.51.100.7:40000", process: "sshd" },
        { local: "10.0.0.10:443", remote: "198.51.100.7:40001" },
      ],
    }
    const grouped = press(web(120, 40, two), "g").state
    expect(rowsNote(grouped)).toMatch(/^1-2 of 2 groups, 2 connections/)
  })

  test("11: of 25 groups none is left out, in either order", () => {
    const many: HostSpec = {
      connections: Array.from({ length: 25 }, (_, i) => ({
        local: "10.0.0.10:443",
        remote: `198.51.100.${i + 1}:40000`,
        process: "nginx",
        tx: i * 1000,
      })),
    }
    const grouped = press(web(120, 60, many), "g").state
    expect(rowsNote(grouped)).toMatch(/of 25 groups/)
    expect(/▌(\S+)/.exec(frame(press(grouped, "B").state))?.[1]).toBe("198.51.100.25")
    expect(/▌(\S+)/.exec(frame(press(grouped, "B", "B").state))?.[1]).toBe("198.51.100.1")
  })

  test("12: a new field descends, again ascends, again descends; the first row is selected", () => {
    const sorts = (...chords: string[]) => top(press(web(), "C", "C", "down", ...chords).state)
    expect(sorts("B").sorts.connections).toEqual({ field: "bandwidth", isDescending: true })
    expect(sorts("B", "B").sorts.connections.isDescending).toBe(false)
    expect(sorts("B", "B", "B").sorts.connections.isDescending).toBe(true)
    expect([sorts("B").cursor, sorts("B").top]).toEqual([0, 0])
  })

  test("13: o turns the side and selects the first row", () => {
    const { state } = press(web(), "down", "down", "o")
    expect([top(state).side, top(state).cursor]).toEqual(["out", 0])
  })

  test("14: k opens the form in IN; in OUT it says why not, and no form opens", () => {
    expect(press(web(), "k").state.overlays).toEqual(["block-peer"])
    const out = press(web(), "o", "k").state
    expect(out.overlays).toEqual([])
    expect(out.notice?.text).toBeDefined()
    expect(press(web(), "k").state.isPaused).toBe(false)
  })
})

/** A host whose counters move: of `established` connections, so many segments and retransmissions a second. */
const sending = (
  established: number,
  segments: number,
  retransmissions: number,
  more: Partial<Sample> = {},
): HostSpec => ({
  connections: Array.from({ length: established }, (_, i) => ({
    local: "10.0.0.10:443",
    remote: `198.51.${i >> 8}.${i & 255}:40000`,
    process: "nginx",
  })),
  more: (seconds) => ({
    counters: reading({
      Tcp: { RetransSegs: Math.round(seconds * retransmissions), OutSegs: Math.round(seconds * segments) },
      TcpExt: { TCPOrigDataSent: Math.round(seconds * segments) },
    }),
    ...more,
  }),
})

describe("System Health", () => {
  test("16: with seven connections 9.2 % is LOW SAMPLE, and nothing is a warning", () => {
    const shown = panelFrame(web(200, 60, sending(7, 200, 18.4)), "system-health")
    expect(shown).toContain("LOW SAMPLE")
    expect(shown).not.toMatch(/WARN|CRIT|high loss/)
  })

  test("17: with forty connections and 200 segments a second 6.1 % is critical", () => {
    const shown = panelFrame(web(200, 60, sending(40, 200, 12.2)), "system-health")
    expect(shown).toContain("HEALTH CRIT")
    expect(shown).toContain("6.1%")
  })

  test("18: s turns the order of the states", () => {
    const states = (state: State) =>
      panelFrame(state, "system-health")
        .match(/│ (ESTABLISHED|TIME_WAIT|CLOSE_WAIT|LISTEN) /g)!
        .map((each) => each.slice(2).trim())
    const before = states(web(200, 60))
    expect(before[0]).toBe("ESTABLISHED")
    expect(states(press(web(200, 60), "tab", "s").state).at(-1)).toBe("ESTABLISHED")
  })

  test("19: hardly any conntrack use is <0.1 %, and no drops are no line", () => {
    const shown = panelFrame(
      web(200, 60, sending(1, 1, 0, { conntrack: reading({ count: 2, max: 262_144 }) })),
      "system-health",
    )
    expect(shown).toContain("<0.1%")
    expect(shown).not.toMatch(/conntrack.*drop/i)
  })

  test("20: stable traffic has no spike; a spike is a word without figures", () => {
    const MB = 2 ** 20
    const seconds = (...mib: number[]) =>
      carried(
        web(200, 60),
        mib.map((each) => ({ rx: each * MB })),
      )
    expect(frame(seconds(10, 10, 10, 10, 10))).not.toContain("SPIKE")
    expect(frame(seconds(10, 10, 10, 10, 25, 30))).toMatch(/traffic +SPIKE WARN *│/)
    expect(frame(seconds(10, 10, 10, 10, 80))).toMatch(/traffic +SPIKE CRIT *│/)
  })

  test("22: what this program takes: memory at once, CPU with the second look, a dash where it cannot be read", () => {
    const usage = (seconds: number) => ({ own: reading({ cpuUs: seconds * 240_000, rssBytes: 3 * 2 ** 20 }) })
    const host: HostSpec = { ...webServer, more: usage }
    const first = look(opened(200, 60), host)
    expect(panelFrame(first, "system-health")).toMatch(/this tool CPU – +3\.0MB/)
    expect(panelFrame(look(first, host), "system-health")).toMatch(/this tool 24\.0% CPU +3\.0MB/)
    expect(panelFrame(web(200, 60), "system-health")).toMatch(/this tool CPU – +memory –/)
  })
})

describe("Diagnosis", () => {
  test("24: 9 % of three connections is no finding", () => {
    const { diagnosis } = web(120, 40, sending(3, 200, 18))
    expect(diagnosis?.findings).toEqual([])
  })

  test("27: without a single connection there is a verdict or the reason why not", () => {
    const { diagnosis } = web(120, 40, { connections: [], listen: [] })
    expect(diagnosis).toBeDefined()
    expect(diagnosis!.findings).toEqual([])
  })

  test("30: another view of the connections changes nothing in it", () => {
    const before = web(200, 60)
    expect(panelFrame(press(before, "g").state, "diagnosis").split("\n").slice(0, -2)).toEqual(
      panelFrame(before, "diagnosis").split("\n").slice(0, -2),
    )
  })
})

describe("keys", () => {
  test("31: behind a form no key does what it does on the dashboard", () => {
    const form = press(web(), "k").state
    for (const chord of ["r", "p", "m", "o", "g", "z", "tab"]) {
      const { state, effects } = press(form, chord)
      expect(effects.filter(({ type }) => type === "look/collect")).toEqual([])
      expect([state.isPaused, state.isMasked, state.isZoomed, state.focus]).toEqual([false, false, false, form.focus])
      expect(top(state)).toBe(top(form))
    }
  })

  test("32: left and right never move the focus", () => {
    for (const start of [[], ["tab"], ["tab", "tab"]])
      for (const chord of ["left", "right"]) {
        const before = press(web(), ...start).state
        expect(press(before, chord).state.focus).toBe(before.focus)
      }
  })
})

describe("what a kill says", () => {
  const summary = (figures: Partial<KillSummary>): KillSummary => ({
    matched: 0,
    destroyed: 0,
    alreadyGone: 0,
    survivors: 0,
    arrivals: 0,
    timedOut: false,
    elapsedMs: 10,
    refusals: [],
    flows: { deleted: 0 },
    ...figures,
  })

  test("37: no time of a block; what is left is said; what had gone is no failure; nothing is not success", () => {
    expect(killReport(summary({ matched: 5, destroyed: 5 }))).toEqual({ text: "5 closed, 0 left", tone: "ok" })
    expect(killReport(summary({ matched: 5, destroyed: 3, survivors: 2 }))).toEqual({
      text: "3 closed, 2 left",
      tone: "warn",
    })
    expect(killReport(summary({ matched: 2, destroyed: 1, alreadyGone: 1 })).text).toBe("1 closed, 1 had gone, 0 left")
    expect(killReport(summary({})).text).toBe("no connection matched")
  })
})

test("a note of an action is seen in the status bar of every panel", () => {
  for (const chords of [[], ["tab"], ["v"]]) {
    const state = press(web(), ...chords).state
    expect(statusLine(apply(state, { type: "app/notice", text: "a word", tone: "strong" }))).toContain("a word")
  }
})
