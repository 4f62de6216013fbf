/** The block form: what it opens with, what it refuses, and what it asks of the world with which key. */
import { describe, expect, test } from "bun:test"
import { actionForPaste } from "../../src/core/app/keymap.ts"
import type { State } from "../../src/core/app/state.ts"
import { timers } from "../../src/core/app/timers.ts"
import type { Lifelines } from "../../src/core/mitigation/guards.ts"
import { activeBlock, noLifelines, targetOf } from "../support/blocks.ts"
import { apply, frame, look, overlayFrame, press, statusLine, typed, watching } from "../support/host.ts"
import { webServer } from "../support/hosts.ts"

const web = (width = 80, height = 24) => watching(width, height, webServer)
const lifelines: Lifelines = {
  ...noLifelines,
  sessions: [{ peer: "192.0.2.15", source: "SSH_CONNECTION" }],
  gateways: ["198.51.100.24"],
}
/** The form of the first row, with everything that is read about it. */
const form = (state: State = web(), known: Lifelines = noLifelines) =>
  apply(press(state, "k").state, { type: "lifelines/known", lifelines: known })
const isOpen = (state: State) => state.overlays.includes("block-peer")
const acts = (effects: readonly { readonly type: string }[]) =>
  effects.filter(({ type }) => type === "peer/block" || type === "peer/kill")
/** Clears the field and types into it. */
const retyped = (text: string) => ["ctrl+u", ...typed(text)]

describe("opens with exactly what is selected", () => {
  const asked = (state: State, ...chords: string[]) => {
    const { effects } = press(state, ...chords, "k")
    return effects.map((effect) => ("target" in effect ? { type: effect.type, ...effect.target } : effect))
  }
  const host = (address: string, port?: number) => ({
    ...targetOf(port === undefined ? address : `${address.includes(":") ? `[${address}]` : address}:${port}`),
  })

  test.each([
    ["the first row", [], host("198.51.100.24", 443)],
    ["a row further down", ["down", "down", "down"], host("192.0.2.15", 22)],
    ["an IPv6 peer", ["down", "down"], host("2001:db8:85a3:8d3:1319:8a2e:370:7348", 443)],
    ["a group", ["g"], host("203.0.113.77", 443)],
  ] as const)("%s", (_, chords, target) => {
    expect(asked(web(), ...chords)).toEqual([{ type: "lifelines/read" }, { type: "peer/match", ...target }])
  })

  const twoPorts = {
    connections: ["1:443", "1:8080", "1:8080", "2:443"].map((ends, i) => ({
      local: `10.0.0.10:${ends.split(":")[1]}`,
      remote: `198.51.100.${ends.split(":")[0]}:${40_000 + i}`,
      process: "nginx",
    })),
  }

  test("the busiest port of a group that has several, and what the others are", () => {
    const state = press(watching(80, 24, twoPorts), "g", "k").state
    expect(overlayFrame(state)).toContain("PORT     8080")
    expect(overlayFrame(state)).toContain("ports of the group: 8080 (2)  443 (1)".replace("  ", " "))
  })

  test("the port of the filter", () => {
    const state = press(watching(80, 24, twoPorts), "g", "f", ...typed("443"), "enter", "home", "k").state
    expect(overlayFrame(state)).toContain("PORT     443")
    expect(overlayFrame(state)).not.toContain("ports of the group")
  })

  test("also after the rows have changed places", () => {
    const before = press(web(), "down", "down", "down").state
    const busy = webServer.connections!.map((each) =>
      each.remote === "192.0.2.15:59788" ? { ...each, acked: 900_000_000 } : each,
    )
    expect(overlayFrame(press(look(before, { connections: busy }), "k").state)).toContain("PEER     192.0.2.15")
  })
})

describe("is refused", () => {
  test.each([
    ["for outgoing connections", (state: State) => press(state, "o").state, "only incoming peers are blocked"],
    ["in a replay", (state: State): State => ({ ...state, source: "replay" }), "replay is read-only"],
    ["without a row", (state: State) => look(state, { connections: [] }), "no connection selected"],
    [
      "for a row that has ended",
      (state: State) => look(press(state, "down").state, { connections: webServer.connections!.slice(0, 1) }),
      "the selected row has ended",
    ],
  ] as const)("%s", (_, make, reason) => {
    const { state, effects } = press(make(web(120, 30)), "k")
    expect([isOpen(state), effects]).toEqual([false, []])
    expect(statusLine(state)).toContain(reason)
  })

  test("while another panel has the focus, where it says what to do first", () => {
    const { state, effects } = press(web(120, 30), "tab", "k")
    expect([isOpen(state), effects]).toEqual([false, []])
    expect(statusLine(state)).toContain("press 3 for Top Incoming first")
  })
})

