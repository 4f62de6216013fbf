/** What the screen knows of blocks: the chip, the list, what comes back of actions, and the question at the end. */
import { describe, expect, test } from "bun:test"
import type { Action } from "../../src/core/app/action.ts"
import type { State } from "../../src/core/app/state.ts"
import { timers } from "../../src/core/app/timers.ts"
import { update } from "../../src/core/app/update.ts"
import { view } from "../../src/core/app/view.ts"
import type { ActiveBlock } from "../../src/core/mitigation/active.ts"
import type { KillSummary } from "../../src/core/mitigation/kill.ts"
import { missing, reading } from "../../src/core/sample/sample.ts"
import { activeBlock, targetOf } from "../support/blocks.ts"
import { apply, collected, frame, type HostSpec, overlayFrame, press, statusLine, watching } from "../support/host.ts"
import { webServer } from "../support/hosts.ts"

const web = (width = 120, height = 30) => watching(width, height, webServer)

const listed = (state: State, ...blocks: readonly ActiveBlock[]): Action => ({
  type: "blocks/listed",
  epoch: state.blocks.epoch,
  at: state.now,
  seen: reading({ blocks, notes: [], isComplete: true }),
})

const FIRST = "198.51.100.24:443"
const SECOND = "203.0.113.77:443"

/** A screen with two blocks, one of them about to end. */
function blocked(width = 120, height = 30): State {
  const state = web(width, height)
  const two = [activeBlock(state, FIRST), activeBlock(state, SECOND, { leftMs: 42_000, by: "root" })]
  return apply(state, listed(state, ...two))
}

const after = (state: State, ms: number) => apply(state, { type: "clock/ticked", at: state.now + ms })

const collectedAfter = (state: State, host: HostSpec) =>
  collected(host, state.sample, (state.sample?.at ?? state.now) + 10_000)

const killed: KillSummary = {
  matched: 57,
  destroyed: 57,
  alreadyGone: 0,
  survivors: 0,
  arrivals: 0,
  timedOut: false,
  elapsedMs: 40,
  refusals: [],
  flows: { deleted: 57 },
}

describe("the chip", () => {
  test("counts what is blocked and ticks to the next end", () => {
    expect(statusLine(web())).not.toContain("BLOCKS")
    expect(statusLine(blocked())).toContain("BLOCKS 2 (next 00:42)")
    expect(statusLine(after(blocked(), 2_000))).toContain("BLOCKS 2 (next 00:40)")
    expect(statusLine(after(blocked(), 42_000))).toContain("BLOCKS 1 (next 03:30)")
    expect(statusLine(after(blocked(), 252_000))).not.toContain("BLOCKS")
  })

  test("is there on the narrowest screen, before any key", () => {
    expect(statusLine(blocked(60, 15))).toContain("BLOCKS 2 (next 00:42)")
    const masked = press(blocked(60, 15), "m", "z", "p").state
    expect(statusLine(masked)).toContain("BLOCKS 2")
  })
})

describe("by which means", () => {
  const kernel = { backend: "kernel" } as const
  const exec = { backend: "exec", reason: "no" } as const
  const none = { backend: "none", reason: "no" } as const
  test.each([
    ["API:kernel", "ok", { socket: kernel, conntrack: kernel, firewall: kernel }],
    ["API:exec(ss,iptables)", "warn", { socket: exec, conntrack: kernel, firewall: exec }],
    ["API:none(firewall)", "crit", { socket: kernel, conntrack: kernel, firewall: none }],
  ] as const)("%s", (text, tone, capabilities) => {
    const state = apply(web(140), { type: "capabilities/probed", capabilities })
    expect(
      view(state)
        .at(-1)!
        .find((part) => part.text === text)?.tone,
    ).toBe(tone)
  })
})

