/** Keys to screen: what each key of the dashboard does, and what it does not. */
import { describe, expect, test } from "bun:test"
import { actionForPaste, actionsForMouse } from "../../src/core/app/keymap.ts"
import { layout } from "../../src/core/app/layout.ts"
import type { State } from "../../src/core/app/state.ts"
import { timers } from "../../src/core/app/timers.ts"
import { apply, collected, frame, type HostSpec, look, press, statusLine, typed, watching } from "../support/host.ts"
import { crowd, webServer } from "../support/hosts.ts"

const top = (state: State) => state.slices["top-connections"]
const web = () => watching(80, 24, webServer)

/** The rows of the table that are shown, by the peer of each. */
const peers = (state: State): string[] =>
  [...frame(state).matchAll(/\d+ (\S+:\d+) +(?:EST|TW|CW)/g)].map(([, peer]) => peer!)

/** The peer of the row with the mark. */
const selected = (state: State): string | undefined => /▌\S+ +\d+ (\S+)/.exec(frame(state))?.[1]

const head = (state: State) => frame(state).split("\n")[3]!.replace(/─+/g, "─")

describe("moving through rows", () => {
  const many = () => watching(80, 24, crowd(40))

  test.each([
    ["down", ["down"], 1],
    ["down and up", ["down", "down", "up"], 1],
    ["up at the first row", ["up"], 0],
    ["a page", ["pagedown"], 13],
    ["a page with the bracket", ["]"], 13],
    ["two pages and one back", ["]", "]", "["], 13],
    ["end", ["end"], 39],
    ["past the end", ["end", "down"], 39],
    ["end and home", ["end", "home"], 0],
    ["the last page ends at the last row", ["]", "]", "]"], 39],
  ] as const)("%s", (_, chords, cursor) => {
    const { state, effects } = press(many(), ...chords)
    expect(top(state).cursor).toBe(cursor)
    expect(effects).toEqual([])
  })

  test("a page turns the whole window", () => {
    expect(head(many())).toContain("1-13 of 40")
    expect(head(press(many(), "]").state)).toContain("14-26 of 40")
    expect(head(press(many(), "]", "]").state)).toContain("27-39 of 40")
  })

  test.each([
    ["]", ["end"], "already at the last page"],
    ["pagedown", ["end"], "already at the last page"],
    ["[", [], "already at the first page"],
    ["pageup", [], "already at the first page"],
  ] as const)("%s at an end says so", (key, before, text) => {
    const state = press(many(), ...before).state
    expect(statusLine(state)).not.toContain(text)
    expect(statusLine(press(state, key).state)).toContain(text)
  })

  test("the word goes away by itself", () => {
    const state = press(many(), "[").state
    expect(statusLine(apply(state, { type: "clock/ticked", at: state.now + 3_999 }))).toContain("already")
    expect(statusLine(apply(state, { type: "clock/ticked", at: state.now + 4_000 }))).not.toContain("already")
  })
})