describe("Enter", () => {
  test("blocks, says so at once and closes the form", () => {
    const { state, effects } = press(form(), "enter")
    expect(acts(effects)).toEqual([
      {
        type: "peer/block",
        target: targetOf("198.51.100.24:443"),
        minutes: 5,
        overrides: { force: false, forceSshPeer: false },
      } as never,
    ])
    expect([isOpen(state), state.underWay]).toEqual([false, 1])
    expect(statusLine(state)).toContain("blocking 198.51.100.24:443…")
  })

  test("three times on a row opens its details and does nothing", () => {
    const { state, effects } = press(web(), "enter", "enter", "enter")
    expect([state.overlays, effects]).toEqual([["details"], []])
  })

  test("pressed before it is known what must not be cut off, it waits for that", () => {
    const { state, effects } = press(web(), "k", "enter")
    expect([isOpen(state), acts(effects)]).toEqual([true, []])
    expect(overlayFrame(state)).toContain("finding out what must not be cut off…")
    expect(isOpen(apply(state, { type: "lifelines/known", lifelines: noLifelines }))).toBe(false)
    const guarded = apply(state, { type: "lifelines/known", lifelines })
    expect([isOpen(guarded), overlayFrame(guarded).includes("default gateway")]).toEqual([true, true])
  })

  test("with 0 minutes ends connections and blocks nothing", () => {
    const { state, effects } = press(form(), ...retyped("0"), "enter")
    expect(acts(effects)).toMatchObject([{ type: "peer/kill", target: targetOf("198.51.100.24:443") }])
    expect(statusLine(state)).toContain("ending the connections of 198.51.100.24:443…")
  })

  test("with an empty port means every port", () => {
    const { effects } = press(form(), "shift+tab", "ctrl+u", "enter")
    expect(acts(effects)).toMatchObject([{ target: targetOf("198.51.100.24") }])
  })
})

describe("a field says what is wrong with it", () => {
  const minutes = [] as const
  const port = ["shift+tab"] as const
  const peer = ["tab"] as const
  test.each([
    [minutes, "-1", "minutes are a whole number from 0 to 1440"],
    [minutes, "1441", "minutes are a whole number from 0 to 1440"],
    [minutes, "1.5", "minutes are a whole number from 0 to 1440"],
    [minutes, "", "minutes are a whole number from 0 to 1440"],
    [port, "0", "a port is a whole number from 1 to 65535"],
    [port, "65536", "a port is a whole number from 1 to 65535"],
    [port, "http", "a port is a whole number from 1 to 65535"],
    [peer, "", "an address such as 203.0.113.7"],
    [peer, "fe80::1%eth0", "an address with a zone (%)"],
    [peer, "10.0.0.0/7", "at most /8 for IPv4"],
    [peer, "10.0.0.1/24", "the network is 10.0.0.0/24"],
    [peer, "203.0.113.7:80", "the port is given twice"],
  ] as const)("%p %p", (way, text, problem) => {
    const { state, effects } = press(form(web(120, 30)), ...way, ...retyped(text), "enter")
    expect([isOpen(state), acts(effects)]).toEqual([true, []])
    expect(overlayFrame(state).replace(/\s*│\n│\s*/g, " ")).toContain(problem)
    // The next key in it takes the words away.
    const typedOn = press(state, "1").state
    expect(overlayFrame(typedOn).replace(/\s*│\n│\s*/g, " ")).not.toContain(problem)
  })

  test.each(["1", "1440"])("%s minutes are right", (text) => {
    const { effects } = press(form(), ...retyped(text), "enter")
    expect(acts(effects)).toMatchObject([{ type: "peer/block", minutes: Number(text) }])
  })
})