describe("the list is asked for", () => {
  const every = (state: State) => timers(state).find(({ id }) => id === "blocks")?.everyMs
  test("each 5 s while there are blocks, each 10 s while there are none, since other programs make some", () => {
    expect(every(blocked())).toBe(5_000)
    expect(every(apply(web(), listed(web())))).toBe(10_000)
    expect(every(press(blocked(), "p").state)).toBe(5_000)
  })

  test("not at all where it cannot be had, and without a word", () => {
    const state = apply(web(), { ...listed(web()), seen: missing("list blocks: EPERM. Run with sudo") } as Action)
    expect(every(state)).toBeUndefined()
    expect(state.notice).toBeUndefined()
    expect(overlayFrame(press(state, "b").state)).toContain("list blocks: EPERM. Run with sudo")
  })

  test("one that was begun before an action says nothing any more", () => {
    const before = blocked()
    const old = listed(before)
    const [state] = update(before, { type: "blocks/lifted", lifted: [], isQuitting: false, at: before.now })
    expect(apply(state, old)).toBe(state)
  })
})

describe("answers", () => {
  test("of a block: one notice, the chip at once, a look and a list", () => {
    const asked = press(web(), "k").state
    const state: State = { ...press(asked, "escape").state, underWay: 1 }
    const block = activeBlock(state, FIRST, { leftMs: 300_000 })
    const [next, ...effects] = update(state, {
      type: "peer/blocked",
      block,
      also: [],
      isRenewed: false,
      kill: killed,
      at: state.now,
    })
    expect(next.notice).toMatchObject({ text: `${FIRST}: block active 5m; 57 closed, 0 left`, tone: "ok" })
    expect(statusLine(next)).toContain("BLOCKS 1 (next 05:00)")
    expect(effects.map(({ type }) => type)).toEqual(["blocks/list", "look/collect"])
    expect([next.underWay, next.overlays]).toEqual([0, []])
  })

  test.each([
    ["survivors", { ...killed, destroyed: 3, survivors: 2 }, "block active 5m; 3 closed, 2 left", "warn"],
    [
      "some that had gone",
      { ...killed, destroyed: 50, alreadyGone: 7 },
      "block active 5m; 50 closed, 7 had gone, 0 left",
      "ok",
    ],
    [
      "nobody",
      { ...killed, matched: 0, destroyed: 0, flows: { deleted: 0 } },
      "block active 5m; no connection matched",
      "ok",
    ],
    ["flows alone", { ...killed, matched: 0, destroyed: 0 }, "block active 5m; 57 flows ended", "ok"],
    [
      "a refusal",
      { ...killed, destroyed: 0, survivors: 57, refusals: [{ errno: "EPERM", count: 57 }] },
      "the kernel refused to close 57 (EPERM). Run with sudo",
      "warn",
    ],
    ["a failure", { failure: "no ss" }, "its connections were not ended: no ss", "warn"],
  ] as const)("of a block with %s", (_, kill, text, tone) => {
    const state = web()
    const [next] = update(state, {
      type: "peer/blocked",
      block: activeBlock(state, FIRST),
      also: [],
      isRenewed: false,
      kill,
      at: state.now,
    })
    expect(next.notice?.text).toContain(text)
    expect(next.notice?.tone).toBe(tone)
  })

  test("come without a box that takes keys from what is typed", () => {
    const typing = press(web(), "/", "n", "g").state
    const [state] = update(typing, {
      type: "peer/killed",
      target: targetOf(FIRST),
      kill: killed,
      at: typing.now,
    })
    expect(state.overlays).toEqual([])
    expect(press(state, "i", "enter").state.slices["top-connections"].search).toBe("ngi")
    expect(state.notice?.text).toBe(`${FIRST}: 57 closed, 0 left`)
  })

  test("that could not be written down say so", () => {
    const [state] = update(web(), {
      type: "peer/killed",
      target: targetOf(FIRST),
      kill: killed,
      at: web().now,
      unlogged: "cannot write the log: EROFS",
    })
    expect(state.notice).toMatchObject({
      text: `${FIRST}: 57 closed, 0 left; cannot write the log: EROFS`,
      tone: "warn",
    })
  })

  test("that failed are one notice, and nothing is under way any more", () => {
    const state: State = { ...web(), underWay: 1 }
    const [next, ...effects] = update(state, {
      type: "effect/failed",
      effect: {
        type: "peer/block",
        target: targetOf(FIRST),
        minutes: 5,
        overrides: { force: false, forceSshPeer: false },
      },
      reason: `block ${FIRST}: the kernel refused (EPERM). Run with sudo, or give CAP_NET_ADMIN.`,
      at: state.now,
    })
    expect(next.notice?.tone).toBe("crit")
    expect(next.notice?.text).toContain("EPERM")
    expect([next.underWay, effects.map(({ type }) => type)]).toEqual([0, ["blocks/list"]])
  })

  test("masked, hide their addresses", () => {
    const [state] = update(press(web(), "m").state, {
      type: "peer/killed",
      target: targetOf(FIRST),
      kill: killed,
      at: web().now,
    })
    expect(statusLine(state)).toContain("xxx.ruv.100.24:443: 57 closed")
  })
})