describe("the selection follows the row, not its number", () => {
  /** The same host with the traffic of two connections exchanged. */
  const exchanged: HostSpec = {
    connections: webServer.connections!.map((each) =>
      each.remote === "198.51.100.24:51822"
        ? { ...each, acked: 100_000_000 }
        : each.remote === "192.0.2.15:59788"
          ? { ...each, acked: 900_000_000 }
          : each,
    ),
  }

  test("through a look that puts it elsewhere", () => {
    const before = press(web(), "down", "down", "down").state
    expect([selected(before), top(before).cursor]).toEqual(["192.0.2.15:59788", 3])
    const after = look(before, exchanged)
    expect([selected(after), top(after).cursor]).toEqual(["192.0.2.15:59788", 0])
  })

  test("while nothing was selected, the first row stays the marked one", () => {
    const after = look(web(), exchanged)
    expect([selected(after), top(after).cursor]).toEqual(["192.0.2.15:59788", 0])
  })

  test("by peer too", () => {
    const before = press(web(), "g", "down").state
    expect(top(before).cursor).toBe(1)
    const rest = webServer.connections!.filter(({ remote }) => !remote!.startsWith("203.0.113.77"))
    expect(top(look(before, { connections: rest })).cursor).toBe(0)
  })

  test("a row that ended is not exchanged for its neighbour; arrows take the next one", () => {
    const before = press(web(), "down").state
    expect(selected(before)).toBe("203.0.113.77:40112")
    const without = { connections: webServer.connections!.filter(({ remote }) => remote !== "203.0.113.77:40112") }
    const gone = look(before, without)
    expect(frame(gone)).toContain("the selected row has ended")
    expect(selected(press(gone, "down").state)).toStartWith("[2001:db8")
    expect(selected(press(gone, "up").state)).toBe("198.51.100.24:51822")
  })

  test("and comes back when the row does", () => {
    const before = press(web(), "down").state
    const gone = look(before, { connections: [] })
    expect(selected(look(gone, webServer))).toBe("203.0.113.77:40112")
  })

  test("survives a look that could not read the sockets", () => {
    const before = press(web(), "down").state
    expect(selected(look(look(before, { failure: "EPERM" }), webServer))).toBe("203.0.113.77:40112")
  })
})

describe("which rows, in which order", () => {
  test("o changes the side, and the title says so", () => {
    const out = press(web(), "o").state
    expect(head(out)).toContain("Top Outgoing")
    expect(peers(out)).toEqual(["10.0.4.31:5432", "10.0.4.31:5432"])
    expect(head(press(out, "o").state)).toContain("Top Incoming")
  })

  test("o forgets a port, which means another end now", () => {
    const state = press(web(), "f", ..."443", "enter", "o").state
    expect(top(state).port).toBeUndefined()
  })

  test.each([
    ["bandwidth", [], "198.51.100.24:51822"],
    ["bandwidth, other order", ["B"], "192.0.2.15:59790"],
    ["bandwidth, there and back", ["B", "B"], "198.51.100.24:51822"],
    ["connections of the peer", ["C"], "203.0.113.77:40112"],
    ["port", ["P"], "198.51.100.9:50544"],
    ["port, other order", ["P", "P"], "192.0.2.15:59790"],
  ] as const)("sorted by %s", (_, chords, first) => expect(selected(press(web(), ...chords).state)).toBe(first))

  test.each([
    ["connections", [], "203.0.113.77"],
    ["connections, other order", ["C"], "2001:db8"],
    ["bandwidth", ["B"], "198.51.100.24"],
    ["port", ["P"], "198.51.100.9"],
  ] as const)("peers sorted by %s", (_, chords, first) => {
    const shown = /▌(\S+)/.exec(frame(press(web(), "g", ...chords).state))?.[1]
    expect(shown).toStartWith(first)
  })

  test("each view keeps its own order", () => {
    const state = press(web(), "P", "g").state
    expect(top(state).sorts).toEqual({
      connections: { field: "port", isDescending: true },
      groups: { field: "connections", isDescending: true },
      services: { field: "bandwidth", isDescending: true },
    })
  })

  test.each([
    ["a word", "sshd", 2],
    ["case does not matter", "SSHD", 2],
    ["a state", "time_wait", 3],
    ["an address", "198.51.100.31", 2],
    ["an endpoint", "198.51.100.31:47002", 1],
    ["several words", "nginx 203.0.113", 4],
    ["not a word", "!nginx", 3],
    ["some and not others", "nginx !time_wait !2001:", 5],
    ["nothing but blanks", "  ", 12],
  ])("finds %s", (_, words, found) => {
    const state = press(web(), "/", ...typed(words), "enter").state
    expect(top(state).rows!.listed.length).toBe(found)
  })

  test("finds by what is hidden by the mask", () => {
    const state = press(web(), "m", "/", ...typed("198.51.100.31"), "enter").state
    expect(top(state).rows!.listed.length).toBe(2)
  })

  test("f asks for one port; nothing typed is every port again", () => {
    const only = press(web(), "f", ..."22", "enter").state
    expect(peers(only)).toEqual(["192.0.2.15:59788", "192.0.2.15:59790"])
    expect(top(press(only, "f", "ctrl+u", "enter").state).port).toBeUndefined()
  })

  test.each(["0", "65536", "http", "-1", "4.4", "99999999"])("%s is no port, and the field stays open", (text) => {
    const { state } = press(web(), "f", ...text, "enter")
    expect(frame(state)).toContain("a port is a number from 1 to 65535")
    expect(top(state).port).toBeUndefined()
    expect(frame(press(state, "backspace").state)).not.toContain("a port is a number")
  })

  test("F clears both filters, and says when there is none", () => {
    const filtered = press(web(), "f", ..."443", "enter", "/", ..."nginx", "enter").state
    expect(top(press(filtered, "F").state).rows!.listed.length).toBe(12)
    expect(statusLine(press(web(), "F").state)).toContain("no filter is set")
  })

  test("Esc leaves a field and changes nothing", () => {
    const before = web()
    const after = press(before, "/", ..."zzz", "escape").state
    expect(top(after).search).toBe("")
    expect(frame(after)).toBe(frame(before))
  })

  test("an Esc that tmux glued to the next key is still an Esc", () => {
    expect(top(press(web(), "/", "alt+q").state).prompt).toBeUndefined()
    // and without something to leave, alt+q is not q
    expect(press(web(), "alt+q").effects).toEqual([])
  })

  test("a paste is text for the field that is open, and nothing without one", () => {
    const asking = press(web(), "/").state
    expect(top(apply(asking, actionForPaste(asking, "ssh\nq")!)).prompt?.field.text).toBe("sshq")
    expect(actionForPaste(web(), "q")).toBeUndefined()
  })

  test("while something is typed, keys are text", () => {
    const { state, effects } = press(web(), "/", ..."qpmz?")
    expect(effects).toEqual([])
    expect(top(state).prompt?.field.text).toBe("qpmz?")
  })
})

