import { describe, expect, test } from "bun:test"
import { actionsForMouse } from "../../src/core/app/keymap.ts"
import type { State } from "../../src/core/app/state.ts"
import { apply, frame, look, overlayFrame, press, statusLine, watching } from "../support/host.ts"
import { webServer } from "../support/hosts.ts"

const opened = (width: number, height: number) => press(watching(width, height, webServer), "?").state
const first = (state: State) => state.slices.help.top

test("the keys of the focused panel first, then those of the program", () => {
  expect(overlayFrame(opened(80, 40))).toMatchInlineSnapshot(`
    "
    ┌─ Keys ────────────────────────────────────────────────────────── 1-37 of 53 ─┐
    │ Select                                                                       │
    │   ↑          Row above                                                       │
    │   ↓          Row below                                                       │
    │   PgUp [     Page back                                                       │
    │   PgDn ]     Page on                                                         │
    │   Home       First row                                                       │
    │   End        Last row                                                        │
    │                                                                              │
    │ Look                                                                         │
    │   Enter      All that is known of the selected row                           │
    │   o          Incoming or outgoing                                            │
    │   u          TCP, UDP or both                                                │
    │   g          By connection, or by peer and process                           │
    │                                                                              │
    │ Act                                                                          │
    │   k          Block the peer or end its connections                           │
    │                                                                              │
    │ Filter and sort                                                              │
    │   /          Find rows with words, without !words                            │
    │   f          Only one port                                                   │
    │   F          Clear both filters                                              │
    │   B          Sort by bandwidth; again: other order                           │
    │   C          Sort by connections of the peer                                 │
    │   P          Sort by port                                                    │
    │                                                                              │
    │ Screen                                                                       │
    │   2 Ctrl+2   Charts: bandwidth and more, by the second                       │
    │   v          Charts, and back                                                │
    │   3          To Top Connections                                              │
    │   4          To System Health                                                │
    │   5          To Diagnosis                                                    │
    │   Tab        Next panel                                                      │
    │   Shift+Tab  Previous panel                                                  │
    │   z          This panel alone, and back                                      │
    │   Esc        Leave the charts or the zoom                                    │
    │   p          Freeze the screen, and go on                                    │
    │   r          Look now, even if paused                                        │
    └──────────────────────────────────────────────────────────────────────────────┘
    "
  `)
})

test("at 60x15 it fits and says where it is", () => {
  expect(overlayFrame(opened(60, 15))).toMatchInlineSnapshot(`
    "
    ┌─ Keys ────────────────────────────────────── 1-12 of 53 ─┐
    │ Select                                                   │
    │   ↑          Row above                                   │
    │   ↓          Row below                                   │
    │   PgUp [     Page back                                   │
    │   PgDn ]     Page on                                     │
    │   Home       First row                                   │
    │   End        Last row                                    │
    │                                                          │
    │ Look                                                     │
    │   Enter      All that is known of the selected row       │
    │   o          Incoming or outgoing                        │
    │   u          TCP, UDP or both                            │
    └──────────────────────────────────────────────────────────┘
    "
  `)
})

test("only what works with the focus where it is", () => {
  const state = press(watching(80, 40, webServer), "tab", "?").state
  expect(frame(state)).toContain("Turn the order of connection states")
  expect(frame(state)).not.toContain("Incoming or outgoing")
  expect(frame(state)).toContain("Quit")
})

/** The first line of the last page at 60x15, from what the frame says of itself. */
const LAST = Number(/of (\d+)/.exec(overlayFrame(opened(60, 15)))![1]) - 12

describe("scrolls", () => {
  test.each([
    ["down", ["down"], 1],
    ["up again", ["down", "down", "up"], 1],
    ["not above the top", ["up"], 0],
    ["a page", ["pagedown"], 12],
    ["to the end", ["end"], LAST],
    ["not past the end", ["end", "down", "pagedown"], LAST],
    ["back to the top", ["end", "home"], 0],
  ] as const)("%s", (_, chords, top) => expect(first(press(opened(60, 15), ...chords).state)).toBe(top))

  test("with the wheel", () => {
    const state = opened(60, 15)
    const turned = apply(state, ...actionsForMouse(state, { kind: "wheel-down", x: 20, y: 5 }))
    expect(first(turned)).toBe(3)
    expect(turned.slices["top-connections"]).toBe(state.slices["top-connections"])
  })
})

describe("the search", () => {
  const searching = (...chords: string[]) => press(opened(80, 24), "/", ...chords).state

  test("shows what it finds while it is typed, by key, title or group", () => {
    const shown = overlayFrame(searching(..."sort"))
    expect(shown).toContain("Find: sort")
    expect(shown).toContain("Sort by bandwidth")
    expect(shown).toContain("Only one port")
    expect(shown).not.toContain("Row above")
  })

  test("keeps the words with Enter, gives them up with Esc, and the help stays open", () => {
    expect(searching(..."sort", "enter").slices.help).toEqual({ top: 0, search: "sort" })
    expect(searching(..."sort", "escape").slices.help).toEqual({ top: 0, search: "" })
    expect(searching(..."sort", "escape").overlays).toEqual(["help"])
    expect(searching(..."sort", "enter", "escape").overlays).toEqual([])
  })

  test("says so when nothing is found, and its frame does not move", () => {
    const nothing = searching(..."xyzzy")
    expect(overlayFrame(nothing)).toContain("no key does that here")
    expect(overlayFrame(nothing).split("\n").length).toBe(overlayFrame(opened(80, 24)).split("\n").length)
  })
})

test("a key that is refused here and now is not in it", () => {
  const dashboard = overlayFrame(opened(80, 200))
  expect(dashboard).not.toContain("1 Ctrl+1")
  const charts = overlayFrame(press(watching(80, 200, webServer), "v", "?").state)
  expect(charts).toContain("1 Ctrl+1")
  expect(charts).toContain("Lower chart")
  expect(charts).not.toContain("This panel alone")
  expect(charts).not.toContain("Incoming or outgoing")
})

describe("closes", () => {
  test.each(["escape", "?", "q", "enter"])("with %s, and nothing else happens", (chord) => {
    const { state, effects } = press(opened(80, 24), chord)
    expect(state.overlays).toEqual([])
    expect(effects).toEqual([])
  })

  test("and opens at its top again", () => {
    expect(first(press(opened(60, 15), "end", "escape", "?").state)).toBe(0)
  })

  test("Ctrl+C quits from inside", () => {
    expect(press(opened(80, 24), "ctrl+c").effects).toEqual([{ type: "program/quit", code: 0 }])
  })
})

test("takes every key while it is open", () => {
  const state = opened(80, 24)
  for (const chord of ["o", "g", "m", "p", "r", "z", "tab", "x"])
    expect(press(state, chord)).toEqual({ state, effects: [] })
  expect(statusLine(state)).toContain("Esc close")
})

test("looks go on behind it", () => {
  const state = look(opened(80, 24), { connections: [] })
  expect(state.overlays).toEqual(["help"])
  expect(state.slices["top-connections"].rows!.listed.length).toBe(0)
})
