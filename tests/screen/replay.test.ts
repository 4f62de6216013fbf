/** A replay on the screen: which snapshot each key leads to, and what is shown of it. */
import { describe, expect, test } from "bun:test"
import { existing } from "../../src/core/app/command.ts"
import { appCommandsIn, commandsOf } from "../../src/core/app/guide.ts"
import { actionForKey, actionsForMouse } from "../../src/core/app/keymap.ts"
import { layout } from "../../src/core/app/layout.ts"
import { everyPanel } from "../../src/core/app/registry.ts"
import { update } from "../../src/core/app/update.ts"
import { frame, overlayFrame, panelFrame, statusLine, typed } from "../support/host.ts"
import { clockAt, type LineSpec, lineOf, Replaying, type ReplaySpec } from "../support/replay.ts"

const web = { peer: "203.0.113.7", tx: 12_000, rx: 1_300, connections: 3, states: { ESTABLISHED: 2, TIME_WAIT: 1 } }
const ssh = { peer: "198.51.100.9", port: 22, process: "sshd", tx: 400, rx: 100 }
const database = { peer: "10.0.4.31", port: 5432, process: "api", tx: 4_000, rx: 90_000 }

/** Ten snapshots: the first two and the fifth have no incoming rows, from the eighth on conntrack is full. */
const lines: readonly LineSpec[] = Array.from({ length: 10 }, (_, i) => ({
  at: clockAt(i),
  in: [0, 1, 4].includes(i) ? [] : [{ ...web, tx: web.tx * (i + 1) }, ...(i === 6 ? [ssh] : [])],
  out: i < 3 ? [database] : [],
  ...(i >= 7
    ? { more: { findings: [{ id: "conntrack-full", severity: i === 9 ? "crit" : "warn", culprit: "nginx" }] } }
    : {}),
}))

const open = (spec: Partial<ReplaySpec> = {}) => new Replaying({ lines, ...spec })

describe("which snapshot is shown", () => {
  test.each([
    ["at the start: the oldest with rows", [], clockAt(2)],
    ["the next with rows", ["]"], clockAt(3)],
    ["past one without rows", ["]", "]"], clockAt(5)],
    ["and back", ["]", "]", "["], clockAt(3)],
    ["at the first it stays", ["["], clockAt(2)],
    ["the latest", ["e"], clockAt(9)],
    ["past the latest it stays", ["e", "]"], clockAt(9)],
    ["the oldest", ["e", "a"], clockAt(2)],
    ["every one, when none is skipped", ["x", "]", "]"], clockAt(4)],
    ["the very first, when none is skipped", ["x", "a"], clockAt(0)],
    ["the other side's nearest", ["]", "]", "o"], clockAt(2)],
    ["the nearest with rows, when those without are skipped again", ["x", "a", "x"], clockAt(2)],
    ["what began to be wrong", ["n"], clockAt(7)],
    ["and got worse", ["n", "n"], clockAt(9)],
    ["and back", ["n", "n", "N"], clockAt(7)],
    ["with shift and arrows too", ["shift+right"], clockAt(7)],
    ["ten minutes on is past the end: the latest", ["}"], clockAt(9)],
  ] as const)("%s", (_, keys, at) => expect(open().press(...keys).shownAt).toBe(at))

  test("the header, the rows and the status are always of one and the same", () => {
    const replay = open()
    for (const key of ["]", "]", "o", "x", "]", "[", "e", "a", "n", "o", "x", "N"]) {
      replay.press(key)
      const { shown, history } = replay.state.replay!
      expect(history.index.lines.at[shown!.position]).toBe(shown!.at)
      expect(replay.state.model?.at).toBe(shown!.at)
      expect(frame(replay.state)).toContain(`2026-03-08 ${replay.shownAt} +01:00`)
    }
  })

  test("at an end the reason is told, and how many are hidden", () => {
    expect(statusLine(open().press("[").state)).toContain("this is the first snapshot with rows; 2 without rows before")
    expect(statusLine(open().press("]", "]").state)).toContain("1 without rows skipped")
    expect(statusLine(open().press("x", "e", "]").state)).toContain("this is the last snapshot")
  })
})