describe("blocks that are gone before their time", () => {
  test("are said, written down and shown", () => {
    const state = blocked()
    const [next, ...effects] = update(state, listed(state))
    expect(next.notice?.tone).toBe("crit")
    expect(next.notice?.text).toStartWith("2 blocks are gone")
    expect(effects.map(({ type }) => type)).toEqual(["log/write", "log/write", "blocks/tidy"])
    expect(overlayFrame(press(next, "b").state)).toContain(`${FIRST} is gone, seen 0s ago: lifted by another program`)
  })

  test("are those that should still be there: not one that ended, not one that was lifted here", () => {
    const state = after(blocked(), 41_000)
    const [ended, ...tidy] = update(state, listed(state, activeBlock(state, FIRST, { leftMs: 211_000 })))
    expect([ended.notice, tidy]).toEqual([undefined, []])
    const [lifted] = update(ended, {
      type: "blocks/lifted",
      lifted: ended.blocks.list,
      isQuitting: false,
      at: ended.now,
    })
    const [empty, ...effects] = update(lifted, listed(lifted))
    expect([empty.notice?.text, effects]).toEqual([`${FIRST}: block lifted`, []])
  })

  test("of another namespace are another's", () => {
    const state = web()
    const inside = activeBlock(state, FIRST, { namespace: { id: 7, name: "web" } })
    const known = apply(state, listed(state, activeBlock(state, FIRST), inside))
    const [next] = update(known, listed(known, activeBlock(state, FIRST)))
    expect(next.blocks.lost.map(({ block }) => block.namespace?.name)).toEqual(["web"])
  })

  test("are not told by a list with something missing", () => {
    const state = blocked()
    const part = { ...listed(state), seen: reading({ blocks: [], notes: ["no"], isComplete: false }) } as Action
    expect(apply(state, part).notice).toBeUndefined()
  })
})

test("when the kernel has lifted the last one, what is left of the table goes", () => {
  const state = after(blocked(), 252_000)
  const [next, ...effects] = update(state, listed(state))
  expect(effects).toEqual([{ type: "blocks/tidy", namespaces: [] }])
  expect(next.notice).toBeUndefined()
  expect(update(next, listed(next)).slice(1)).toEqual([])
})

