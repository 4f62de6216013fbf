/** The loop: timers follow the state, the screen comes before the world, and no failure ends the program. */
import { describe, expect, test } from "bun:test"
import type { Action } from "../../src/core/app/action.ts"
import type { EveryEffect, LiveEffect } from "../../src/core/app/effect.ts"
import { actionForKey } from "../../src/core/app/keymap.ts"
import { initialState, type State } from "../../src/core/app/state.ts"
import { missing, reading } from "../../src/core/sample/sample.ts"
import { type EffectHandlers, Program } from "../../src/shell/program.ts"
import { activeBlock, noLifelines } from "../support/blocks.ts"
import { Clock } from "../support/clock.ts"
import { collected, type HostSpec, settings } from "../support/host.ts"
import { webServer } from "../support/hosts.ts"

type LiveHandlers = EffectHandlers<LiveEffect | EveryEffect>

/** Actions on the host: not part of these tests. */
const idle: Omit<LiveHandlers, "look/collect" | "lane/collect" | "program/quit"> = {
  "capabilities/probe": () => undefined,
  "blocks/list": () => undefined,
  "blocks/tidy": () => undefined,
  "lifelines/read": () => undefined,
  "peer/match": () => undefined,
  "peer/block": () => undefined,
  "peer/kill": () => undefined,
  "block/extend": () => undefined,
  "block/lift": () => undefined,
  "block/lift-all": () => undefined,
  "log/read": () => undefined,
  "log/write": () => undefined,
  "trace/prepare": () => undefined,
  "trace/check": () => undefined,
  "trace/start": () => undefined,
  "trace/look": () => undefined,
  "trace/stop": () => undefined,
  "trace/list": () => undefined,
  "trace/forget": () => undefined,
  "trace/open": () => undefined,
  "trace/read-packet": () => undefined,
}

interface Options {
  readonly host?: HostSpec
  readonly handlers?: Partial<LiveHandlers>
}

/** A live program over a host that answers at once; `happened` is what it painted and asked, in order. */
function live({ host = webServer, handlers = {} }: Options = {}) {
  const clock = new Clock()
  const happened: string[] = []
  const painted: State[] = []
  const note = (word: string) => void happened.push(word)
  const answers: LiveHandlers = {
    ...idle,
    "look/collect": (_, state) => collected(host, state.sample, clock.loop.now()),
    "lane/collect": () => ({
      type: "lane/collected",
      counters: missing("not read in this test"),
      monotonicMs: clock.loop.now(),
      at: clock.loop.now(),
    }),
    "program/quit": () => undefined,
    ...handlers,
  }
  const noted: LiveHandlers = {
    ...answers,
    "look/collect": (effect, state) => {
      note("look")
      return answers["look/collect"](effect, state)
    },
    "lane/collect": (effect, state) => {
      note("lane")
      return answers["lane/collect"](effect, state)
    },
    "program/quit": (effect, state) => {
      note("quit")
      return answers["program/quit"](effect, state)
    },
  }
  const state = initialState("live", settings, { isMasked: false, at: clock.loop.now() })
  const paint = (next: State) => {
    note("paint")
    painted.push(next)
  }
  const program = new Program(state, noted, paint, clock.loop)
  const press = (...chords: string[]) => {
    for (const chord of chords) {
      const action = actionForKey(program.state, chord)
      if (action !== undefined) program.dispatch(action)
    }
  }
  const start = () => {
    program.dispatch({ type: "look/due", at: clock.loop.now() })
    return clock.settle()
  }
  /** The seconds from here, one entry each, in which a look was asked for. */
  const looksIn = async (seconds: number) => {
    const out: number[] = []
    for (let second = 1; second <= seconds; second++) {
      happened.length = 0
      await clock.advance(1_000)
      for (const word of happened) if (word === "look") out.push(second)
    }
    return out
  }
  return { program, clock, happened, painted, press, start, looksIn }
}

