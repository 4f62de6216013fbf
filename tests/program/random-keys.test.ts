/**
 * Somebody leans on the keyboard while the window is dragged about: the whole program over a simulated host, from one
 * seed. A failure says after which step, and the seed makes it come again.
 */

import { expect, test } from "bun:test"
import type { Action } from "../../src/core/app/action.ts"
import { existing } from "../../src/core/app/command.ts"
import type { Effect } from "../../src/core/app/effect.ts"
import { actionForKey, actionForPaste, actionsForMouse, chordsOf } from "../../src/core/app/keymap.ts"
import { everyPanel } from "../../src/core/app/registry.ts"
import type { State } from "../../src/core/app/state.ts"
import { timers } from "../../src/core/app/timers.ts"
import { update } from "../../src/core/app/update.ts"
import { view } from "../../src/core/app/view.ts"
import { missing, reading } from "../../src/core/sample/sample.ts"
import { lineWidth } from "../../src/core/text/layer.ts"
import { activeBlock, noLifelines } from "../support/blocks.ts"
import { collected, type HostSpec, opened } from "../support/host.ts"
import { crowd, hostile, webServer } from "../support/hosts.ts"
import { lanes } from "../support/seconds.ts"
import { prepared, trace, unanswered } from "../support/traces.ts"

const STEPS = 20_000
const SEED = 0x5eed

/** A small generator of our own (mulberry32), so that a seed means the same for ever. */
function randomFrom(seed: number) {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number) => Math.floor(next() * n)
  return { below, pick: <T>(of: readonly T[]): T => of[below(of.length)]!, chance: (part: number) => next() < part }
}

const printable = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i))
const named =
  "up down left right home end pageup pagedown insert delete tab shift+tab enter escape space backspace f1 f5 f12"
const letters = "abcdefghijklmnopqrstuvwxyz"
const chords: readonly string[] = [
  ...printable,
  ...named.split(" "),
  ...[..."abefgklnpuwy12"].map((letter) => `ctrl+${letter}`),
  ...[...letters].map((letter) => `alt+${letter}`),
  "漢",
  "🚀",
  "é",
]
const pastes = ["nginx\nsshd", "198.51.100.24\r\n443\r\n", "\x1b[2J", "y".repeat(5_000), "\u202e漢", ""]
const hosts: readonly HostSpec[] = [
  {},
  webServer,
  hostile,
  crowd(70),
  { failure: "cannot list TCP sockets: EPERM\x1b[2J" },
  { connections: [] },
]

/** What the simulated world answers to an effect. */
function answer(effect: Effect, state: State, random: ReturnType<typeof randomFrom>): readonly Action[] {
  const at = state.now + 1
  if (random.chance(0.1)) return [{ type: "effect/failed", effect, reason: `cannot ${effect.type}: EPERM\x1b[2J`, at }]
  switch (effect.type) {
    case "look/collect":
      return [
        collected(random.pick(hosts), state.sample, (state.sample?.at ?? state.now) + 1_000 + random.below(30_000)),
      ]
    case "lane/collect":
      return lanes(state, [{ rx: random.below(1e9), tx: random.below(1e6), conntrack: random.below(9_999) }])
    case "blocks/list": {
      const blocks = [activeBlock(state, "198.51.100.24:443", { leftMs: 60_000 })]
      const seen = random.chance(0.2)
        ? missing("cannot list blocks: EPERM")
        : reading({ blocks: random.chance(0.5) ? blocks : [], notes: [], isComplete: true })
      return [{ type: "blocks/listed", epoch: effect.epoch, at, seen }]
    }
    case "lifelines/read":
      return [{ type: "lifelines/known", lifelines: noLifelines }]
    case "peer/block": {
      const block = activeBlock(state, "198.51.100.24:443", { leftMs: 300_000 })
      return [{ type: "peer/blocked", block, also: [], isRenewed: false, kill: { failure: "no ss" }, at }]
    }
    case "log/read":
      return [{ type: "log/known", lines: ["2026-03-08T12:56:30Z uid=0 block 192.0.2.1: done \x1b[2J"] }]
    case "trace/prepare":
      return [prepared({ peer: effect.peer, isTranslated: effect.isTranslated })]
    case "trace/start":
      return random.chance(0.2)
        ? [{ type: "trace/failed", request: effect.request, reason: "cannot capture: no such device\x1b[2J", at }]
        : []
    case "trace/look":
      return [{ type: "trace/progressed", progress: { packets: 9, bytes: 900, dropped: 0, elapsedMs: 2_000 } }]
    case "trace/stop":
      return [{ type: "trace/ended", outcome: trace(state, { steps: unanswered }) }]
    case "trace/list":
      return [
        {
          type: "trace/listed",
          history: reading({ dataDir: "/x", entries: [trace(state).entry], notes: ["\x1b[2J"] }),
        },
      ]
    case "trace/open":
      return [{ type: "trace/opened", outcome: trace(state) }]
    case "release/ask":
      return [{ type: "release/known", tag: random.pick(["v0.1.0", "v9.0.0", "\x1b[2J"]) }]
    default:
      return []
  }
}