describe("fields", () => {
  const focus = (state: State) => state.slices["block-peer"].focus

  test("Tab and Shift+Tab go round, arrows too", () => {
    const state = form()
    expect(focus(state)).toBe("minutes")
    expect(["tab", "down"].map((chord) => focus(press(state, chord).state))).toEqual(["peer", "peer"])
    expect(["shift+tab", "up"].map((chord) => focus(press(state, chord).state))).toEqual(["port", "port"])
    expect(focus(press(state, "tab", "tab", "tab").state)).toBe("minutes")
  })

  test("take letters that mean something elsewhere, and what is pasted", () => {
    const state = press(form(), "tab", ...retyped("q")).state
    expect(state.slices["block-peer"].fields.peer.text).toBe("q")
    const cleared = press(state, "ctrl+u").state
    const pasted = apply(cleared, actionForPaste(cleared, "203.0.113.7\n")!)
    expect(pasted.slices["block-peer"].fields.peer.text).toBe("203.0.113.7")
    expect(isOpen(pasted)).toBe(true)
  })

  test("looks go on behind the form, and change nothing in it", () => {
    const state = press(form(), ...retyped("17")).state
    const after = look(state, { connections: [] })
    expect(after.slices["block-peer"]).toEqual(state.slices["block-peer"])
  })
})

describe("guards", () => {
  test("say why, and give way to the address typed", () => {
    const refused = press(form(web(), lifelines), "enter")
    expect([isOpen(refused.state), acts(refused.effects)]).toEqual([true, []])
    expect(overlayFrame(refused.state)).toContain("Refused: 198.51.100.24 is the default gateway.")
    const wrong = press(refused.state, "enter")
    expect([isOpen(wrong.state), acts(wrong.effects)]).toEqual([true, []])
    const right = press(refused.state, ...typed("198.51.100.24"), "enter")
    expect(acts(right.effects)).toMatchObject([{ type: "peer/block", overrides: { force: true, forceSshPeer: false } }])
    expect(isOpen(right.state)).toBe(false)
  })

  test("the operator's own session needs its own phrase", () => {
    const own = form(press(web(), "down", "down", "down").state, lifelines)
    const refused = press(own, "enter").state
    expect(overlayFrame(refused)).toContain("type: 192.0.2.15 cut my session")
    const address = press(refused, ...typed("192.0.2.15"), "enter")
    expect([isOpen(address.state), acts(address.effects)]).toEqual([true, []])
    const phrase = press(address.state, ...retyped("192.0.2.15 cut my session"), "enter")
    expect(acts(phrase.effects)).toMatchObject([{ overrides: { forceSshPeer: true } }])
  })

  test("a network that holds the session is refused for it", () => {
    const state = press(form(web(), lifelines), "tab", ...retyped("192.0.2.0/24"), "enter").state
    expect(overlayFrame(state)).toContain("192.0.2.0/24 holds 192.0.2.15")
  })

  test("what was overridden is forgotten when the form is filled anew", () => {
    const overridden = press(form(web(), lifelines), "enter", ...typed("198.51.100.24"), "escape").state
    const { state, effects } = press(overridden, "enter")
    expect([isOpen(state), acts(effects)]).toEqual([true, []])
  })
})

describe("a network", () => {
  const network = () => press(form(), "tab", ...retyped("198.51.100.0/24"), "enter")

  test("is asked about with what it matches", () => {
    const { state, effects } = network()
    expect(acts(effects)).toEqual([])
    const counted = apply(state, {
      type: "peer/matched",
      target: targetOf("198.51.100.0/24:443"),
      count: { connections: 12, peers: 3, outgoing: 0 },
    })
    expect(overlayFrame(counted)).toContain("12 connections of 3 peers match now")
    expect(overlayFrame(counted)).toContain("198.51.100.0/24 is a network")
    expect(acts(press(counted, "enter").effects)).toEqual([])
    expect(acts(press(counted, "y").effects)).toMatchObject([{ target: targetOf("198.51.100.0/24:443") }])
  })

  test("is not blocked before it was counted", () => {
    const { state, effects } = press(network().state, "y")
    expect([isOpen(state), acts(effects)]).toEqual([true, []])
    expect(effects.map(({ type }) => type)).toEqual(["peer/match"])
  })

  test.each(["n", "escape"])("%s leads back to the fields", (chord) => {
    const { state } = press(network().state, chord)
    expect(state.slices["block-peer"].step).toBe("form")
    expect(state.slices["block-peer"].fields.peer.text).toBe("198.51.100.0/24")
  })
})

describe("Esc", () => {
  test("closes the form, and nothing of it is left", () => {
    const { state } = press(form(), ...retyped("99"), "escape")
    expect(isOpen(state)).toBe(false)
    expect(overlayFrame(form(state))).toContain("MINUTES  5")
  })

  test("leaves a refusal for the fields, then the form", () => {
    const refused = press(form(web(), lifelines), "enter").state
    expect(press(refused, "escape").state.slices["block-peer"].step).toBe("form")
    expect(isOpen(press(refused, "escape", "escape").state)).toBe(false)
  })

  test("while it waits, closes it, and what comes then does nothing", () => {
    const { state } = press(web(), "k", "enter", "escape")
    const after = apply(state, { type: "lifelines/known", lifelines: noLifelines })
    expect([isOpen(after), after.underWay]).toEqual([false, 0])
  })
})