describe("a time is gone to", () => {
  const jump = (text: string) => open().press("t", "ctrl+u", ...typed(text), "enter")

  test.each([
    ["10:02:10", clockAt(5)],
    ["10:01:46", clockAt(3)],
    ["10:01:55", clockAt(3)],
    ["2026-03-08 10:04", clockAt(8)],
    ["11:30", clockAt(9)],
    ["09:00", clockAt(2)],
  ])("%s", (text, at) => expect(jump(text).shownAt).toBe(at))

  test("of day is of the day in view, whatever day it is", () => {
    const replay = open()
    replay.do({ type: "clock/ticked", at: 3 * 86_400_000 })
    expect(replay.press("t", "ctrl+u", ...typed("10:03"), "enter").shownAt).toBe(clockAt(6))
  })

  test("that makes no sense is told, and the prompt stays", () => {
    const replay = jump("8pm")
    expect(overlayFrame(replay.state)).toContain("that is no form of time")
    expect(replay.press("escape").state.overlays).toEqual([])
  })

  test("of a day that was not recorded goes to the nearest, and says so", () => {
    const replay = jump("2026-03-05 10:00")
    expect(replay.shownAt).toBe(clockAt(2))
    expect(replay.state.notice?.text).toContain("no snapshots for 2026-03-05")
  })
})

describe("search across time", () => {
  const search = (text: string) => open().press("S", ...typed(text), "enter")

  test.each([
    ["an address", "203.0.113.7", 7],
    ["a network", "203.0.113.0/24", 7],
    ["a port", "22", 1],
    ["a port with a colon", ":5432", 3],
    ["a process, whatever its case", "NGINX", 7],
    ["a part of an address", "198.51.", 1],
    ["what is nowhere", "redis", 0],
  ])("%s", (_, text, hits) => {
    const { state } = search(text)
    expect(state.replay?.search?.hits.length).toBe(hits)
    expect(overlayFrame(state)).toContain(`${hits} of 10 snapshots`)
  })

  test("Enter goes to the snapshot, on the side that has it", () => {
    const replay = search(":5432").press("down", "enter")
    expect([replay.shownAt, replay.state.slices["top-connections"].side]).toEqual([clockAt(1), "out"])
    expect(replay.state.overlays).toEqual([])
  })

  test("parentheses go from one to the next", () => {
    const replay = search("sshd").press("escape", ")")
    expect(replay.shownAt).toBe(clockAt(6))
    expect(replay.press(")").state.notice?.text).toBe("no later snapshot has sshd")
    expect(replay.press("[", ")").shownAt).toBe(clockAt(6))
  })

  test("Esc ends one that goes on, and its late answers are not heard", () => {
    const replay = open()
    const [searching] = update(replay.state, { type: "replay/search", text: "nginx" })
    const token = searching.replay!.search!.token
    const [stopped] = update(searching, { type: "replay/stop-search" })
    const late = { type: "search/found", token, hits: [], done: 5, total: 10, isOver: true } as const
    expect(update(stopped, late)[0]).toBe(stopped)
  })

  test("while addresses are hidden, only what is shown of them can be found", () => {
    const masked = (text: string) =>
      open({ isMasked: true }).press("S", ...typed(text), "enter").state.replay?.search?.hits.length
    expect([masked("203.0.113.7"), masked("203.0"), masked(".113.7"), masked("nginx")]).toEqual([0, 0, 7, 7])
  })
})