/** One thing that happens, as actions. */
function happening(state: State, random: ReturnType<typeof randomFrom>): readonly Action[] {
  const roll = random.below(1_000)
  if (roll < 60) {
    const size = random.chance(0.02)
      ? { width: 500, height: 200 }
      : { width: 1 + random.below(160), height: 1 + random.below(50) }
    return [{ type: "screen/resized", size }]
  }
  if (roll < 90) {
    const { width, height } = state.screen
    const kind = random.pick(["click", "wheel-up", "wheel-down"] as const)
    return actionsForMouse(state, { kind, x: random.below(width), y: random.below(height) })
  }
  if (roll < 100) {
    const pasted = actionForPaste(state, random.pick(pastes))
    return pasted === undefined ? [] : [pasted]
  }
  if (roll < 130) {
    // One of the timers fires.
    const timer = random.pick(timers(state))
    return timer === undefined ? [] : [{ type: timer.action, at: state.now + timer.everyMs }]
  }
  // Forms are opened and sent more often than chance would have it.
  const likely = state.overlays.length > 0 ? ["enter"] : ["T", "k", "K", "enter"]
  const chord = random.chance(0.05) ? random.pick(likely) : random.pick(chords)
  return chordsOf(state, chord).flatMap((chord) => actionForKey(state, chord) ?? [])
}

/** The program's loop: what an action asks of the world is answered a little later, or never. */
class Simulation {
  state: State = opened(80, 24)
  quits = 0
  private asked: Effect[] = []

  constructor(private readonly random: ReturnType<typeof randomFrom>) {}

  dispatch(action: Action): void {
    const [next, ...effects] = update(this.state, action)
    this.state = next
    for (const effect of effects) {
      if (effect.type === "program/quit") this.quits++
      else this.asked.push(effect)
    }
  }

  step(): void {
    for (const action of happening(this.state, this.random)) this.dispatch(action)
    if (this.asked.length > 0 && this.random.chance(0.7)) {
      const effect = this.asked.splice(this.random.below(this.asked.length), 1)[0]!
      for (const action of answer(effect, this.state, this.random)) this.dispatch(action)
    }
  }
}

function isWhole(state: State): void {
  const { width, height } = state.screen
  const lines = view(state)
  if (lines.length !== height) throw new Error(`${lines.length} lines on a screen of ${height}`)
  for (const [y, each] of lines.entries())
    if (lineWidth(each) !== width) throw new Error(`line ${y} has ${lineWidth(each)} cells of ${width}`)
}

function selectionIsInside({ slices }: State): void {
  const { cursor, top, rows } = slices["top-connections"]
  const total = rows?.groups?.order.length ?? rows?.listed.length ?? 0
  expect([cursor >= 0, cursor <= Math.max(0, total - 1), top >= 0]).toEqual([true, true, true])
}

/** From wherever this is: Esc leads back to the dashboard, Tab moves there, and Ctrl+C ends the program. */
function isFree(state: State): void {
  const after = (from: State, chord: string): State =>
    chordsOf(from, chord).reduce((now, each) => {
      const action = actionForKey(now, each)
      return action === undefined ? now : update(now, action)[0]
    }, from)
  let home = state
  for (let presses = 0; presses < 2 * everyPanel.length; presses++) home = after(home, "escape")
  expect([home.overlays, home.page, home.isZoomed]).toEqual([[], undefined, false])
  expect(after(home, "tab").focus).not.toBe(home.focus)
  const quits = (from: State): boolean => {
    const [asking, ...effects] = update(from, actionForKey(from, "ctrl+c")!)
    if (effects.some(({ type }) => type === "program/quit")) return true
    return update(asking, actionForKey(asking, "ctrl+c")!).some(
      (each) => "type" in each && each.type === "program/quit",
    )
  }
  expect(quits(state)).toBe(true)
}

test("20,000 random keys, resizes, clicks, pastes and answers: whole screens, a selection in the list, nobody trapped", () => {
  const random = randomFrom(SEED)
  const simulation = new Simulation(random)
  const seen = new Set<string>()
  for (let step = 0; step < STEPS; step++) {
    try {
      simulation.step()
      selectionIsInside(simulation.state)
      // The largest screens are drawn now and then; each small one is.
      const { width, height } = simulation.state.screen
      if (width * height < 4_000 || step % 10 === 0) isWhole(simulation.state)
      if (step % 20 === 0) isFree(simulation.state)
      for (const id of simulation.state.overlays) seen.add(id)
      if (simulation.state.page !== undefined) seen.add(simulation.state.page)
    } catch (error) {
      throw new Error(`step ${step} of seed ${SEED}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      })
    }
  }
  // It has been everywhere: a walk that opens nothing proves nothing.
  const everywhere = existing(everyPanel, "live").filter(
    ({ place }) => place.region === "overlay" || place.region === "page",
  )
  expect(everywhere.map(({ id }) => id).filter((id) => !seen.has(id))).toEqual([])
  expect(simulation.quits).toBeGreaterThan(0)
}, 60_000)