describe("looks", () => {
  test("the first at once, the second after a second, then every refresh interval", async () => {
    const { start, looksIn, program } = live()
    await start()
    expect(program.state.model?.elapsedMs).toBeUndefined()
    expect(await looksIn(92)).toEqual([1, 31, 61, 91])
    expect(program.state.model?.elapsedMs).toBe(30_000)
  })

  test("r looks at once and starts the interval anew", async () => {
    const { start, press, happened, looksIn, clock } = live()
    await start()
    await looksIn(21)
    happened.length = 0
    press("r")
    await clock.settle()
    expect(happened.filter((word) => word === "look")).toEqual(["look"])
    expect(await looksIn(61)).toEqual([30, 60])
  })

  test("a look that takes longer than the interval is not joined by another", async () => {
    const answer = Promise.withResolvers<Action | undefined>()
    const { start, looksIn, program } = live({ handlers: { "look/collect": () => answer.promise } })
    await start()
    expect(await looksIn(100)).toEqual([])
    expect(program.state.isCollecting).toBe(true)
    answer.resolve(collected(webServer, undefined, 1_700_000_100_000))
    expect(await looksIn(1)).toEqual([1])
  })
})

describe("pause", () => {
  test("stops both lanes, and the clock goes on", async () => {
    const { start, press, happened, clock, program } = live()
    await start()
    await clock.advance(5_000)
    press("p")
    await clock.settle()
    happened.length = 0
    const before = program.state.now
    await clock.advance(120_000)
    expect(happened.filter((word) => word !== "paint")).toEqual([])
    expect(program.state.now).toBe(before + 120_000)
    expect(clock.ticking).toBe(1)
  })

  test("p goes on with the interval", async () => {
    const { start, press, looksIn, clock } = live()
    await start()
    await looksIn(10)
    press("p")
    await looksIn(100)
    press("p")
    expect(await looksIn(60)).toEqual([30, 60])
    expect(clock.ticking).toBe(2)
  })

  test("a look that comes back while paused is not shown", async () => {
    const answer = Promise.withResolvers<Action | undefined>()
    const { start, press, program, clock } = live({ handlers: { "look/collect": () => answer.promise } })
    await start()
    press("p")
    answer.resolve(collected(webServer, undefined, 1_700_000_000_000))
    await clock.settle()
    expect(program.state.model).toBeUndefined()
    expect(program.state.isCollecting).toBe(false)
  })
})

describe("order", () => {
  test("the screen says what is under way before the world is asked", async () => {
    const seen: boolean[] = []
    const fixture = live({
      handlers: {
        "look/collect": (_, state) => {
          seen.push(fixture.painted.at(-1)?.isCollecting === true, state.isCollecting)
          return undefined
        },
      },
    })
    await fixture.start()
    expect(seen).toEqual([true, true])
    expect(fixture.happened.slice(0, 2)).toEqual(["paint", "look"])
  })

  test("several actions in one turn are one paint", async () => {
    const { start, press, clock, happened } = live()
    await start()
    happened.length = 0
    press("down", "down", "down", "g", "o")
    await clock.settle()
    expect(happened).toEqual(["paint"])
  })

  test("what changes nothing is not painted", async () => {
    const { start, press, clock, happened, program } = live()
    await start()
    happened.length = 0
    press("escape", "f5")
    program.dispatch({ type: "screen/resized", size: program.state.screen })
    await clock.settle()
    expect(happened).toEqual([])
  })
})

describe("failures", () => {
  test.each([
    [
      "thrown",
      () => {
        throw new Error("cannot list IPv4 TCP sockets: EPERM")
      },
    ],
    ["rejected", () => Promise.reject(new Error("cannot list IPv4 TCP sockets: EPERM"))],
    [
      "no error at all",
      () => {
        throw "cannot list IPv4 TCP sockets: EPERM"
      },
    ],
  ] as const)("%s: said once, and the next look is tried", async (_, fail) => {
    const { start, program, looksIn } = live({ handlers: { "look/collect": fail } })
    await start()
    expect(program.state.notice).toMatchObject({ text: "cannot list IPv4 TCP sockets: EPERM", tone: "crit" })
    expect(program.state.isCollecting).toBe(false)
    expect(await looksIn(2)).toEqual([1, 2])
  })

  test("of one lane do not stop the other", async () => {
    const { start, program, looksIn } = live({
      handlers: { "lane/collect": () => Promise.reject(new Error("no such device")) },
    })
    await start()
    expect(await looksIn(32)).toEqual([1, 31])
    expect(program.state.model).toBeDefined()
  })
})