describe("b", () => {
  const list = () => press(blocked(), "b").state
  const chosen = (state: State) => /▌(\S+)/.exec(overlayFrame(state))?.[1]

  test("lists who is kept out, by whom, for how much longer", () => {
    expect(overlayFrame(press(blocked(80, 24), "b").state)).toMatchInlineSnapshot(`
      "
      ┌─ Blocked peers ──────────────────────────────────────────────────────────────┐
      │ PEER                                         LEFT     OF BY         LIFTED BY│
      │▌198.51.100.24:443                           04:12     5m alice      kernel   │
      │ 203.0.113.77:443                            00:42     5m root       kernel   │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      └──────────────────────────────────────────────────────────────────────────────┘
      "
    `)
  })

  test("ticks", () => {
    expect(overlayFrame(after(list(), 1_000))).toContain("04:11")
  })

  test("asks for a new list when it opens", () => {
    expect(press(blocked(), "b").effects).toEqual([{ type: "blocks/list", epoch: 0 }])
  })

  test("the cursor follows its block", () => {
    const second = press(list(), "down").state
    expect(chosen(second)).toBe(SECOND)
    const more = listed(second, activeBlock(second, "10.0.0.1:80"), ...second.blocks.list)
    expect(chosen(apply(second, more))).toBe(SECOND)
    expect(chosen(apply(second, listed(second, activeBlock(second, FIRST))))).toBe(FIRST)
    expect([chosen(press(second, "down").state), chosen(press(second, "home").state)]).toEqual([SECOND, FIRST])
  })

  test("the cursor stays on its block when + moves that down the list, without a key that chose it", () => {
    const more = press(list(), "+").state
    expect(chosen(apply(more, listed(more, ...more.blocks.list.toReversed())))).toBe(FIRST)
  })

  test("nor does a block that ends sooner take the cursor", () => {
    const opened = list()
    expect(chosen(apply(opened, listed(opened, activeBlock(opened, "10.0.0.1:80"), ...opened.blocks.list)))).toBe(FIRST)
  })

  test("+ adds five minutes to what is left", () => {
    const { effects } = press(list(), "+")
    expect(effects).toEqual([{ type: "block/extend", block: list().blocks.list[0]!, durationMs: 252_000 + 300_000 }])
  })

  test.each(["x", "delete"])("%s asks, and only y lifts", (chord) => {
    const asked = press(list(), chord).state
    expect(overlayFrame(asked)).toContain(`Lift the block of ${FIRST}?`)
    for (const no of ["enter", "n", "escape", "x", "q"]) expect(press(asked, no).effects).toEqual([])
    expect(press(asked, "n").state.overlays).toEqual(["blocked-peers"])
    expect(press(asked, "y").effects).toEqual([{ type: "block/lift", block: list().blocks.list[0]! }])
  })

  test("the block that was asked about is lifted, also when the list has changed meanwhile", () => {
    const asked = press(list(), "x").state
    const moved = apply(asked, listed(asked, activeBlock(asked, "10.0.0.1:80"), ...asked.blocks.list))
    expect(press(moved, "y").effects).toMatchObject([{ block: { target: targetOf(FIRST) } }])
  })

  test("X lifts all, after a question", () => {
    const asked = press(list(), "X").state
    expect(overlayFrame(asked)).toContain("Lift all blocks, those of others too?")
    expect(press(asked, "y").effects).toEqual([{ type: "block/lift-all", isQuitting: false }])
  })

  test.each(["escape", "q", "b"])("%s closes it", (chord) => {
    expect(press(list(), chord).state.overlays).toEqual([])
  })

  test("with nothing to list says so, and its keys too", () => {
    const none = press(apply(web(), listed(web())), "b").state
    expect(overlayFrame(none)).toContain("No block is active.")
    for (const chord of ["+", "x", "X"]) {
      const { state, effects } = press(none, chord)
      expect([effects, state.notice?.text]).toEqual([[], "no block is active"])
    }
  })

  test("a long list scrolls, and the question is seen", () => {
    const state = web(60, 15)
    const many = Array.from({ length: 40 }, (_, i) => activeBlock(state, `10.0.0.${i}:80`))
    const open = press(apply(state, listed(state, ...many)), "b", "end").state
    expect(chosen(open)).toBe("10.0.0.39:80")
    expect(overlayFrame(press(open, "x").state)).toContain("y lifts")
  })

  test("is refused in a replay", () => {
    const { state, effects } = press({ ...blocked(), source: "replay" }, "b")
    expect([state.overlays, effects]).toEqual([[], []])
    expect(statusLine(state)).toContain("replay is read-only")
  })
})