describe("display only", () => {
  test("no key but r and q asks anything of the world", () => {
    const chords = ["o", "g", "B", "C", "P", "s", "m", "z", "p", "p", "F", "tab", "shift+tab", "?", "escape", "[", "]"]
    const filters = ["/", "a", "enter", "f", "8", "0", "enter", "F", "up", "down", "home", "end", "pageup", "pagedown"]
    expect(press(web(), ...chords, ...filters).effects).toEqual([])
  })

  test("m hides and shows addresses, and leaves rows and selection as they are", () => {
    const before = press(web(), "down").state
    const masked = press(before, "m").state
    expect(frame(masked)).toContain("xxx.xxx.113.77:40112")
    expect(frame(masked)).not.toContain("203.0.113.77")
    expect(top(masked)).toBe(top(before))
    expect(frame(press(masked, "m").state)).toBe(frame(before))
  })
})

describe("pause", () => {
  test("drops a look that was under way, and says so", () => {
    const looking = apply(web(), { type: "look/due", at: web().now })
    const paused = press(looking, "p").state
    const after = apply(paused, collected({ connections: [] }, paused.sample, paused.now + 1))
    expect(after.model).toBe(paused.model)
    expect(after.isCollecting).toBe(false)
    expect(statusLine(after)).toMatch(/PAUSED rows and rates of 0s ago {2}p goes on/)
  })

  test("stops both lanes; p goes on", () => {
    const ticking = (state: State) => timers(state).map(({ id }) => id)
    expect(ticking(press(web(), "p").state)).toEqual(["clock"])
    expect(ticking(press(web(), "p", "p").state)).toEqual(["look", "lane"])
  })

  test("r looks once all the same, and what it saw is shown", () => {
    const { state, effects } = press(web(), "p", "r")
    expect(effects).toEqual([{ type: "look/collect" }])
    const after = apply(state, collected({ connections: [] }, state.sample, state.now + 10_000))
    expect(after.model).not.toBe(state.model)
    expect(after.isPaused).toBe(true)
  })

  test("r during a look asks for no second one", () => {
    expect(press(web(), "r", "r", "r").effects).toEqual([{ type: "look/collect" }])
  })
})