describe("the end is followed", () => {
  const more = (at: string, rows: LineSpec["in"] = [web]) => ({ at, in: rows ?? [] })

  test("to each new snapshot, the selection on its row", () => {
    const replay = open().press("L", "down")
    expect(replay.shownAt).toBe(clockAt(9))
    replay.press("e").grow(more("10:05:00", [ssh, web]))
    expect(replay.shownAt).toBe("10:05:00")
    expect(frame(replay.state)).toContain("TAIL-ON")
    const peer = () => /▌(\S+)/.exec(frame(replay.state))?.[1]
    replay.press("down")
    const selected = peer()
    replay.grow(
      more("10:05:30", [
        { ...web, tx: 9 },
        { ...ssh, tx: 900_000 },
      ]),
    )
    expect(peer()).toBe(selected!)
  })

  test("also to one without rows, which says that it has none", () => {
    const replay = open().press("L").grow(more("10:05:00", []))
    expect(replay.shownAt).toBe("10:05:00")
    expect(frame(replay.state)).toContain("no rows")
  })

  test.each(["[", "a", "t", "n", "{"])("%s ends that", (key) => {
    const replay = open().press("L", key, ...(key === "t" ? ["enter"] : []))
    expect(replay.state.replay?.followsEnd).toBe(false)
  })

  test("otherwise what is shown stays while the history grows", () => {
    const replay = open().grow(more("10:05:00"))
    expect(replay.shownAt).toBe(clockAt(2))
    expect(statusLine(replay.state)).toContain("Raw 3/11")
  })
})