describe("h", () => {
  const entry = (n: number) => `2026-03-08T12:56:${String(n).padStart(2, "0")}Z uid=0 block 203.0.113.${n}: done`
  test("shows the last actions, the latest first, and scrolls", () => {
    const { state, effects } = press(web(80, 24), "h")
    expect(effects).toEqual([{ type: "log/read" }])
    expect(overlayFrame(state)).toContain("nothing was done yet")
    const log = apply(state, { type: "log/known", lines: Array.from({ length: 20 }, (_, i) => entry(i)) })
    expect(overlayFrame(log)).toContain("block 203.0.113.19: done")
    expect(overlayFrame(log)).not.toContain("block 203.0.113.0: done")
    expect(overlayFrame(press(log, "end").state)).toContain("block 203.0.113.0: done")
    expect(frame(press(log, "m").state)).toContain("block 203.0.113.19")
    expect(press(log, "escape").state.overlays).toEqual([])
  })

  test("masked, hides addresses and leaves times alone", () => {
    const state = apply(press(web(80, 24), "m", "h").state, { type: "log/known", lines: [entry(7)] })
    expect(overlayFrame(state)).toContain("2026-03-08T12:56:07Z uid=0")
    expect(overlayFrame(state)).toContain("block xxx.vhn.113.7: done")
  })

  test("an action that ends while it is open is in it", () => {
    const state = press(web(), "h").state
    const [, ...effects] = update(state, { type: "peer/killed", target: targetOf(FIRST), kill: killed, at: state.now })
    expect(effects.map(({ type }) => type)).toContain("log/read")
  })
})

describe("q with blocks", () => {
  const asked = () => press(blocked(80, 24), "q")

  test("asks, and says what becomes of them", () => {
    expect(asked().effects).toEqual([])
    expect(overlayFrame(asked().state)).toMatchInlineSnapshot(`
      "
      ┌─ Quit ───────────────────────────────────────────────────────────────────────┐
      │ 2 blocks are active:                                                         │
      │   198.51.100.24:443  04:12 left                                              │
      │   203.0.113.77:443  00:42 left                                               │
      │                                                                              │
      │ Enter keep and quit: the kernel lifts them on time                           │
      │ l     lift all of them and quit                                              │
      │ Esc   stay                                                                   │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      └──────────────────────────────────────────────────────────────────────────────┘
      "
    `)
  })

  test.each(["enter", "k", "q", "ctrl+c"])("%s keeps them and quits", (chord) => {
    expect(press(asked().state, chord).effects).toEqual([{ type: "program/quit", code: 0 }])
  })

  test("l lifts them all, and quits when that is done", () => {
    const { state, effects } = press(asked().state, "l")
    expect(effects).toEqual([{ type: "block/lift-all", isQuitting: true }])
    const [, ...then] = update(state, {
      type: "blocks/lifted",
      lifted: state.blocks.list,
      isQuitting: true,
      at: state.now,
    })
    expect(then).toEqual([{ type: "program/quit", code: 0 }])
  })

  test("a lift that failed does not quit, and says why", () => {
    const { state } = press(asked().state, "l")
    const [next, ...effects] = update(state, {
      type: "effect/failed",
      effect: { type: "block/lift-all", isQuitting: true },
      reason: "lift all blocks: EPERM",
      at: state.now,
    })
    expect(effects.map(({ type }) => type)).not.toContain("program/quit")
    expect([next.overlays, statusLine(next).includes("EPERM")]).toEqual([["quit-blocks"], true])
  })

  test.each(["escape", "c"])("%s stays", (chord) => {
    const { state, effects } = press(asked().state, chord)
    expect([state.overlays, effects]).toEqual([[], []])
  })

  test("without a block, or when the last one has ended, q quits", () => {
    for (const state of [web(), after(blocked(), 252_000)])
      expect(press(state, "q").effects).toEqual([{ type: "program/quit", code: 0 }])
  })

  test("an action under way is asked about too", () => {
    const { state, effects } = press({ ...web(), underWay: 1 }, "q")
    expect(effects).toEqual([])
    expect(overlayFrame(state)).toContain("An action is under way")
  })
})