test("the count is live while the form is open, and no longer", () => {
  const ids = (state: State) => timers(state).map(({ id }) => id)
  expect(ids(web())).not.toContain("match")
  const state = form()
  expect(ids(state)).toContain("match")
  const [timer] = timers(state).filter(({ id }) => id === "match")
  expect(timer).toMatchObject({ action: "block-peer/count-due", everyMs: 1_000 })
  expect(ids(press(state, "escape").state)).not.toContain("match")
})

test("a count of another target is not shown", () => {
  const state = apply(form(), {
    type: "peer/matched",
    target: targetOf("198.51.100.24:80"),
    count: { connections: 77, peers: 1, outgoing: 0 },
  })
  expect(overlayFrame(state)).not.toContain("77")
})

test("a block that is there gets the new time, and the form says so", () => {
  const state = { ...form(), blocks: { ...form().blocks, list: [activeBlock(form(), "198.51.100.24:443")] } }
  expect(overlayFrame(state)).toContain("blocked already, 04:12 left: it gets this time")
})

test("masked, no address of the row is on the screen", () => {
  const masked = press(web(), "m").state
  for (const state of [
    form(masked),
    press(form(masked, lifelines), "enter").state,
    press(form(masked), "enter").state,
    press(masked, "enter").state,
    press(masked, "g", "enter").state,
  ])
    expect(frame(state)).not.toMatch(/198\.51|203\.0|2001:db8/)
})

test("at 60x15 the question has its room, however much is known", () => {
  const full = apply(
    form(
      press(
        watching(60, 15, {
          listen: Array.from({ length: 60 }, (_, i) => 8000 + i),
          connections: Array.from({ length: 60 }, (_, i) => ({
            local: `10.0.0.10:${8000 + i}`,
            remote: `198.51.100.24:${40_000 + i}`,
            process: "nginx",
          })),
        }),
        "g",
      ).state,
      lifelines,
    ),
    { type: "peer/matched", target: targetOf("198.51.100.24:8000"), count: { connections: 60, peers: 1, outgoing: 9 } },
  )
  expect(overlayFrame(press(full, "enter", "x", "enter").state)).toMatchInlineSnapshot(`
    "
    ┌─ Block a peer ───────────────────────────────────────────┐
    │ PEER     198.51.100.24______________________________     │
    │ PORT     8000__  of this host; empty: every port         │
    │ MINUTES  5_____  1 to 1440; 0 only ends connections      │
    │                                                          │
    │ 60 connections of 1 peer match now                       │
    │ 9 that this host opened to it are not ended              │
    │ ports of the group: 8000 (1) 8001 (1) 8002 (1) 8003 (1)  │
    │ 8004 (1) 8005 (1) 8006 (1) 8007 (1) 8008 (1) 8009 (1)    │
    │ Refused: 198.51.100.24 is the default gateway.           │
    │ To do it anyway, type: 198.51.100.24                     │
    │ ANYWAY   x _________________________________________     │
    │ type 198.51.100.24                                       │
    └──────────────────────────────────────────────────────────┘
    "
  `)
})

test("the form at 80x24", () => {
  const state = apply(form(), {
    type: "peer/matched",
    target: targetOf("198.51.100.24:443"),
    count: { connections: 2, peers: 1, outgoing: 1 },
  })
  expect(overlayFrame(state)).toMatchInlineSnapshot(`
    "
    ┌─ Block a peer ───────────────────────────────────────────────────────────────┐
    │ PEER     198.51.100.24______________________________                         │
    │ PORT     443___  of this host; empty: every port                             │
    │ MINUTES  5 ____  1 to 1440; 0 only ends connections                          │
    │                                                                              │
    │ 2 connections of 1 peer match now                                            │
    │ 1 that this host opened to it is not ended                                   │
    │                                                                              │
    │ Enter blocks and ends the connections of 198.51.100.24:443; Esc closes the   │
    │ form.                                                                        │
    │                                                                              │
    │                                                                              │
    │                                                                              │
    │                                                                              │
    └──────────────────────────────────────────────────────────────────────────────┘
    "
  `)
  expect(statusLine(state)).toMatchInlineSnapshot(
    `" eth0  0s ago   every 30s  Enter do it  Tab next field  Esc close               "`,
  )
})