describe("what is shown", () => {
  test("at 80 by 24", () => {
    expect(frame(open({ width: 80, height: 24 }).press("]").state)).toMatchInlineSnapshot(`
      "
       HEALTH UNKNOWN  retrans n/a  conntrack n/a  interface –
       ?  No diagnosis was recorded here
      ┌─ Top Incoming ───────────────────────────────── 1-1 of 1 row, 3 connections ─┐
      │ by peer, port and process  sort bandwidth ↓                                  │
      │ PEER                  LPORT PROCESS      CONNS     ↓TX/s     ↓RX/s STATES    │
      │▌203.0.113.7             443 nginx            3  46.9KB/s   1.3KB/s EST:2,TW:1│
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
      ┌─ Timeline: bytes ───────────────────────────────────────────── most 128KB/s ─┐
      │ 2026-03-08 10:01:30 +01:00  eth0  IN:1 OUT:0  BW:30s                         │
      │ ▃▃▃▃▃▃▃▃▃████████        │        ▁▁▁▁▁▁▁▁▁▂▂▂▂▂▂▂▂▄▄▄▄▄▄▄▄▄▅▅▅▅▅▅▅▅▇▇▇▇▇▇▇▇ │
      │ █████████████████▆▆▆▆▆▆▆▆▆▁▁▁▁▁▁▁▁██████████████████████████████████████████ │
      │                          ▲                                 w       w       C │
      │ 10:00:00             10:01:30                                       10:04:30 │
      └──────────────────────────────────────────────────────────────────────────────┘
       eth0  REPLAY  Active 2/7  Raw 4/10  [ ] step  n N finding  ? help  q quit
      "
    `)
  })

  test("in full width", () => {
    const table = panelFrame(open({ width: 260, height: 40 }).state, "top-connections")
    expect(table.split("\n").slice(1, 5).join("\n")).toMatchInlineSnapshot(`
      "┌─ Top Incoming ───────────────────────────────────────────────────────────────────────────────────────────────────────────── 1-1 of 1 row, 3 connections ─┐
      │ by peer, port and process  sort bandwidth ↓                                                                                                              │
      │ PEER                                LPORT PROCESS         UNIT                   CONNS  SEND-Q  RECV-Q     ↓TX/s     ↓RX/s STATES                        │
      │▌203.0.113.7                           443 nginx           -                          3      0B      0B  35.2KB/s   1.3KB/s ESTABLISHED:2,TIME_WAIT:1     │"
    `)
  })

  test("the example line of the Go program's contract", () => {
    const contract =
      '{"captured_at":"2026-03-08T12:56:30.196962352+07:00","interface":"eth0","top_limit_per_side":500,' +
      '"sample_seconds":29.999999695,"bandwidth_available":true,"incoming_groups":[{"peer_ip":"203.0.113.7","port":443,' +
      '"proc_name":"nginx","conn_count":3,"tx_queue":0,"rx_queue":0,"total_queue":0,"tx_bytes_delta":377892,' +
      '"rx_bytes_delta":41164,"total_bytes_delta":419056,"tx_bytes_per_sec":12596.400128063402,' +
      '"rx_bytes_per_sec":1372.1333472833558,"total_bytes_per_sec":13968.533475346758,' +
      '"states":{"ESTABLISHED":2,"TIME_WAIT":1}}],"outgoing_groups":[],"version":"v0.8.2","cpu_cores":0.03,"rss_bytes":14876672}'
    const text = frame(open({ lines: [contract], height: 60 }).state)
    expect(text).toContain("2026-03-08 06:56:30 +01:00  eth0  IN:1 OUT:0  BW:30s")
    expect(text).toMatch(/203\.0\.113\.7 +443 nginx +3 +12\.3KB\/s +1\.3KB\/s EST:2,TW:1/)
    expect(text).toContain("3.0% CPU  14.2MB")
  })

  test("a window with nothing in it says what was looked for and which days there are", () => {
    const text = frame(open({ window: { from: Date.parse("2026-03-08T11:00:00Z") } }).state)
    expect(text).toContain("No snapshots in the window: since 2026-03-08 12:00:00")
    expect(text).toContain("Recorded days: 2026-03-08")
  })

  test("lines that are no snapshots are counted", () => {
    const { state } = open({ lines: [...lines, "{broken", '{"captured_at":"0001-01-01T00:00:00Z"}'] })
    expect(statusLine(state)).toContain("Corrupt: 2")
  })

  test("a line whose rows make no sense is left out when it is read, and the nearest is shown", () => {
    const bad = `${JSON.stringify({ ...JSON.parse(lineOf({ at: "10:01:10", in: [web] })) })}`.replace(
      '"conn_count":3',
      '"conn_count":"3"',
    )
    const replay = open({ lines: [...lines.slice(0, 3), bad, ...lines.slice(3)] })
    expect(statusLine(replay.state)).toContain("Raw 3/11")
    replay.press("]")
    expect(["10:01:00", "10:01:30"]).toContain(replay.shownAt)
    expect(statusLine(replay.state)).toContain("Corrupt: 1")
  })

  test("text that would act on the terminal is shown harmless", () => {
    const evil = { ...web, process: "\x1b[31m__proto__", unit: "__proto__" }
    const text = frame(open({ lines: [{ at: clockAt(0), in: [evil] }], width: 200 }).state)
    expect(text).not.toContain("\x1b")
    expect(text).toContain("␛[31m__proto")
  })

  test("an outage is seen, and told where it ended", () => {
    const outage = [...lines.slice(0, 5), { at: "10:30:00", in: [web] }, { at: "10:30:30", in: [web] }]
    const text = frame(open({ lines: outage }).press("e", "[").state)
    expect(text).toContain("░░░░")
    expect(text).toContain("GAP 28m0s before")
  })

  test("an outage shorter than a column is seen under it", () => {
    const day = Array.from({ length: 400 }, (_, i) => ({ at: clockAt(i < 200 ? i : i + 4), in: [web] }))
    const marks = frame(open({ lines: day, width: 80, height: 24 }).state)
      .split("\n")
      .at(-5)
    expect(marks).toMatch(/^│ ▲ *· *│$/)
  })
})