describe("Enter on a row", () => {
  test("all that is known of a connection", () => {
    expect(overlayFrame(press(web(80, 24), "enter").state)).toMatchInlineSnapshot(`
      "
      ┌─ Connection ─────────────────────────────────────────────────────────────────┐
      │ peer           198.51.100.24:51822                                           │
      │ this host      10.0.0.10:443                                                 │
      │ state          ESTABLISHED, tcp, incoming                                    │
      │ process        1204/nginx                                                    │
      │ uid            0                                                             │
      │ sends          1.3MB/s                                                       │
      │ receives       82.0KB/s                                                      │
      │ waiting to go  0B                                                            │
      │ not yet read   0B                                                            │
      │ round trip     850us                                                         │
      │ retransmitted  0 segments                                                    │
      │ in its life    13.0MB sent and acknowledged, 820KB received                  │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │ ──────────────────────────────────────────────────────────────────────────── │
      │ k blocks this peer for some minutes   x ends its connections   T traces it   │
      └──────────────────────────────────────────────────────────────────────────────┘
      "
    `)
  })

  test("and of a group", () => {
    expect(overlayFrame(press(web(80, 24), "g", "enter").state)).toMatchInlineSnapshot(`
      "
      ┌─ Group ──────────────────────────────────────────────────────────────────────┐
      │ peer           203.0.113.77                                                  │
      │ process        nginx                                                         │
      │ connections    4, incoming                                                   │
      │ states         TIME_WAIT 3 (75%)  ESTABLISHED 1 (25%)                        │
      │ ports          443 (4)                                                       │
      │ sends          625KB/s                                                       │
      │ receives       20.5KB/s                                                      │
      │ waiting to go  9.5KB                                                         │
      │ not yet read   0B                                                            │
      │ round trip     850us at most                                                 │
      │ retransmitted  0 segments                                                    │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │ ──────────────────────────────────────────────────────────────────────────── │
      │ k blocks this peer for some minutes   x ends its connections   T traces it   │
      └──────────────────────────────────────────────────────────────────────────────┘
      "
    `)
  })

  test("its rates grow a trail, look after look, and it says when it has ended", () => {
    let state = press(web(80, 24), "enter").state
    const trail = () => state.slices.details.trail.length
    const before = trail()
    for (let n = 0; n < 100; n++) state = apply(state, { type: "clock/ticked", at: state.now })
    expect(trail()).toBe(before)
    const { connections } = webServer
    const looked = (host: typeof webServer, n: number) => {
      for (let i = 0; i < n; i++) state = apply(state, collectedAfter(state, host))
    }
    // One look is one point, whatever else is new.
    state = apply(state, { type: "app/mask" }, { type: "app/mask" })
    expect(trail()).toBe(before)
    looked(webServer, 80)
    expect(trail()).toBe(60)
    looked({ connections: connections!.slice(1) }, 1)
    expect(overlayFrame(state)).toContain("It has ended. What the last look saw:")
    expect(overlayFrame(state)).toContain("198.51.100.24:51822")
  })

  test("k and x lead to the form of that row, whichever row is under the cursor by then", () => {
    const open = press(web(80, 24), "down", "enter").state
    const block = press(open, "k")
    expect(block.state.overlays).toEqual(["block-peer"])
    expect(overlayFrame(block.state)).toContain("PEER     203.0.113.77")
    expect(overlayFrame(press(open, "x").state)).toContain("MINUTES  0")
    expect(overlayFrame(press(open, "x").state)).toContain("─ End connections ─")
    expect(press(block.state, "escape").state.overlays).toEqual([])
  })

  test("of an outgoing row there is nothing to do, with the reason", () => {
    const open = press(web(80, 24), "o", "enter").state
    expect(overlayFrame(open)).toContain("only incoming peers are blocked")
    const { state, effects } = press(open, "k")
    expect([state.overlays, effects]).toEqual([["details"], []])
  })

  test("at 60x15 it scrolls, and the keys stay", () => {
    const open = press(web(60, 15), "enter").state
    expect(overlayFrame(open)).not.toContain("in its life")
    expect(overlayFrame(press(open, "end").state)).toContain("in its life")
    expect(overlayFrame(press(open, "end").state)).toContain("k blocks this peer")
  })
})