describe("actions on the host", () => {
  const overrides = { force: false, forceSshPeer: false }
  const lifelines = () => ({ type: "lifelines/known", lifelines: noLifelines }) as const

  test("are said on the screen before the host is asked, and their answer is said once", async () => {
    const seen: (string | undefined)[] = []
    const fixture = live({
      handlers: {
        "lifelines/read": lifelines,
        "peer/block": (effect) => {
          const last = fixture.painted.at(-1)!
          seen.push(last.notice?.text, String(last.underWay), JSON.stringify(effect.overrides))
          const block = activeBlock(last, "198.51.100.24:443", { leftMs: 300_000 })
          const kill = { failure: "no ss" }
          return { type: "peer/blocked", block, also: [], isRenewed: false, kill, at: fixture.clock.loop.now() }
        },
      },
    })
    await fixture.start()
    await fixture.clock.advance(1_000)
    fixture.press("k")
    await fixture.clock.settle()
    fixture.press("enter")
    await fixture.clock.settle()
    expect(seen).toEqual(["blocking 198.51.100.24:443…", "1", JSON.stringify(overrides)])
    const { notice, underWay, overlays, blocks } = fixture.program.state
    expect([notice?.text, underWay, overlays, blocks.list.length]).toEqual([
      "198.51.100.24:443: block active 5m; its connections were not ended: no ss",
      0,
      [],
      1,
    ])
  })

  test("that fail are said once, with what to do, and the form can be opened again", async () => {
    const fixture = live({
      handlers: {
        "lifelines/read": lifelines,
        "peer/block": () => Promise.reject(new Error("cannot block 198.51.100.24:443: EPERM. Run with sudo")),
      },
    })
    await fixture.start()
    fixture.press("k", "enter")
    await fixture.clock.settle()
    await fixture.clock.settle()
    const { notice, underWay } = fixture.program.state
    expect([notice?.text, notice?.tone, underWay]).toEqual([
      "cannot block 198.51.100.24:443: EPERM. Run with sudo",
      "crit",
      0,
    ])
    fixture.press("k")
    expect(fixture.program.state.overlays).toEqual(["block-peer"])
  })

  test("matches are counted each second while the form is open", async () => {
    let counts = 0
    const handlers = { "peer/match": () => void counts++ } as unknown as Partial<LiveHandlers>
    const { start, press, clock } = live({ handlers })
    await start()
    press("k")
    await clock.advance(5_000)
    expect(counts).toBe(6)
    press("escape")
    await clock.advance(5_000)
    expect(counts).toBe(6)
  })

  test("blocks are listed each 5 s while there are some, paused or not", async () => {
    const epochs: number[] = []
    const fixture = live({
      handlers: {
        "blocks/list": ({ epoch }, state) => {
          epochs.push(epoch)
          const blocks = [activeBlock(state, "198.51.100.24:443", { leftMs: 300_000 })]
          const seen = reading({ blocks, notes: [], isComplete: true })
          return { type: "blocks/listed", epoch, seen, at: fixture.clock.loop.now() }
        },
      },
    })
    await fixture.start()
    await fixture.clock.advance(60_000)
    expect(epochs).toEqual([])
    fixture.program.start({ type: "blocks/list", epoch: 0 })
    await fixture.clock.advance(20_000)
    fixture.press("p")
    await fixture.clock.advance(20_000)
    expect(epochs).toEqual(Array.from({ length: 9 }, () => 0))
  })
})

describe("the end", () => {
  test("after stop nothing ticks, nothing is painted, and late answers are not heard", async () => {
    const answer = Promise.withResolvers<Action | undefined>()
    const { start, program, clock, happened, press } = live({ handlers: { "look/collect": () => answer.promise } })
    await start()
    happened.length = 0
    press("m")
    program.stop()
    expect(clock.ticking).toBe(0)
    const last = program.state
    answer.resolve(collected(webServer, undefined, 1_700_000_000_000))
    await clock.advance(600_000)
    press("q")
    await clock.settle()
    expect(program.state).toBe(last)
    expect(happened).toEqual([])
  })

  test("what was asked and not begun is not done", async () => {
    const { press, program, clock, happened } = live()
    press("r")
    program.stop()
    await clock.settle()
    expect(happened).toEqual([])
  })

  test("q and Ctrl+C ask to quit", async () => {
    const { press, clock, happened } = live()
    press("q", "ctrl+c")
    await clock.settle()
    expect(happened.filter((word) => word === "quit")).toEqual(["quit", "quit"])
  })
})
