import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import type { State } from "../../src/core/app/state.ts"
import { statusBar } from "../../src/core/app/status-bar.ts"
import { lineWidth } from "../../src/core/text/layer.ts"
import { plainText } from "../../src/core/text/line.ts"
import { text } from "../core/text/arbitrary.ts"
import { apply, collected, opened, press, settings, statusLine, watching } from "../support/host.ts"
import { webServer } from "../support/hosts.ts"
import { carried, type LaneOptions } from "../support/seconds.ts"

const bar = (state: State, width: number) => plainText([statusBar(state, width)])
const web = () => watching(80, 24, webServer)
const named = (state: State, interfaceName: string): State => ({ ...state, settings: { ...settings, interfaceName } })

test("what stays as the line gets shorter", () => {
  const widths = [140, 110, 100, 90, 80, 70, 60, 50, 40, 30, 20, 10, 4, 0]
  expect(`\n${widths.map((width) => bar(web(), width)).join("\n")}\n`).toMatchInlineSnapshot(`
    "
     eth0  0s ago   every 30s  ↑↓ row  Enter details  k block  / find  f port  o in/out  g group  v charts  Tab panel  p pause  ? help  q quit
     eth0  0s ago   every 30s  ↑↓ row  Enter details  k block  / find  f port  o in/out  g group  ? help  q quit
     eth0  0s ago   every 30s  ↑↓ row  Enter details  k block  / find  f port  o in/out  ? help  q quit
     eth0  0s ago   ↑↓ row  Enter details  k block  / find  f port  o in/out  ? help  q quit
     eth0  0s ago   ↑↓ row  Enter details  k block  / find  f port  ? help  q quit
     eth0  0s ago   ↑↓ row  Enter details  k block  / find  ? help  q quit
     eth0  0s ago   ↑↓ row  Enter details  ? help  q quit
     eth0  0s ago   ↑↓ row  k block  ? help  q quit
     eth0  0s ago   ↑↓ row  ? help  q quit
     eth0  0s ago   ? help  q quit
     eth0  ? help
     eth0


    "
  `)
})

test("with the longest interface name there is, the keys of 80 columns are still there", () => {
  expect(bar(named(web(), "enp175s0f1np1v0"), 80)).toMatchInlineSnapshot(
    `" enp175s0f1np1v0  0s ago   ↑↓ row  Enter details  k block  ? help  q quit"`,
  )
})

test("what is frozen, and how to go on", () => {
  const paused = press(web(), "p").state
  const later = apply(paused, { type: "clock/ticked", at: paused.now + 95_000 })
  expect(`\n${[120, 80, 60, 40].map((width) => bar(later, width)).join("\n")}\n`).toMatchInlineSnapshot(`
    "
     eth0  PAUSED rows and rates of 1m35s ago  p goes on  ↑↓ row  Enter details  k block  / find  f port  ? help  q quit
     eth0  PAUSED rows and rates of 1m35s ago  p goes on  ↑↓ row  ? help  q quit
     eth0  PAUSED rows and rates of 1m35s ago  p goes on  ? help
     eth0  PAUSED 1m35s ago  p goes on
    "
  `)
  expect(bar(press(opened(80, 24), "p").state, 80)).toMatchInlineSnapshot(
    `" eth0  PAUSED  p goes on  ↑↓ row  / find  f port  o in/out  ? help  q quit"`,
  )
})

test("everything at once", () => {
  const state = apply(press(web(), "p", "m", "z").state, {
    type: "app/notice",
    text: "a word to the operator",
    tone: "warn",
  })
  expect(`\n${[140, 80, 60].map((width) => bar(state, width)).join("\n")}\n`).toMatchInlineSnapshot(`
    "
     eth0  MASKED  ZOOMED  PAUSED rows and rates of 0s ago  p goes on  a word to the operator  ↑↓ row  Enter details  Esc back  ? help  q quit
     eth0  MASKED  ZOOMED  PAUSED rows and rates of 0s ago  p goes on  a word to th…
     eth0  MASKED  ZOOMED  PAUSED 0s ago  p goes on  a word to …
    "
  `)
})

test("a long notice is cut, and what is in it is text", () => {
  const failed = apply(web(), {
    type: "effect/failed",
    effect: { type: "look/collect" },
    reason: `cannot list IPv4 TCP sockets: \x1b[2J${"no ".repeat(60)}`,
    at: web().now,
  })
  expect(`\n${[120, 60, 20].map((width) => bar(failed, width)).join("\n")}\n`).toMatchInlineSnapshot(`
    "
     eth0  cannot list IPv4 TCP sockets: ␛[2Jno no no no no no no no no no no no no no no no no no no no no no no no no no …
     eth0  cannot list IPv4 TCP sockets: ␛[2Jno no no no no no …
     eth0  cannot list …
    "
  `)
})