describe("the timeline", () => {
  const focused = () => open().do({ type: "app/focus", panel: "timeline" })

  test("arrows move over it, Home and End lead to its ends", () => {
    const replay = focused()
    replay.press("right")
    expect(replay.shownAt).toBe(clockAt(3))
    expect(replay.press("end").shownAt).toBe(clockAt(9))
    expect(replay.press("home").shownAt).toBe(clockAt(2))
    expect(replay.press("pagedown").shownAt > clockAt(2)).toBe(true)
  })

  test("a click and a drag lead to the time under the pointer", () => {
    const replay = open()
    const { area } = layout(replay.state).find(({ panel }) => panel.id === "timeline")!
    const at = (kind: "click" | "drag", part: number) => {
      const event = { kind, x: area.x + 2 + Math.floor((area.width - 5) * part), y: area.y + 3 }
      for (const action of actionsForMouse(replay.state, event)) replay.do(action)
      return replay.shownAt
    }
    expect(at("click", 1)).toBe(clockAt(9))
    expect(at("drag", 0.55)).toBe(clockAt(5))
    expect(at("drag", 0)).toBe(clockAt(2))
  })

  test("a drag over rows does nothing", () =>
    expect(actionsForMouse(open().state, { kind: "drag", x: 3, y: 4 })).toEqual([]))

  test("is above the status bar on every screen, and not there live", () => {
    for (const [width, height] of [
      [60, 15],
      [80, 24],
      [200, 60],
    ] as const) {
      const { state } = open({ width, height })
      const band = layout(state).find(({ panel }) => panel.id === "timeline")!
      expect(band.area.y + band.area.height).toBe(height - 1)
      expect(band.area.width).toBe(width)
    }
  })
})

test("3,000 random keys: position, record and header agree, frames are whole, nobody is trapped", () => {
  const replay = open({ width: 90, height: 28 })
  const keys = [...everyPanel.flatMap((panel) => commandsOf(panel, "replay")), ...appCommandsIn("replay")]
    .flatMap((command) => command.keys)
    .filter((key) => !["q", "ctrl+c"].includes(key))
    .concat("1", "0", ":", "enter", "escape", "backspace")
  let seed = 7
  const next = (n: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return (seed >>> 8) % n
  }
  const opened = new Set<string>()
  for (let i = 0; i < 3_000; i++) {
    replay.press(keys[next(keys.length)]!)
    for (const panel of replay.state.overlays) opened.add(panel)
    const { shown, history } = replay.state.replay!
    expect(history.index.lines.at[shown!.position]).toBe(shown!.at)
    expect([replay.state.model?.at, replay.state.wanted]).toEqual([shown!.at, undefined])
    if (i % 50 === 0) expect(frame(replay.state).split("\n").length).toBe(30)
  }
  expect(replay.asked.filter(({ type }) => liveEffects.test(type))).toEqual([])
  expect(["jump", "time-search", "help", "details"].filter((panel) => !opened.has(panel))).toEqual([])
  replay.press(..."escape escape escape escape escape".split(" "))
  expect(replay.state.overlays).toEqual([])
})

/** Everything that changes the host, or asks it something. */
const liveEffects = /^(peer|block|blocks|lifelines|capabilities|look|lane|log)\//

describe("nothing changes the host", () => {
  const screens = existing(everyPanel, "replay").map((panel) => {
    const replay = open()
    replay.do(
      panel.place.region === "overlay" ? { type: "app/open", panel: panel.id } : { type: "app/focus", panel: panel.id },
    )
    return { name: panel.id, panel, replay }
  })

  test.each(screens)("by any key of $name", ({ panel, replay }) => {
    const keys = [
      ...commandsOf(panel, "replay"),
      ...commandsOf(panel, "live"),
      ...appCommandsIn("live"),
      ...appCommandsIn("replay"),
    ]
      .flatMap((command) => command.keys)
      .filter((key) => !["q", "ctrl+c"].includes(key))
    for (const key of new Set(keys)) {
      const action = actionForKey(replay.state, key)
      if (action === undefined) continue
      const [, ...effects] = update(replay.state, action)
      expect([key, effects.map(({ type }) => type).filter((type) => liveEffects.test(type))]).toEqual([key, []])
    }
  })

  test.each([
    ["k", "replay is read-only"],
    ["b", "replay is read-only"],
    ["T", "replay is read-only"],
    ["p", "a replay stands still by itself"],
    ["r", "a replay does not look at the host"],
    ["u", "a record does not tell TCP and UDP apart"],
  ])("%s says why", (key, text) => expect(open().press(key).state.notice?.text).toContain(text))
})