describe("panels", () => {
  test("Tab and Shift+Tab go round", () => {
    expect(press(web(), "tab").state.focus).toBe("system-health")
    expect(press(web(), "tab", "tab").state.focus).toBe("diagnosis")
    expect(press(web(), "tab", "tab", "tab").state.focus).toBe("top-connections")
    expect(press(web(), "shift+tab").state.focus).toBe("diagnosis")
  })

  test("a key of another panel says where it works", () => {
    expect(statusLine(press(web(), "s").state)).toContain("press Tab for System Health first")
    expect(statusLine(press(web(), "tab", "o").state)).toContain("press Tab for Top Incoming first")
  })

  test("z shows the focused panel alone; z and Esc go back", () => {
    const zoomed = press(watching(120, 24, webServer), "z").state
    expect(layout(zoomed).map(({ panel, area }) => [panel.id, area.width])).toEqual([["top-connections", 120]])
    expect(statusLine(zoomed)).toContain("ZOOMED")
    expect(press(zoomed, "z").state.isZoomed).toBe(false)
    expect(press(zoomed, "escape").state.isZoomed).toBe(false)
  })
})

describe("mouse", () => {
  const many = () => watching(80, 24, crowd(40))
  const at = (state: State, kind: "click" | "wheel-up" | "wheel-down", x: number, y: number) =>
    apply(state, ...actionsForMouse(state, { kind, x, y }))
  /** Line 2 is the frame, 3 the question, 4 the heading, 5 the first row: below two strips. */
  const FIRST_ROW = 5

  test("a click selects a row", () => {
    expect(top(at(many(), "click", 10, FIRST_ROW + 3)).cursor).toBe(3)
    const paged = press(many(), "]").state
    expect(top(at(paged, "click", 10, FIRST_ROW)).cursor).toBe(13)
  })

  test("the wheel scrolls three rows, and the selection stays in sight", () => {
    const scrolled = at(many(), "wheel-down", 10, 10)
    expect([top(scrolled).top, top(scrolled).cursor]).toEqual([3, 3])
    expect(top(at(scrolled, "wheel-up", 10, 10)).top).toBe(0)
    const untouched = many()
    expect(at(untouched, "wheel-up", 10, 10)).toBe(untouched)
  })

  test.each([
    ["RX/s", "bandwidth"],
    ["TX/s", "bandwidth"],
    ["LPORT", "port"],
    ["PEER", undefined],
  ] as const)("a click on %s sorts by %p", (title, field) => {
    const state = press(many(), "C").state
    const x = frame(state).split("\n")[FIRST_ROW]!.indexOf(title)
    const after = at(state, "click", x, FIRST_ROW - 1)
    expect(top(after).sorts.connections.field).toBe(field ?? "connections")
  })

  test("a click on CONNS sorts peers by connections, and again turns the order", () => {
    const state = press(many(), "g", "B").state
    const x = frame(state).split("\n")[FIRST_ROW]!.indexOf("CONNS")
    const once = at(state, "click", x, FIRST_ROW - 1)
    expect(top(once).sorts.groups).toEqual({ field: "connections", isDescending: true })
    expect(top(at(once, "click", x, FIRST_ROW - 1)).sorts.groups.isDescending).toBe(false)
  })

  test.each([
    ["the frame", 0, FIRST_ROW],
    ["below the last row", 10, 20],
    ["the status bar", 10, 23],
    ["outside", 500, 500],
  ])("a click on %s does nothing", (_, x, y) => {
    const state = watching(80, 24, { connections: webServer.connections!.slice(0, 3) })
    expect(at(state, "click", x, y)).toBe(state)
  })

  test("a click brings the focus to its panel", () => {
    const wide = watching(120, 24, webServer)
    expect(at(wide, "click", 110, 5).focus).toBe("system-health")
  })
})