describe("a look that takes long", () => {
  const looking = () => apply(web(), { type: "look/due", at: web().now })
  const after = (ms: number) => apply(looking(), { type: "clock/ticked", at: looking().now + ms })

  test("is not worth a word in its first second", () => {
    expect(bar(after(999), 80)).not.toContain("looking…")
  })

  test("is seen after it, and nothing else moves", () => {
    const [before, later] = [bar(after(0), 100), bar(after(1_000), 100)]
    expect(later).toContain("looking…")
    expect(later.indexOf("↑↓")).toBe(before.indexOf("↑↓"))
  })

  test("is over when it has come back", () => {
    const state = apply(after(5_000), {
      type: "effect/failed",
      effect: { type: "look/collect" },
      reason: "no",
      at: after(5_000).now,
    })
    expect(bar(state, 160)).not.toContain("looking…")
  })
})

test("the age has one width for a minute", () => {
  const at = (seconds: number) => bar(apply(web(), { type: "clock/ticked", at: web().now + seconds * 1000 }), 80)
  expect(new Set([0, 9, 10, 59].map((seconds) => at(seconds).indexOf("every"))).size).toBe(1)
})

test("while something is typed, the keys of the field stand there", () => {
  expect(bar(press(web(), "/").state, 80)).toMatchInlineSnapshot(
    `" eth0  0s ago   every 30s  Enter apply  Esc cancel          holyf-network 1.0.0"`,
  )
})

test("in the help, its own keys stand there", () => {
  expect(bar(press(web(), "?").state, 80)).toMatchInlineSnapshot(
    `" eth0  0s ago   every 30s  ↑↓ scroll  / find  Esc close     holyf-network 1.0.0"`,
  )
})

test("never overflows, whatever the names and notices", () => {
  fc.assert(
    fc.property(text, text, fc.integer({ min: 0, max: 250 }), fc.boolean(), (name, notice, width, isPaused) => {
      const state = apply(named(isPaused ? press(web(), "p").state : web(), name), {
        type: "app/notice",
        text: notice,
        tone: "warn",
      })
      expect(lineWidth(statusBar(state, width))).toBeLessThanOrEqual(Math.max(1, width))
    }),
  )
})

test.each([-3_600_000, 3_600_000])("a wall clock that is set by %d ms makes nothing younger or older", (step) => {
  const before = web()
  const action = collected(webServer, before.sample, before.now + 30_000)
  if (action.type !== "look/collected") throw new Error("not a look")
  const after = apply(before, { ...action, sample: { ...action.sample, at: action.sample.at + step } })
  expect(bar(after, 80)).toStartWith(" eth0  0s ago")
  const later = apply(after, { type: "clock/ticked", at: after.now + 12_000 })
  expect(bar(later, 80)).toStartWith(" eth0  12s ago")
  expect(later.model?.elapsedMs).toBe(30_000)
})

describe("chips", () => {
  const carrying = (options: LaneOptions) => carried(watching(200, 24, webServer), [{ rx: 1 }], options)

  test("the link's speed, only where the device says it", () => {
    expect(statusLine(carrying({ speedBitsPerSecond: 25e9 }))).toContain("link 25.0 Gb/s")
    expect(statusLine(carrying({}))).not.toContain("link")
  })

  test("a newer release, only after it was asked for and only when it is newer", () => {
    const { state, effects } = press(watching(240, 24, webServer), "U")
    expect(effects).toEqual([{ type: "release/ask" }])
    const newer = apply(state, { type: "release/known", tag: "v1.1.0" })
    expect(statusLine(newer)).toContain("there is a newer release: v1.1.0")
    expect(statusLine(newer)).toMatch(/holyf-network 1\.0\.0 \(new v1\.1\.0\) *$/)
    const same = apply(newer, { type: "release/known", tag: "v1.0.0" })
    expect(statusLine(same)).toContain("this is the latest release (v1.0.0)")
    expect(statusLine(same)).not.toContain("(new")
    const failed = apply(state, {
      type: "effect/failed",
      effect: { type: "release/ask" },
      reason: "cannot ask for the latest release: no answer within 5 s",
      at: state.now,
    })
    expect(statusLine(failed)).toContain("no answer within 5 s")
    expect(statusLine(failed)).not.toContain("(new")
  })

  test("what was said last stays for a minute after its time, behind everything else", () => {
    const said = apply(watching(200, 24, webServer), { type: "app/notice", text: "a word", tone: "strong" })
    const later = (ms: number) =>
      statusLine(
        apply(said, { type: "clock/ticked", at: said.now + 4_000 }, { type: "clock/ticked", at: said.now + ms }),
      )
    expect(later(4_001)).toContain("last: a word")
    expect(later(63_000)).toContain("last: a word")
    expect(later(64_000)).not.toContain("a word")
    const again = apply(
      said,
      { type: "clock/ticked", at: said.now + 4_000 },
      { type: "app/notice", text: "another", tone: "strong" },
    )
    expect(statusLine(again)).not.toContain("a word")
  })
})
